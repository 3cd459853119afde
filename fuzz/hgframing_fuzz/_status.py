"""How far a campaign is, for people and for programs."""

from __future__ import annotations

import time

from collections.abc import Sequence
from typing import Final

import msgspec

from hgframing_fuzz._campaign import CampaignDirectory
from hgframing_fuzz._records import Ended, Record, Stint


__all__ = ["CampaignStatus", "EngineStatus", "WorkerStatus", "growth", "read_status", "status_lines"]

#: Seconds without anything new after which a campaign that runs is said to be on a plateau.
PLATEAU: Final = 600.0


class WorkerStatus(msgspec.Struct, frozen=True, rename="kebab"):
    """A worker that is running.

    Attributes:
        name: session and number.
        pid: its process.
        engine: what makes its inputs.
        rate: executions a second.
        executions: inputs run.
        seconds: how long it has run.
        quiet: seconds since it made progress.
        resident: octets of memory.
    """

    name: str
    pid: int
    engine: str
    rate: float
    executions: int
    seconds: float
    quiet: float
    resident: int


class EngineStatus(msgspec.Struct, frozen=True, rename="kebab"):
    """What one engine did, all sessions together.

    Attributes:
        engine: which one.
        stints: how often a worker ran it.
        seconds: how long.
        executions: inputs run.
        plateaus: how often it was changed because it saw nothing new.
    """

    engine: str
    stints: int
    seconds: float
    executions: int
    plateaus: int


class CampaignStatus(msgspec.Struct, frozen=True, rename="kebab"):
    """One target of a campaign.

    Attributes:
        target: the target's name.
        implementation: what is fuzzed, in its own words.
        locator: the same as it was named; empty outside of a campaign.
        seed: where choices start.
        sessions: how often it was started.
        seconds: its time, all sessions together.
        executions: inputs run.
        rate: executions a second now; 0 while nobody runs.
        features: transitions seen.
        branches: branches seen, as libFuzzer counts them; 0 where nobody counted.
        corpus: inputs kept.
        buckets: findings told apart.
        roots: their root causes.
        quiet: seconds since something new was kept or found; None: never.
        plateau: whether that is long, and somebody runs.
        deaths: workers that died or hung.
        unexplained: how many of these of no input.
        restarts: workers that had grown too large.
        disk: octets of all files.
        workers: those that run.
        engines: what each engine did.
    """

    target: str
    implementation: str
    locator: str
    seed: int
    sessions: int
    seconds: float
    executions: int
    rate: float
    features: int
    branches: int
    corpus: int
    buckets: int
    roots: int
    quiet: float | None
    plateau: bool
    deaths: int
    unexplained: int
    restarts: int
    disk: int
    workers: tuple[WorkerStatus, ...]
    engines: tuple[EngineStatus, ...]


def _worker(record: Record) -> WorkerStatus:
    stint = record.stint
    return WorkerStatus(
        name=stint.name,
        pid=record.pid,
        engine=stint.engine,
        rate=round(record.rate, 1),
        executions=stint.executions,
        seconds=stint.seconds,
        quiet=round(stint.seconds - stint.new, 1),
        resident=record.looks[-1].resident,
    )


def _engines(stints: Sequence[Stint]) -> tuple[EngineStatus, ...]:
    names = list(dict.fromkeys(stint.engine for stint in stints))
    return tuple(
        EngineStatus(
            engine=name,
            stints=len(mine),
            seconds=round(sum(stint.seconds for stint in mine), 1),
            executions=sum(stint.executions for stint in mine),
            plateaus=sum(stint.ended is Ended.PLATEAU for stint in mine),
        )
        for name in names
        for mine in [[stint for stint in stints if stint.engine == name]]
    )


def read_status(campaign: CampaignDirectory) -> CampaignStatus | None:
    """Read how far a campaign, or a run in one process, is.

    Returns:
        None where nobody has told anything yet.
    """
    summary = campaign.total() or campaign.findings.read_summary()
    if summary is None:
        return None
    identity, past = campaign.identity(), campaign.past()
    running = [_worker(record) for record in campaign.running()]
    stints = [*past.stints, *(record.stint for record in campaign.records())]
    last = campaign.last_new()
    quiet = None if last is None else round(max(0.0, time.time() - last), 1)
    return CampaignStatus(
        target=summary.target,
        implementation=summary.implementation,
        locator=identity.locator if identity else "",
        seed=summary.seed,
        sessions=len({stint.session for stint in stints}),
        seconds=summary.seconds,
        executions=summary.executions,
        rate=round(sum(worker.rate for worker in running), 1),
        features=summary.features,
        branches=max((stint.branches for stint in stints), default=0),
        corpus=len(campaign.corpus()),
        buckets=len(summary.buckets),
        roots=len({bucket.root for bucket in summary.buckets}),
        quiet=quiet,
        plateau=bool(running) and quiet is not None and quiet > PLATEAU,
        deaths=past.deaths,
        unexplained=past.unexplained,
        restarts=sum(stint.ended is Ended.MEMORY for stint in stints),
        disk=campaign.octets(),
        workers=tuple(running),
        engines=_engines(stints),
    )


def growth(status: CampaignStatus) -> str:
    """Say that workers grew, for people who want to know whether memory stays flat; empty: none did.

    One that has a corpus of thousands of inputs and instrumented code may. One that grows again and again keeps
    something from one input to the next, and what it drives may be what keeps it.
    """
    if not status.restarts:
        return ""
    workers = "1 worker was" if status.restarts == 1 else f"{status.restarts} workers were"
    return f"{workers} replaced because of memory: something may be kept from one input to the next"


def status_lines(status: CampaignStatus) -> list[str]:
    """How far it is, in lines of a name and a text."""
    running = f"{len(status.workers)} running, {status.rate:.0f} executions/s"
    rows = [
        ("target", f"{status.target}, {status.implementation}"),
        ("workers", running if status.workers else "none running"),
        *(("", _worker_line(worker)) for worker in status.workers),
        ("executions", f"{status.executions} in {status.seconds:.0f} s, session {status.sessions}"),
        *(("", _engine_line(engine)) for engine in status.engines),
        ("coverage", f"{status.features} transitions" + _branches(status.branches)),
        ("corpus", f"{status.corpus} inputs"),
        ("buckets", f"{status.buckets} of {status.roots} root causes"),
        ("last new", _ago(status.quiet) + (" (plateau)" if status.plateau else "")),
        (
            "deaths",
            f"{status.deaths}, {status.unexplained} of no input, and {status.restarts} restarts for memory",
        ),
        ("disk", f"{status.disk / 1024 / 1024:.1f} MiB"),
    ]
    return [f"{name:<12}{text}" for name, text in rows]


def _branches(count: int) -> str:
    return f", {count} branches" if count else ""


def _ago(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.0f} s ago"


def _worker_line(worker: WorkerStatus) -> str:
    return (
        f"{worker.name} {worker.engine}: {worker.rate:.0f}/s, {worker.executions} in {worker.seconds:.0f} s, "
        f"progress {worker.quiet:.0f} s ago, {worker.resident >> 20} MiB, process {worker.pid}"
    )


def _engine_line(engine: EngineStatus) -> str:
    return (
        f"{engine.engine}: {engine.executions} in {engine.seconds:.0f} s, {engine.stints} stints, "
        f"{engine.plateaus} plateaus"
    )
