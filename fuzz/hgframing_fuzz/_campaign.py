"""A campaign: its directory, and what several workers and several sessions add up to.

    campaign.json               what is fuzzed; a campaign that is resumed goes on with the same
    corpus/<hash>               inputs that showed something new, shared by all workers and all engines
    <bucket>.bin, .txt          findings (`_findings`)
    curve.jsonl                 the campaign over time (`_curve`)
    past.json                   the workers that have ended: engine, seed, what they did and why they ended
    workers/<session>-<n>.json  what one worker does, replaced as a whole every few seconds
    workers/<session>-<n>.log   what it printed, which is nothing unless it died
    workers/<session>-<n>.input what it is running, in case that it dies of it
    deaths/                     what workers printed that died, where no input explains it
    stop                        whoever makes this file ends the session, as Ctrl-C does

Every file is written under another name and renamed, so that a campaign that is killed loses the last seconds of its
counters and nothing else. A campaign of several targets is a directory of such directories.

Disk is bounded: files of workers that have ended are folded into one, and of the corpus the largest inputs that
libFuzzer kept are left out when there are too many.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from hgframing_fuzz._findings import FindingsDirectory, RunSummary, write_whole
from hgframing_fuzz._records import Ended, Past, Record, combine, fold, shifted
from hgframing_fuzz._scratch import read_scratch


__all__ = [
    "MAX_CORPUS",
    "MAX_CORPUS_OCTETS",
    "CampaignDirectory",
    "CampaignError",
    "Identity",
    "campaigns_in",
]

#: Inputs of the corpus and their octets. Transitions are few thousand; what goes beyond comes from libFuzzer, which
#: keeps an input for how often it goes round a loop.
MAX_CORPUS: Final = 50_000
MAX_CORPUS_OCTETS: Final = 256 * 1024 * 1024
#: What is left of both when there was too much.
_LEFT: Final = 0.8
#: Characters of the names that we give. libFuzzer's are longer.
_NAME_SIZE: Final = 32
#: Seconds after which a worker that says nothing is not running.
_SILENCE: Final = 15.0
#: Octets that a worker may print before the beginning is left out.
_MAX_LOG: Final = 1024 * 1024
#: Files of deaths that no input explains.
_MAX_DEATHS: Final = 40


class CampaignError(Exception):
    """The workers cannot work; the message says why, with what one of them printed last."""


class OtherCampaignError(CampaignError):
    """The directory holds a campaign against something else."""


class Identity(msgspec.Struct, frozen=True):
    """What a campaign fuzzes.

    Attributes:
        target: the target's name.
        locator: the implementation.
        seed: where choices start; each worker of each session derives its own.
    """

    target: str
    locator: str
    seed: int


class CampaignDirectory:
    """Where a campaign lives.

    Args:
        path: the directory; it is made.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.findings = FindingsDirectory(path)
        self.curve = path / "curve.jsonl"
        self.corpus_path = path / "corpus"
        self._workers = path / "workers"
        self._deaths = path / "deaths"
        self._identity = path / "campaign.json"
        self._past = path / "past.json"
        self._count = 0

    def begin(self, identity: Identity) -> int:
        """Begin a session.

        Args:
            identity: what is to be fuzzed; the seed of an earlier session stays.

        Returns:
            The session's number, from 1.

        Raises:
            OtherCampaignError: the directory holds a campaign against something else.
        """
        earlier = self.identity()
        if earlier is not None and (earlier.target, earlier.locator) != (identity.target, identity.locator):
            raise OtherCampaignError(
                f"{self.path} holds a campaign of {earlier.target} against {earlier.locator}"
            )
        self.corpus_path.mkdir(exist_ok=True)
        self._workers.mkdir(exist_ok=True)
        if earlier is None:
            write_whole(self._identity, msgspec.json.encode(identity))
        # What a session that was killed left half written.
        for directory in (self.path, self.corpus_path, self._workers):
            for part in directory.glob("*.part-*"):
                part.unlink(missing_ok=True)
        left = self.records()
        for record in left:
            if record.stint.ended is Ended.RUNNING:
                # Whether it was killed with its owner or by its input nobody knows: whoever reads it next will see.
                _, last = read_scratch(self.scratch(record.stint.name))
                if last:
                    self.keep(last)
                self.tell(
                    msgspec.structs.replace(
                        record, stint=msgspec.structs.replace(record.stint, ended=Ended.LOST)
                    )
                )
        self.fold([record.stint.name for record in left])
        for file in self._workers.iterdir():
            file.unlink()
        past = self.past()
        return 1 + max((stint.session for stint in past.stints), default=0)

    def identity(self) -> Identity | None:
        """What is fuzzed; None where there is no campaign."""
        try:
            return msgspec.json.decode(self._identity.read_bytes(), type=Identity)
        except (OSError, msgspec.DecodeError):
            return None

    def corpus(self, known: Iterable[str] = ()) -> list[Path]:
        """The inputs that are there and not known yet, by name."""
        try:
            names = set(os.listdir(self.corpus_path))  # noqa: PTH208 -- names alone, every other second
        except FileNotFoundError:
            return []
        self._count = len(names)
        return [self.corpus_path / name for name in sorted(names.difference(known)) if ".part-" not in name]

    def keep(self, octets: bytes) -> str:
        """Add an input to the corpus, unless that is full.

        Returns:
            Its name.
        """
        name = hashlib.sha256(octets).hexdigest()[:_NAME_SIZE]
        path = self.corpus_path / name
        if self._count < MAX_CORPUS and not path.exists():
            write_whole(path, octets)
            self._count += 1
        return name

    def forget(self, octets: bytes) -> None:
        """Take an input out of the corpus, whoever put it there: it kills whoever reads it."""
        for digest in (hashlib.sha256(octets).hexdigest()[:_NAME_SIZE], hashlib.sha1(octets).hexdigest()):  # noqa: S324 -- libFuzzer's name of it
            (self.corpus_path / digest).unlink(missing_ok=True)

    def thin(self, *, entries: int = MAX_CORPUS, octets: int = MAX_CORPUS_OCTETS) -> int:
        """Leave out inputs if there are too many: those that libFuzzer kept first, the largest first.

        Args:
            entries: how many there may be.
            octets: how many octets they may have.

        Returns:
            How many were left out.
        """
        sizes: list[tuple[bool, int, Path]] = []
        for path in self.corpus():
            with contextlib.suppress(FileNotFoundError):
                sizes.append((len(path.name) != _NAME_SIZE, path.stat().st_size, path))
        count, size = len(sizes), sum(one for _, one, _ in sizes)
        if count <= entries and size <= octets:
            return 0
        gone = 0
        for _, one, path in sorted(sizes, reverse=True):
            if count - gone <= entries * _LEFT and size <= octets * _LEFT:
                break
            path.unlink(missing_ok=True)
            gone += 1
            size -= one
        return gone

    def log(self, name: str) -> Path:
        """What a worker prints."""
        return self._workers / f"{name}.log"

    def scratch(self, name: str) -> Path:
        """What a worker is running."""
        return self._workers / f"{name}.input"

    def bury(self, name: str) -> None:
        """Keep what a worker printed and was running, if it died and nobody knows why; of the last few."""
        self._deaths.mkdir(exist_ok=True)
        for file in (self.log(name), self.scratch(name)):
            if file.exists():
                file.replace(self._deaths / file.name)
        for file in sorted(self._deaths.iterdir(), key=lambda path: path.stat().st_mtime)[:-_MAX_DEATHS]:
            file.unlink()

    def trim_logs(self) -> None:
        """Leave out what workers that print without end have printed."""
        for path in self._workers.glob("*.log"):
            if path.stat().st_size > _MAX_LOG:
                # The worker appends: what it prints next stands at the beginning.
                os.truncate(path, 0)

    def tell(self, record: Record) -> None:
        """Write what a worker has done."""
        write_whole(self._workers / f"{record.stint.name}.json", msgspec.json.encode(record))

    def record(self, name: str) -> Record | None:
        """What a worker has told; None where it has told nothing."""
        try:
            return msgspec.json.decode((self._workers / f"{name}.json").read_bytes(), type=Record)
        except (OSError, msgspec.DecodeError):
            return None

    def records(self) -> list[Record]:
        """What workers have told that are not among the past ones, in their order."""
        folded = {stint.name for stint in self.past().stints}
        names = [path.stem for path in self._workers.glob("*.json") if path.stem not in folded]
        found = [record for record in map(self.record, names) if record is not None]
        return sorted(found, key=lambda record: (record.stint.session, record.stint.number))

    def running(self) -> list[Record]:
        """The workers that have told something a moment ago."""
        now = time.time()
        return [
            record
            for record in self.records()
            if record.stint.ended is Ended.RUNNING and now - record.looks[-1].time < _SILENCE
        ]

    def past(self) -> Past:
        """The workers that have ended."""
        try:
            return msgspec.json.decode(self._past.read_bytes(), type=Past)
        except (OSError, msgspec.DecodeError):
            return Past()

    def fold(self, names: Iterable[str]) -> None:
        """Count workers that have ended among the past ones, and remove their files.

        Args:
            names: of workers that do not run any more.
        """
        records = [record for record in map(self.record, names) if record is not None]
        write_whole(self._past, msgspec.json.encode(fold(self.past(), records)))
        for record in records:
            for suffix in ("json", "log", "input"):
                (self._workers / f"{record.stint.name}.{suffix}").unlink(missing_ok=True)

    def total(self) -> RunSummary | None:
        """All workers of all sessions; None where none has told anything yet."""
        past, records, identity = self.past(), self.records(), self.identity()
        total = combine([*([past.total] if past.total else []), *map(shifted, records)])
        if total is None or identity is None:
            return None
        engines = dict.fromkeys(
            stint.engine for stint in (*past.stints, *(record.stint for record in records))
        )
        return msgspec.structs.replace(
            total,
            implementation=total.implementation or identity.locator,
            seed=identity.seed,
            engine=" + ".join(engines),
        )

    def last_new(self) -> float | None:
        """When something new was last seen, in seconds since the epoch: a kept input or a finding."""
        times = []
        for path in (*self.corpus(), *self.findings.inputs()):
            with contextlib.suppress(FileNotFoundError):
                times.append(path.stat().st_mtime)
        return max(times, default=None)

    @property
    def stop(self) -> Path:
        """The file that ends a session."""
        return self.path / "stop"

    def octets(self) -> int:
        """Octets of all files; what a sparse file does not have does not count."""
        size = 0
        for directory in (self.path, self.corpus_path, self._workers, self._deaths):
            with contextlib.suppress(FileNotFoundError), os.scandir(directory) as entries:
                for entry in entries:
                    with contextlib.suppress(FileNotFoundError):
                        status = entry.stat()
                        size += min(status.st_size, status.st_blocks * 512) if entry.is_file() else 0
        return size


def campaigns_in(path: Path) -> list[CampaignDirectory]:
    """The campaigns of a directory: itself, or one for each target below it.

    Args:
        path: a directory that exists.

    Returns:
        At least one; the directory itself where there is no campaign at all.
    """
    below = sorted(file.parent for file in path.glob("*/campaign.json"))
    if (path / "campaign.json").exists() or not below:
        return [CampaignDirectory(path)]
    return [CampaignDirectory(directory) for directory in below]
