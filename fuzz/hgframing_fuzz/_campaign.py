"""A campaign: its directory, and what several workers and several sessions add up to.

    campaign.json               what is fuzzed; a campaign that is resumed goes on with the same
    corpus/<hash>               inputs that showed something new, shared by all workers and both engines
    <bucket>.bin, .txt          findings (`_findings`)
    workers/<session>-<n>.json  what one worker did, replaced as a whole every few seconds
    workers/<session>-<n>.jsonl the same over time: a line for each look, for curves
    workers/<session>-<n>.log   what it printed, which is nothing unless it died

Every file is written under another name and renamed, so that a campaign that is killed loses the last seconds of its
counters and nothing else. Counters of the workers of one session are added side by side, sessions one after the other.
"""

from __future__ import annotations

import hashlib
import re
import time

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from hgframing_fuzz._findings import BucketSummary, FindingsDirectory, RunSummary, write_whole


__all__ = ["CampaignDirectory", "CampaignError", "Identity", "Look", "side_by_side"]

_NAME: Final = re.compile(r"(\d+)-(\d+)\.json")
#: Files of the corpus. Transitions are few thousand; more than this is a feature that never repeats, and a full disk.
_MAX_CORPUS: Final = 50_000
#: Seconds after which a worker that says nothing is not running.
_SILENCE: Final = 15.0


class CampaignError(Exception):
    """The directory holds another campaign, or none."""


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


class Look(msgspec.Struct, frozen=True):
    """One worker at one moment.

    Attributes:
        time: seconds since the epoch.
        seconds: since the worker started.
        executions: inputs run.
        kept: inputs in its corpus.
        features: transitions seen.
        buckets: findings told apart.
        resident: octets of memory that it has.
    """

    time: float
    seconds: float
    executions: int
    kept: int
    features: int
    buckets: int
    resident: int


def side_by_side(parts: Sequence[RunSummary]) -> RunSummary:
    """Add what ran at the same time.

    Args:
        parts: at least one.
    """
    first = parts[0]
    buckets: dict[str, BucketSummary] = {}
    for bucket in (bucket for part in parts for bucket in part.buckets):
        known = buckets.get(bucket.id)
        if known is None:
            buckets[bucket.id] = bucket
            continue
        shorter = bucket if len(bucket.octets) < len(known.octets) else known
        earlier = bucket if bucket.first_seconds < known.first_seconds else known
        buckets[bucket.id] = msgspec.structs.replace(
            shorter,
            count=known.count + bucket.count,
            first_seconds=earlier.first_seconds,
            first_execution=earlier.first_execution,
        )
    return msgspec.structs.replace(
        first,
        executions=sum(part.executions for part in parts),
        seconds=max(part.seconds for part in parts),
        features=max(part.features for part in parts),
        buckets=tuple(sorted(buckets.values(), key=lambda bucket: bucket.first_seconds)),
    )


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
        self._corpus = path / "corpus"
        self._workers = path / "workers"
        self._identity = path / "campaign.json"

    def begin(self, identity: Identity) -> int:
        """Begin a session.

        Args:
            identity: what is to be fuzzed; the seed of an earlier session stays.

        Returns:
            The session's number, from 1.

        Raises:
            CampaignError: the directory holds a campaign against something else.
        """
        self._corpus.mkdir(exist_ok=True)
        self._workers.mkdir(exist_ok=True)
        earlier = self.identity()
        if earlier is None:
            write_whole(self._identity, msgspec.json.encode(identity))
        elif (earlier.target, earlier.locator) != (identity.target, identity.locator):
            raise CampaignError(f"{self.path} holds a campaign of {earlier.target} against {earlier.locator}")
        # What a session that was killed left half written.
        for directory in (self.path, self._corpus, self._workers):
            for part in directory.glob("*.part-*"):
                part.unlink(missing_ok=True)
        return 1 + max((session for session, _, _ in self._summaries()), default=0)

    def identity(self) -> Identity | None:
        """What is fuzzed; None where there is no campaign."""
        try:
            return msgspec.json.decode(self._identity.read_bytes(), type=Identity)
        except (OSError, msgspec.DecodeError):
            return None

    def corpus(self, known: Iterable[str] = ()) -> list[Path]:
        """The inputs that are there and not known yet, by name."""
        try:
            names = {path.name for path in self._corpus.iterdir()}.difference(known)
        except FileNotFoundError:
            return []
        return [self._corpus / name for name in sorted(names) if ".part-" not in name]

    def keep(self, octets: bytes) -> str:
        """Add an input to the corpus.

        Returns:
            Its name.
        """
        name = hashlib.sha256(octets).hexdigest()[:32]
        path = self._corpus / name
        if not path.exists() and sum(1 for _ in self._corpus.iterdir()) < _MAX_CORPUS:
            write_whole(path, octets)
        return name

    def log(self, session: int, number: int) -> Path:
        """What a worker prints."""
        return self._workers / f"{session}-{number}.log"

    def tell(self, session: int, number: int, summary: RunSummary, look: Look) -> None:
        """Write what a worker has done."""
        write_whole(self._workers / f"{session}-{number}.json", msgspec.json.encode(summary))
        with (self._workers / f"{session}-{number}.jsonl").open("ab") as lines:
            lines.write(msgspec.json.encode(look) + b"\n")

    def total(self) -> RunSummary | None:
        """All workers of all sessions; None where none has told anything yet."""
        sessions: dict[int, list[RunSummary]] = {}
        for session, _, path in self._summaries():
            sessions.setdefault(session, []).append(msgspec.json.decode(path.read_bytes(), type=RunSummary))
        total: RunSummary | None = None
        for session in sorted(sessions):
            one = side_by_side(sessions[session])
            total = one if total is None else total.merged(one)
        identity = self.identity()
        if total is None or identity is None:
            return None
        return msgspec.structs.replace(total, seed=identity.seed)

    def rates(self) -> list[float]:
        """Executions a second, now, of each worker that is running."""
        rates: list[float] = []
        for path in sorted(self._workers.glob("*.jsonl")):
            looks = _last_looks(path)
            if looks and time.time() - looks[-1].time < _SILENCE:
                first, last = looks[0], looks[-1]
                seconds = last.seconds - first.seconds
                rates.append((last.executions - first.executions) / seconds if seconds > 0 else 0.0)
        return rates

    def last_new(self) -> float | None:
        """When something new was last seen, in seconds since the epoch: a kept input or a finding."""
        times = [path.stat().st_mtime for path in (*self.corpus(), *self.findings.inputs())]
        return max(times, default=None)

    def _summaries(self) -> list[tuple[int, int, Path]]:
        found = []
        for path in self._workers.glob("*.json"):
            match = _NAME.fullmatch(path.name)
            if match is not None:
                found.append((int(match[1]), int(match[2]), path))
        return sorted(found)


def _last_looks(path: Path) -> list[Look]:
    """The last few looks; a line that a kill cut off is left out."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2000))
        lines = file.read().split(b"\n")[-6:]
    looks = []
    for line in lines:
        try:
            looks.append(msgspec.json.decode(line, type=Look))
        except msgspec.DecodeError:
            continue
    return looks
