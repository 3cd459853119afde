"""How long each case takes on the reference, for those who choose cases by it."""

from __future__ import annotations

import time

from collections.abc import Iterable
from typing import Final

from hgframing_conformance._adapters import AdapterOptions
from hgframing_conformance._cases import Case
from hgframing_conformance._direct import DirectAdapter
from hgframing_conformance._locators import REFERENCE
from hgframing_conformance._run import Engine, RunOptions
from hgframing_conformance._select import items


__all__ = ["time_cases"]

#: How often each case is timed; the least counts.
_TIMES: Final = 3


def time_cases(cases: Iterable[Case]) -> dict[str, float]:
    """Time every case, all its chunkings, on the reference.

    Returns:
        Names, `id@revision`, and seconds.
    """
    adapter = DirectAdapter(REFERENCE.partition(":")[2], AdapterOptions())
    engine = Engine(adapter, RunOptions())
    seconds = {}
    for case in cases:
        least = float("inf")
        for _ in range(_TIMES):
            started = time.perf_counter()
            for _outcome in engine.run(items(case)):
                pass
            least = min(least, time.perf_counter() - started)
        seconds[f"{case.id}@{case.revision}"] = least
    return seconds
