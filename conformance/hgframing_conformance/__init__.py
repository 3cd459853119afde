"""The conformance suite: runs the vectors against an implementation and judges its answers.

`reference` is the embedded implementation under test, `direct:hgframing_conformance:reference`. It is imported only
when it is asked for, because pytest imports this package in every project that has it installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from hgframing_conformance._reference import ReferenceHarness


__all__ = ["reference"]


def reference() -> ReferenceHarness:
    """Make the reference's harness; what `hgframing check` attaches when it is told nothing else."""
    from hgframing_conformance._reference import ReferenceHarness  # noqa: PLC0415  # see above

    return ReferenceHarness()
