"""How long vectors take to load: from YAML, from the compiled form, and with PyYAML alone for comparison.

    python bench/loading.py

The packaged cases of the core tier are multiplied to 5,000, each with lines of its own, so that none of their steps is
read for another. Every row is the best of several rounds.
"""

from __future__ import annotations

import itertools
import time

from collections.abc import Callable
from pathlib import Path

import msgspec
import yaml

import hgframing_vectors

from hgframing_conformance._cases import Case, Tier
from hgframing_conformance._compiled import compile_cases, load_compiled
from hgframing_conformance._suites import load_suites


ROUNDS = 7
CASES = 5000
#: Seconds that loading from the compiled form may take.
GOAL = 0.15


def best(work: Callable[[], object]) -> float:
    """Return the seconds of the fastest round."""
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def multiply(cases: tuple[Case, ...]) -> tuple[Case, ...]:
    """Repeat cases until there are enough; no two of the result have a step in common."""
    copies = enumerate(itertools.islice(itertools.cycle(cases), CASES))
    return tuple(
        msgspec.structs.replace(
            case,
            id=f"{case.id}-{number}",
            steps=tuple(
                msgspec.structs.replace(step, line=10_000 * number + step.line) for step in case.steps
            ),
        )
        for number, case in copies
    )


def main() -> None:
    """Print seconds per 5,000 cases, and their ratio to PyYAML's C loader."""
    # Not the package's own, which a wheel has compiled.
    suites = [Path(str(hgframing_vectors.root())) / "suites"]
    core = load_suites(suites, tiers={Tier.CORE})
    files = [file.read_bytes() for file in hgframing_vectors.suite_files().values()]
    scale = CASES / len(core)
    compiled = compile_cases(multiply(core))

    plain = best(lambda: [yaml.load(file, yaml.CSafeLoader) for file in files]) * scale
    strict = best(lambda: load_suites(suites, tiers={Tier.CORE})) * scale
    fast = best(lambda: load_compiled(compiled))

    for name, seconds in (
        ("PyYAML's C loader, unchecked", plain),
        ("load_suites, every check", strict),
        ("load_compiled", fast),
    ):
        print(f"{name:30} {seconds:7.3f} s for {CASES} cases   {seconds / plain:5.2f} of PyYAML")
    print(
        f"load_compiled: {'reached' if fast <= GOAL else 'MISSED'} (at most {GOAL} s); {len(compiled)} octets"
    )


if __name__ == "__main__":
    main()
