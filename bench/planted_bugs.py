"""How long until the fuzzer finds a fault that is planted in a line of the reference's reactors.

    python bench/planted_bugs.py --count 40 --seconds 60 --jobs 2

What is planted is one statement in front of a line, of three kinds in turn, each of which an oracle notices wherever
the line is run:

    raise     raise IndexError                an exception escapes
    memory    64 MiB for nothing              more memory than the input may cost
    loop      while True                      more time than the input may cost

Lines are drawn by a seed from those that frames can reach: statements of the reactors' modules that the vectors run
while the reference receives octets or the end of the input (answers and calls of the local side do not count). Each
fault gets a copy of the reference in a directory of its own, and a fuzzer in a process of its own, which starts from
nothing: no corpus, no seeds, the engine `loop`, and ends with the first finding. Where both reactors reach the line,
each has half of the time. Nine of ten must be found.
"""

from __future__ import annotations

import argparse
import ast
import concurrent.futures
import contextlib
import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any, Final

import hgframing


__all__ = ["PLANTED", "Fault", "Found", "TracingHarness", "draw", "main", "plant", "statements"]

REFERENCE: Final = Path(hgframing.__file__).parent
MODULES: Final = ("_server", "_requests", "_answers", "_client", "_streams", "_settings")
LAYERS: Final = ("server", "client")

PLANTED: Final = {
    "raise": 'raise IndexError("planted")',
    "memory": "planted = b'\\x01' * (64 << 20)",
    "loop": "while True: pass",
}
_GOAL: Final = 0.9


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault.

    Attributes:
        module: the module's name, without its package.
        line: in front of which it is planted, from 1.
        kind: a key of `PLANTED`.
        layers: the reactors whose frames reach the line.
    """

    module: str
    line: int
    kind: str
    layers: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What became of it: seconds and inputs until the first finding, and what was said; none: not found."""

    fault: Fault
    seconds: float
    inputs: int
    finding: str


# Which lines frames can reach.


class TracingHarness:
    """The reference behind the harness protocol; notes the lines that run while it receives."""

    reached: Final[dict[str, set[tuple[str, int]]]] = {layer: set() for layer in LAYERS}

    def __init__(self) -> None:
        from hgframing_conformance._reference import ReferenceHarness  # noqa: PLC0415 -- not in the fuzzing process

        self._harness = ReferenceHarness()
        self._files = {str(REFERENCE / f"{name}.py"): name for name in MODULES}
        self._layer = LAYERS[0]
        step = self._harness._step  # noqa: SLF001 -- the one place that knows a step's verb

        def traced(layer: Any, asked: Mapping[str, Any]) -> Any:
            if asked.keys() & {"receive", "end-input"}:
                sys.settrace(self._enter)
            try:
                return step(layer, asked)
            finally:
                sys.settrace(None)

        self._harness._step = traced  # type: ignore[method-assign]  # noqa: SLF001

    def exchange(self, message: dict[str, Any]) -> dict[str, Any]:
        """Answer one message."""
        self._layer = message.get("layer", self._layer)
        return self._harness.exchange(message)

    def _enter(self, frame: FrameType, _event: str, _argument: object) -> Any:
        name = self._files.get(frame.f_code.co_filename)
        if name is None or self._layer not in self.reached:
            return None
        lines = self.reached[self._layer]

        def note(inner: FrameType, event: str, _argument: object) -> Any:
            if event == "line":
                lines.add((name, inner.f_lineno))
            return note

        return note


def statements(source: str) -> Iterator[int]:
    """Yield the lines of functions on which statements begin, without docstrings and what takes none before it."""
    lines = source.splitlines(keepends=True)
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if not isinstance(node, ast.stmt) or node is function or is_text:
                continue
            if _compiles("".join(_with_line(lines, node.lineno, "pass"))):
                yield node.lineno


def _with_line(lines: Sequence[str], number: int, statement: str) -> list[str]:
    before = lines[number - 1]
    indent = before[: len(before) - len(before.lstrip())]
    return [*lines[: number - 1], f"{indent}{statement}\n", *lines[number - 1 :]]


def _compiles(source: str) -> bool:
    try:
        compile(source, "planted", "exec")
    except SyntaxError:
        return False
    return True


def draw(count: int, seed: int, reached: Mapping[str, set[tuple[str, int]]]) -> list[Fault]:
    """Draw faults.

    Args:
        count: how many; fewer if there are fewer lines.
        seed: decides everything.
        reached: for each layer, modules and lines.
    """
    places = [
        (name, line)
        for name in MODULES
        for line in sorted(set(statements((REFERENCE / f"{name}.py").read_text(encoding="utf-8"))))
        if any((name, line) in lines for lines in reached.values())
    ]
    rng = Random(seed)  # noqa: S311 -- nothing here is a secret
    drawn = rng.sample(places, min(count, len(places)))
    kinds = list(PLANTED)
    return [
        Fault(
            module=name,
            line=line,
            kind=kinds[index % len(kinds)],
            layers=tuple(layer for layer in LAYERS if (name, line) in reached[layer]),
        )
        for index, (name, line) in enumerate(drawn)
    ]


# One fault in one process.


def plant(fault: Fault, directory: Path) -> None:
    """Write a copy of the reference with the fault in it."""
    copy = directory / "hgframing"
    shutil.copytree(REFERENCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    file = copy / f"{fault.module}.py"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(_with_line(lines, fault.line, PLANTED[fault.kind])), encoding="utf-8")


def _fuzz(layers: Sequence[str], seconds: float, seed: int) -> dict[str, Any]:
    """Fuzz one reactor after the other until something is found; what this process imports has the fault."""
    said: dict[str, Any] = {"seconds": 0.0, "inputs": 0, "finding": ""}
    for layer in layers:
        more = _fuzz_one(layer, seconds / len(layers), seed)
        said = {key: said[key] + more[key] for key in said}
        if said["finding"]:
            break
    return said


def _fuzz_one(layer: str, seconds: float, seed: int) -> dict[str, Any]:
    from hgframing_fuzz import BucketTable  # noqa: PLC0415 -- the parent must not import what is planted
    from hgframing_fuzz._guards import Guards  # noqa: PLC0415
    from hgframing_fuzz._loop import Budget, run_loop  # noqa: PLC0415
    from hgframing_fuzz.targets import TARGETS  # noqa: PLC0415

    name = f"{layer}-reactor"
    guards, rng, table = Guards(), Random(seed), BucketTable(name)  # noqa: S311
    bound = TARGETS[name].bind("reference", guards)

    def stop(_bucket: object) -> None:
        raise KeyboardInterrupt

    with guards:
        stats = run_loop(
            bound.target, bound.mutator(rng), rng, table, budget=Budget(seconds=seconds), on_bucket=stop
        )
    found = [bucket.key.id for bucket in table]
    return {"seconds": stats.seconds, "inputs": stats.executions, "finding": found[0] if found else ""}


def _try(fault: Fault, seconds: float, seed: int) -> Found:
    with tempfile.TemporaryDirectory(prefix="planted-") as temporary:
        plant(fault, Path(temporary))
        command = [sys.executable, __file__, "--child", ",".join(fault.layers), "--seconds", str(seconds)]
        environment = {**os.environ, "PYTHONPATH": temporary}
        done = subprocess.run(  # noqa: S603 -- this very script
            [*command, "--seed", str(seed)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=seconds + 120,
            check=False,
        )
    try:
        said = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        raise RuntimeError(f"{fault}: status {done.returncode}\n{done.stderr[-2000:]}") from None
    return Found(fault=fault, **said)


def _reached() -> Mapping[str, set[tuple[str, int]]]:
    """Run the vectors and say which lines frames have reached."""
    from hgframing_conformance.cli import main as check  # noqa: PLC0415

    sys.modules["planted_bugs"] = sys.modules[__name__]
    options = ["--quiet", "--jobs", "1", "--layer", "server", "--layer", "client", "--timeout", "60"]
    with contextlib.redirect_stdout(sys.stderr), contextlib.suppress(SystemExit):
        check(["check", "direct:planted_bugs:TracingHarness", *options])
    return TracingHarness.reached


def _report(found: Sequence[Found], seconds: float) -> Iterator[str]:
    for one in found:
        fault = one.fault
        place = f"{fault.module}.py:{fault.line}"
        what = one.finding or "NOT FOUND"
        where = f"{place:<22} {'/'.join(fault.layers):<14} {fault.kind:<7}"
        yield f"{where} {one.seconds:6.1f} s {one.inputs:>7} inputs  {what}"
    hits = sorted(one.seconds for one in found if one.finding)
    yield f"{len(hits)} of {len(found)} found within {seconds:g} s each"
    if hits:
        half, most = hits[(len(hits) - 1) // 2], hits[len(hits) * 9 // 10 - 1]
        yield f"half of those within {half:.1f} s, nine of ten of them within {most:.1f} s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 if fewer than nine of ten were found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=60.0, help="for each fault")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        print(json.dumps(_fuzz(options.child.split(","), options.seconds, options.seed)))
        return 0
    faults = draw(options.count, options.seed, _reached())
    start = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        found = list(pool.map(lambda fault: _try(fault, options.seconds, options.seed), faults))
    for line in _report(found, options.seconds):
        print(line)
    print(f"{time.perf_counter() - start:.0f} s in all, {options.jobs} at a time")
    return 0 if sum(bool(one.finding) for one in found) >= _GOAL * len(found) else 1


if __name__ == "__main__":
    sys.exit(main())
