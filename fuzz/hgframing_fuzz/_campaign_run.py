"""Owns the workers of one session: starts them, replaces those that die, and stops them.

Each worker is a process of its own (never libFuzzer's fork mode, which is slower than one process here): a decoder
that takes the whole interpreter down costs one worker a restart, and not the campaign.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

from collections.abc import Callable
from typing import Final

import msgspec

from hgframing_fuzz._campaign import CampaignDirectory, CampaignError, Identity
from hgframing_fuzz._campaign_worker import LoopOrder
from hgframing_fuzz._findings import RunSummary


__all__ = ["run_session"]

#: Seconds between two looks at the workers, and for them to end when they are told to.
_TICK: Final = 0.5
_PATIENCE: Final = 30.0
#: Deaths of workers that a session survives.
_MAX_DEATHS: Final = 50
#: A worker that dies sooner than this, in seconds, would die again.
_TOO_SOON: Final = 3.0

_Process = subprocess.Popen[bytes]


class _Session:
    """The workers that run, by number, and the orders that they have."""

    def __init__(
        self, directory: CampaignDirectory, identity: Identity, number: int, deadline: float
    ) -> None:
        self.running: dict[int, tuple[_Process, float]] = {}
        self._directory = directory
        self._identity = identity
        self._session = number
        self._deadline = deadline
        self._started = 0
        self._deaths = 0

    def start(self) -> None:
        """Start one more worker; every one has a number and a seed of its own."""
        number = self._started
        self._started += 1
        order = LoopOrder(
            target=self._identity.target,
            locator=self._identity.locator,
            directory=str(self._directory.path),
            seconds=max(0.1, self._deadline - time.monotonic()),
            seed=self._identity.seed * 1_000_003 + self._session * 1009 + number,
            session=self._session,
            number=number,
            parent=os.getpid(),
        )
        command = [
            sys.executable,
            "-m",
            "hgframing_fuzz._campaign_worker",
            msgspec.json.encode(order).decode(),
        ]
        with self._directory.log(self._session, number).open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 -- ours
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self.running[number] = process, time.monotonic()

    def reap(self) -> None:
        """Take away workers that ended, and replace those that died.

        Raises:
            CampaignError: they die as soon as they are started, or too often.
        """
        for number, (process, since) in list(self.running.items()):
            status = process.poll()
            if status is None:
                continue
            del self.running[number]
            if status == 0:
                continue
            self._deaths += 1
            if time.monotonic() - since < _TOO_SOON or self._deaths > _MAX_DEATHS:
                text = self._directory.log(self._session, number).read_text(
                    encoding="utf-8", errors="replace"
                )
                printed = "\n".join(f"  | {line}" for line in text.splitlines()[-15:])
                raise CampaignError(f"worker {number} ended with status {status}; it printed:\n{printed}")
            if time.monotonic() < self._deadline:
                self.start()

    def stop(self) -> None:
        """Tell all workers to end, and end those that do not."""
        for process, _ in self.running.values():
            process.terminate()
        limit = time.monotonic() + _PATIENCE
        for process, _ in self.running.values():
            try:
                process.wait(timeout=max(0.0, limit - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running.clear()


def run_session(
    directory: CampaignDirectory,
    identity: Identity,
    *,
    workers: int,
    seconds: float,
    on_progress: Callable[[RunSummary], None] = lambda _: None,
) -> RunSummary:
    """Run workers until the time is up or the user interrupts.

    Args:
        directory: of the campaign; what is there is gone on with.
        identity: what to fuzz.
        workers: how many processes, 1 or more.
        seconds: of wall time.
        on_progress: called every other second with what the whole campaign has done.

    Returns:
        What the whole campaign has done, earlier sessions included. A KeyboardInterrupt stops the workers and is not
        passed on.

    Raises:
        CampaignError: the directory holds another campaign, or the workers cannot work.
    """
    number = directory.begin(identity)
    session = _Session(directory, directory.identity() or identity, number, time.monotonic() + seconds)
    try:
        for _ in range(workers):
            session.start()
        while session.running:
            time.sleep(_TICK)
            session.reap()
            total = directory.total()
            if total is not None:
                on_progress(total)
    except KeyboardInterrupt:
        # Nothing is lost: the workers tell what they have done when they are stopped.
        session.stop()
    finally:
        session.stop()
    total = directory.total()
    if total is None:
        raise CampaignError("no worker told anything")
    directory.findings.write_summary(total)
    return total
