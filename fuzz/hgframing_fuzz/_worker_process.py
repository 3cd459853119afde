"""A worker as its owner sees it: a process that is told once what to do, and that leaves its books when it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec

from hgframing_fuzz._atheris_worker import BLIND
from hgframing_fuzz._blame import CodeUnderTest
from hgframing_fuzz._buckets import BucketTable
from hgframing_fuzz._campaign import CampaignDirectory
from hgframing_fuzz._deaths import Death, confirm, death_finding
from hgframing_fuzz._findings import RunSummary
from hgframing_fuzz._input import FuzzInput, decode_input
from hgframing_fuzz._order import Order
from hgframing_fuzz._records import Ended, Look, Record
from hgframing_fuzz._scratch import read_scratch


__all__ = ["Witness", "WorkerProcess"]

#: Lines of a log that an error shows.
_TAIL: Final = 15
#: Seconds that a worker may need for the input that it runs when its time is up, and to say where it is.
_PATIENCE: Final = 30.0
_LAST_WORD: Final = 2.0


class Witness(Protocol):
    """Who knows what a worker ran."""

    @property
    def code(self) -> CodeUnderTest | None:
        """Which code is blamed."""

    @property
    def describe(self) -> Callable[[FuzzInput], Sequence[str]]:
        """Says for people what is in an input."""


class WorkerProcess:
    """One worker.

    Args:
        order: what it is to do; it is started.
        directory: of the campaign.
        silence: seconds after which it is ended if it tells nothing.
    """

    def __init__(self, order: Order, directory: CampaignDirectory, silence: float) -> None:
        self.stint = order.stint
        self._order = order
        self._directory = directory
        self._silence = silence
        self._heard = time.monotonic()
        self._told = -1.0
        self._log = directory.log(order.stint.name)
        command = [
            sys.executable,
            "-m",
            "hgframing_fuzz._campaign_worker",
            msgspec.json.encode(order).decode(),
        ]
        # It appends, so that its owner can empty the file.
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 -- ours
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def poll(self) -> int | None:
        """Its exit status; None while it runs. One that has not told anything for too long is ended first."""
        status = self._process.poll()
        if status is not None:
            return status
        record = self._directory.record(self.stint.name)
        now = time.monotonic()
        if record is not None and record.stint.seconds != self._told:
            self._told = record.stint.seconds
            self._heard = now
        if now - self._heard > self._silence or now > self._order.until + _PATIENCE:
            return self._abort()
        return None

    def _abort(self) -> int:
        """End a worker that does not answer."""
        # Which prints where it is, even if that is a call into C (`faulthandler`).
        self._process.send_signal(signal.SIGABRT)
        try:
            return self._process.wait(timeout=_LAST_WORD)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def terminate(self) -> None:
        """Tell it to end."""
        self._process.terminate()

    def wait(self, seconds: float) -> int:
        """Wait until it has ended, and end it if it takes too long.

        Returns:
            Its exit status.
        """
        try:
            return self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return self._abort()

    def tail(self) -> str:
        """What it printed last."""
        return "\n".join(f"  | {line}" for line in self._printed().splitlines()[-_TAIL:])

    def _printed(self) -> str:
        try:
            return self._log.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""

    def close(self, status: int, witness: Witness) -> Record | None:
        """Close its books: what it told last, and if its last input ends another process too, the finding that this is.

        Args:
            status: how it ended.
            witness: who knows the code that it ran.

        Returns:
            What it did; None if it ended before it ran anything.
        """
        record = self._directory.record(self.stint.name)
        if status in {0, BLIND}:
            return record
        executions, octets = read_scratch(self._directory.scratch(self.stint.name))
        if not executions:
            return None
        record = self._stopped(record, executions)
        death = confirm(self._order, octets) if octets else None
        if death is None:
            ended = Ended.UNEXPLAINED
            self._directory.bury(self.stint.name)
        else:
            ended = Ended.HUNG if death.hung else Ended.DIED
            record = self._blame(record, death, octets, witness)
            # Whoever reads it from the corpus would die as well.
            self._directory.forget(octets)
        record = msgspec.structs.replace(record, stint=msgspec.structs.replace(record.stint, ended=ended))
        self._directory.tell(record)
        return record

    def _stopped(self, record: Record | None, executions: int) -> Record:
        """What a worker did up to its death, of which it told nothing any more."""
        order, now = self._order, time.time()
        if record is None:
            summary = RunSummary(order.target, "", self.stint.engine, self.stint.seed, 1, 0.0, 0, ())
            record = Record(self.stint, summary, (Look(now, 0.0, 1, 0),), self._process.pid)
        stint, summary = record.stint, record.summary
        seconds = round(max(stint.seconds, now - stint.started), 3)
        return msgspec.structs.replace(
            record,
            stint=msgspec.structs.replace(stint, seconds=seconds, executions=executions),
            summary=msgspec.structs.replace(summary, seconds=seconds, executions=executions),
        )

    def _blame(self, record: Record, death: Death, octets: bytes, witness: Witness) -> Record:
        """Make a finding of a death."""
        stint, summary = record.stint, record.summary
        finding = death_finding(death, engine=stint.engine, code=witness.code)
        table = BucketTable(self._order.target)
        bucket = table.add(finding, octets, seconds=stint.seconds, execution=stint.executions)
        if bucket is not None:
            self._directory.findings.save(bucket, witness.describe(decode_input(octets)))
        return msgspec.structs.replace(
            record,
            stint=msgspec.structs.replace(stint, buckets=stint.buckets + 1),
            summary=msgspec.structs.replace(
                summary, buckets=(*summary.buckets, *RunSummary.summarise(table))
            ),
        )
