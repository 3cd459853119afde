"""A directory of findings: for each bucket the input, and a text that a person can read.

    <bucket>.bin     the shortest input, as every engine and `replay` take it
    <bucket>.txt     what happened, the driver's options, the frames in notation, the traceback
    summary.json     the run: engine, seed, executions, and all buckets

A later run into the same directory adds to it, and replaces an input only by a shorter one.
"""

from __future__ import annotations

import os

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from hgframing_fuzz._buckets import DIED, Bucket, BucketTable


__all__ = ["BucketSummary", "FindingsDirectory", "RunSummary", "write_whole"]

_SUMMARY: Final = "summary.json"


class BucketSummary(msgspec.Struct, frozen=True, rename="kebab"):
    """One bucket of a summary; see `Bucket`.

    Attributes:
        first_time: when it was first seen, in seconds since the epoch; 0 outside of a campaign.
        engine: the engine that saw it first; empty outside of a campaign.
        worker: the worker that saw it first, for the seed; empty outside of a campaign.
    """

    id: str
    root: str
    count: int
    first_seconds: float
    first_execution: int
    message: str
    octets: str
    first_time: float = 0.0
    engine: str = ""
    worker: str = ""


class RunSummary(msgspec.Struct, frozen=True, rename="kebab"):
    """One run.

    Attributes:
        target: the target's name.
        implementation: what was fuzzed, in its own words.
        engine: `loop` or `atheris`.
        seed: where the engine's choices started.
        executions: inputs run.
        seconds: wall time.
        features: transitions seen.
        buckets: what was found, in the order in which it was first seen.
    """

    target: str
    implementation: str
    engine: str
    seed: int
    executions: int
    seconds: float
    features: int
    buckets: tuple[BucketSummary, ...]

    @staticmethod
    def summarise(table: BucketTable) -> tuple[BucketSummary, ...]:
        """Summarise the buckets of a table."""
        return tuple(
            BucketSummary(
                id=bucket.key.id,
                root=bucket.key.root,
                count=bucket.count,
                first_seconds=round(bucket.first_seconds, 3),
                first_execution=bucket.first_execution,
                message=bucket.message,
                octets=bucket.shortest.hex(),
            )
            for bucket in table
        )


class FindingsDirectory:
    """Where findings are written.

    Args:
        path: the directory; it is made, with its parents.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path = path

    def save(self, bucket: Bucket, description: Sequence[str]) -> bool:
        """Write a bucket's input and text.

        Args:
            bucket: what to write.
            description: its shortest input for people (`BoundTarget.describe`).

        Returns:
            Whether it was written; not if an earlier run left a shorter input.

        Raises:
            OSError: it cannot be written.
        """
        target = self.path / f"{bucket.key.id}.bin"
        if target.exists() and target.stat().st_size < len(bucket.shortest):
            return False
        lines = [
            f"bucket      {bucket.key.id}",
            f"root cause  {bucket.key.root}",
            f"message     {bucket.message}",
            "",
            *description,
            "",
            bucket.detail,
        ]
        write_whole(self.path / f"{bucket.key.id}.txt", "\n".join(lines).encode("utf-8", "backslashreplace"))
        write_whole(target, bucket.shortest)
        return True

    def inputs(self) -> list[Path]:
        """The inputs that are there, by name."""
        return sorted(self.path.glob("*.bin"))

    def seeds(self) -> list[bytes]:
        """The inputs that are there, to begin with; not those that ended a process."""
        return [path.read_bytes() for path in self.inputs() if f".{DIED}." not in path.name]

    def write_summary(self, summary: RunSummary) -> None:
        """Write or replace the summary, at once: a reader sees the old one or the new one."""
        write_whole(self.path / _SUMMARY, msgspec.json.format(msgspec.json.encode(summary)))

    def read_summary(self) -> RunSummary | None:
        """Read the summary; None where there is none, or it is not one."""
        try:
            return msgspec.json.decode((self.path / _SUMMARY).read_bytes(), type=RunSummary)
        except (OSError, msgspec.DecodeError):
            return None


def write_whole(path: Path, octets: bytes) -> None:
    """Write a file so that nobody sees half of it, whatever kills the writer."""
    part = path.with_name(f"{path.name}.part-{os.getpid()}")
    part.write_bytes(octets)
    part.replace(path)
