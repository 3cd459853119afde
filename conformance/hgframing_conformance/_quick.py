"""The quick set, `quick.txt`: few cases, chosen by measurement, that notice nearly all that all cases notice.

    client-abandon@0006
    server-data-after-request@0005

One name, `id@revision`, a line. `hgframing strength --quick` writes it, `--tier quick` runs it: for pull requests,
where seconds count. A name that no case has any more means nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import hgframing_vectors


__all__ = ["read_quick", "write_quick"]

_FILE: Final = "quick.txt"
_HEAD: Final = "# Written by `hgframing strength --quick`; do not edit.\n"


def read_quick() -> frozenset[str]:
    """Read the quick set that ships: names of cases, `id@revision`; without a file there are none."""
    file = hgframing_vectors.root().joinpath(_FILE)
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else ()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def write_quick(path: Path, names: Iterable[str]) -> None:
    """Write a quick set, sorted."""
    path.write_text(_HEAD + "".join(f"{name}\n" for name in sorted(names)), encoding="utf-8")
