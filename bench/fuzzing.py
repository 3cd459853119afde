"""What the fuzzer costs, as ratios taken side by side in one run.

    PYTHONPATH=implementations/mercurial python bench/fuzzing.py [--quick]

    driver       a loop of a few lines over Mercurial's reactor, and the same inputs through driver, guards, oracles and
                 buckets: what of the bare loop's executions a second is lost (figure: at most 30 %)
    workers      one worker of a campaign and two: executions a second of wall time, which a busy machine spoils, and
                 executions per second of CPU, which says whether the workers cost each other anything (figure: 1.8)
    atheris      the same inputs with nothing instrumented, with the light engine's share, and with everything

Inputs are those that the generator loop really runs, from a fixed seed, without those that take more than 20 ms (bombs,
which both sides would only measure the allocator with). The sides take turns for several rounds, and the best time of
each input counts: what else the machine does falls on a round, not on an input. The driver's figure is the median of
several processes, which differ by more than that. Without Mercurial, and without atheris, what needs them is left out.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib.util
import io
import resource
import statistics
import subprocess
import sys
import tempfile
import time

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import hgframing_fuzz._atheris_engine as atheris_engine

from hgframing import REVISIONS
from hgframing_fuzz import BucketTable
from hgframing_fuzz._campaign import CampaignDirectory, Identity
from hgframing_fuzz._campaign_run import Field, Plan, run_session
from hgframing_fuzz._client_session import calls_of
from hgframing_fuzz._drive import choose_answer
from hgframing_fuzz._engines import Engine
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import Delivery, FuzzInput, encode_input, encoded_size, wire_chunks
from hgframing_fuzz._loop import Budget, run_loop
from hgframing_fuzz._outcome import Outcome
from hgframing_fuzz._spec import BoundTarget
from hgframing_fuzz._stack import call_with_room
from hgframing_fuzz.targets import TARGETS


REVISION = REVISIONS["0006"]
SLOW = 0.02

Run = Callable[[FuzzInput], object]


class Recorder:
    """A target that keeps what it is given."""

    def __init__(self, bound: BoundTarget) -> None:
        self.name = bound.target.name
        self.inputs: list[FuzzInput] = []
        self._check = bound.target.check

    def check(self, value: FuzzInput) -> Outcome:
        """Run it, and keep it if it is quick."""
        started = time.process_time()
        outcome = self._check(value)
        if time.process_time() - started < SLOW:
            self.inputs.append(value)
        return outcome


def inputs_of(bound: BoundTarget, count: int) -> list[FuzzInput]:
    """What the loop runs once it has warmed up."""
    recorder, rng = Recorder(bound), Random(1)  # noqa: S311
    budget = Budget(executions=count + count // 2)
    run_loop(recorder, bound.mutator(rng), rng, BucketTable(recorder.name), budget=budget)
    return recorder.inputs[-count:]


def side_by_side(runs: Sequence[Run], inputs: Sequence[FuzzInput], rounds: int) -> list[float]:
    """Microseconds for an input, from the best time of each input; the sides take turns."""
    best = [[float("inf")] * len(inputs) for _ in runs]
    gc.collect()
    gc.freeze()

    def take_turns() -> None:
        for _ in range(rounds):
            for run, times in zip(runs, best, strict=True):
                time_each(run, inputs, times)

    call_with_room(take_turns)
    gc.unfreeze()
    return [sum(times) / len(inputs) * 1e6 for times in best]


def time_each(run: Run, inputs: Sequence[FuzzInput], best: list[float]) -> None:
    """Run each input and keep its seconds where they are fewer than before."""
    clock = time.perf_counter
    for index, value in enumerate(inputs):
        started = clock()
        run(value)
        seconds = clock() - started
        best[index] = min(best[index], seconds)


def bare_server() -> Run:
    """Mercurial's server in a loop of a few lines; commands are answered as the driver answers them."""
    from fuzz_subject import _RESPONSES  # noqa: PLC0415 -- Mercurial is optional
    from mercurial import ui as uimod  # noqa: PLC0415
    from mercurial import wireprotoframing as wire  # noqa: PLC0415

    ui = uimod.ui.load()

    def answer(reactor: Any, stream: Any, value: FuzzInput, request: int) -> None:
        chosen = choose_answer(value.options, request)
        if chosen is None:
            return
        if not chosen.fail:
            objects = iter(_RESPONSES[chosen.seed % len(_RESPONSES)])
            action = reactor.oncommandresponsereadyobjects(stream, request, objects)
        elif chosen.seed % 2:
            action = reactor.oncommanderror(stream, request, b"failed")
        else:
            action = reactor.onservererror(stream, request, b"failed")
        send(*action)

    def send(name: bytes, meta: dict[bytes, Any]) -> None:
        if name == b"sendframes":
            for _ in meta[b"framegen"]:
                pass

    def play(value: FuzzInput) -> None:
        reactor, stream = wire.serverreactor(ui, deferoutput=value.options.defer_output), None
        for chunk in wire_chunks(value, REVISION.header, Delivery.FRAME):
            source = io.BytesIO(chunk)
            while source.tell() < len(chunk):
                name, meta = reactor.onframerecv(wire.readframe(source))
                if name == b"error":
                    break
                if name == b"runcommand" and value.options.answers & 3:
                    stream = stream or reactor.makeoutputstream()
                    answer(reactor, stream, value, meta[b"requestid"])
        if value.options.ends:
            send(*reactor.oninputeof())

    return shielded(play)


def bare_client() -> Run:
    """Mercurial's client in a loop of a few lines."""
    from mercurial import ui as uimod  # noqa: PLC0415 -- Mercurial is optional
    from mercurial import wireprotoframing as wire  # noqa: PLC0415

    ui = uimod.ui.load()
    offered = [b"zstd-8mb", b"zlib", b"identity"]

    def play(value: FuzzInput) -> None:
        reactor = wire.clientreactor(
            ui, hasmultiplesend=True, buffersends=False, clientcontentencoders=offered
        )
        for _ in range(calls_of(value.options, REVISION)):
            for _ in reactor.callcommand(b"c", {})[2][b"framegen"]:
                pass
        for chunk in wire_chunks(value, REVISION.header, Delivery.FRAME):
            source = io.BytesIO(chunk)
            while source.tell() < len(chunk):
                if reactor.onframerecv(wire.readframe(source))[0] == b"error":
                    break

    return shielded(play)


def shielded(play: Run) -> Run:
    """What an input raises ends the input, as in any fuzzer's loop."""

    def run(value: FuzzInput) -> None:
        with contextlib.suppress(Exception):
            play(value)

    return run


def driven(bound: BoundTarget) -> Run:
    """The same through everything that a worker does with an input, writing it down excepted."""
    table, check = BucketTable(bound.target.name), bound.target.check

    def run(value: FuzzInput) -> None:
        finding = check(value).finding
        if finding is not None and not table.count(finding, encoded_size(value)):
            table.add(finding, encode_input(value), seconds=0.0, execution=1)

    return run


def measure_driver(side: str, count: int, rounds: int) -> None:
    """Bare and driven, microseconds for an input, for the process that asks."""
    bare = {"server": bare_server, "client": bare_client}[side]
    guards = Guards()
    bound = TARGETS[f"{side}-reactor"].bind(f"direct:fuzz_subject:{side}", guards)
    with guards:
        inputs = inputs_of(bound, count)
        ours, theirs = side_by_side([driven(bound), bare()], inputs, rounds)
    print(f"{theirs} {ours}")


def report_driver(side: str, options: Sequence[str], processes: int) -> None:
    """The median of several processes: where a process happens to have its objects decides on a tenth of its speed."""
    command = [sys.executable, __file__, "--driver", side, *options]
    runs = []
    for _ in range(processes):
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
        runs.append(tuple(map(float, done.stdout.split())))
    lost = sorted(1 - theirs / ours for theirs, ours in runs)
    theirs, ours = (statistics.median(column) for column in zip(*runs, strict=True))
    print(
        f"driver, Mercurial's {side}: bare {theirs:.1f} µs, driven {ours:.1f} µs an input: "
        f"{statistics.median(lost):.0%} of the executions a second are lost "
        f"({lost[0]:.0%} to {lost[-1]:.0%} in {processes} processes)"
    )


def campaign(workers: int, seconds: float) -> tuple[float, float]:
    """Executions a second of wall time and of CPU, of a campaign on the reference."""
    with tempfile.TemporaryDirectory() as directory:
        field = Field(
            directory=CampaignDirectory(Path(directory)),
            identity=Identity("server-reactor", "reference", 1),
            engines=(Engine.LOOP,),
            describe=lambda _: [],
            code=None,
        )
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run_session(Path(directory), [field], Plan(workers=workers, seconds=seconds))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        stints = field.directory.past().stints
    executions = sum(stint.executions for stint in stints)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return executions / max(stint.seconds for stint in stints), executions / spent


def measure_workers(seconds: float) -> None:
    """One and two."""
    wall, cpu = zip(campaign(1, seconds), campaign(2, seconds), strict=True)
    print(
        f"workers: one {wall[0]:.0f}/s, two {wall[1]:.0f}/s: {wall[1] / wall[0]:.2f} times by the clock; "
        f"an input costs {cpu[0] / cpu[1]:.2f} times the CPU ({2 * cpu[1] / cpu[0]:.2f} times on two free cores)"
    )


def measure_atheris(locator: str, mode: str, count: int, rounds: int) -> None:
    """In a process of its own: what was instrumented stays so."""
    import atheris  # noqa: PLC0415 -- optional

    guards = Guards(slowdown=12.0)
    bound = TARGETS["server-reactor"].bind(locator, guards)
    with guards:
        inputs = inputs_of(bound, count)
        [plain] = side_by_side([driven(bound)], inputs, rounds)
        light = mode == "light"
        instrument = atheris_engine._branches_alone if light else atheris.instrument_func  # noqa: SLF001
        atheris_engine._instrument(bound, instrument, light=light)  # noqa: SLF001
        [slow] = side_by_side([driven(bound)], inputs, rounds)
    print(
        f"atheris, {bound.subject.name}, {mode}: {plain:.1f} µs an input became {slow:.1f} µs: "
        f"{plain / slow:.2f} of the executions a second"
    )


def main() -> None:
    """Measure all of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer inputs and rounds, and no campaigns")
    parser.add_argument("--driver", choices=["server", "client"], help=argparse.SUPPRESS)
    parser.add_argument("--atheris", choices=["light", "full"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    count, rounds = (500, 2) if arguments.quick else (4000, 5)
    has_mercurial = all(importlib.util.find_spec(name) for name in ("mercurial", "fuzz_subject"))
    locator = "direct:fuzz_subject:server" if has_mercurial else "reference"
    if arguments.driver:
        measure_driver(arguments.driver, count, rounds)
        return
    if arguments.atheris:
        measure_atheris(locator, arguments.atheris, count // 2, rounds)
        return
    quick = ["--quick"] if arguments.quick else []
    if has_mercurial:
        for side in ("server", "client"):
            report_driver(side, quick, 2 if arguments.quick else 7)
    else:
        print("driver: left out, Mercurial and fuzz_subject cannot be imported")
    if importlib.util.find_spec("atheris"):
        for mode in ("light", "full"):
            subprocess.run([sys.executable, __file__, "--atheris", mode, *quick], check=True)  # noqa: S603
    if not arguments.quick:
        measure_workers(20.0)


if __name__ == "__main__":
    main()
