"""What a target consists of, so that engines and commands need not know any.

Binding a spec to a locator gives everything that an engine asks for: something to run inputs against and
something that makes them.
"""

from __future__ import annotations

import dataclasses

from collections.abc import Callable
from random import Random

from hgframing import Revision
from hgframing_fuzz._drive import choose_revision
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import FuzzInput
from hgframing_fuzz._mutate import Mutator
from hgframing_fuzz._outcome import Target
from hgframing_fuzz._subjects import Side, Subject, load_subject, revision_codes


__all__ = ["BoundTarget", "TargetSpec"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TargetSpec:
    """One kind of thing to fuzz.

    Attributes:
        name: in kebab-case, after what it drives.
        summary: one sentence for `hgframing-fuzz targets`.
        make: makes the target for a subject, watched by guards.
        make_mutator: makes what generates and mutates inputs, for some revision octets.
        side: which reactor of an implementation is attached.
    """

    name: str
    summary: str
    make: Callable[[Subject, Guards], Target]
    make_mutator: Callable[[tuple[int, ...], Random], Mutator]
    side: Side = Side.SERVER

    def bind(self, locator: str, guards: Guards) -> BoundTarget:
        """Attach an implementation.

        Args:
            locator: see `load_subject`.
            guards: what watches time and memory.

        Raises:
            LocatorError: the locator is none.
            SetupError: the implementation cannot be attached.
        """
        subject = load_subject(locator, self.side)
        return BoundTarget(spec=self, subject=subject, target=self.make(subject, guards))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BoundTarget:
    """A target with its implementation.

    Attributes:
        spec: which kind.
        subject: what is fuzzed.
        target: what inputs are run against.
    """

    spec: TargetSpec
    subject: Subject
    target: Target

    def mutator(self, rng: Random) -> Mutator:
        """Make what makes inputs."""
        return self.spec.make_mutator(revision_codes(self.subject), rng)

    def revision(self, value: FuzzInput) -> Revision:
        """The revision that an input is driven with."""
        return choose_revision(value.options, self.subject.revisions)
