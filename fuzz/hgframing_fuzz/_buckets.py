"""Findings, sorted while the engine keeps running.

A target with faults gives thousands of findings a minute, nearly all of them the same few. Stopping at the
first one, or storing all of them, is useless; so every finding falls into a *bucket*, in process:

* its **root cause**: target, kind (type of the exception or name of the oracle) and the reactor's function it
  went through;
* its **line**: the innermost place in the code under test.

The root cause is what a person fixes; the line keeps different faults apart that share a function. Of a
bucket are kept: how often it was hit, when first (seconds and executions), and the shortest input. A bucket's
id is readable and a file name.
"""

from __future__ import annotations

import dataclasses
import re
import zlib

from collections.abc import Iterator
from typing import Final

import msgspec

from hgframing_fuzz._outcome import Finding


__all__ = ["DIED", "Bucket", "BucketKey", "BucketTable"]

#: What a file name may hold everywhere, without anything that a shell or a glob reads.
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_-]+")

#: The kind of a finding that ended the process. Its input must not be run again in a process that is worth keeping.
DIED: Final = "died"

#: Octets of one part of an id; three of them and the suffix stay below the 255 of common file systems.
_PART_SIZE: Final = 70


class BucketKey(msgspec.Struct, frozen=True, order=True):
    """What makes two findings the same.

    Attributes:
        target: the target's name.
        kind: type of the exception, or name of the oracle.
        where: the reactor's function, or what the oracle objects to.
        line: the innermost place.
    """

    target: str
    kind: str
    where: str
    line: str

    @property
    def root(self) -> str:
        """The id of the root cause, shared by buckets that differ in the line alone."""
        return ".".join(_slug(part) for part in (self.target, self.kind, self.where))

    @property
    def id(self) -> str:
        """The id, usable as a file name."""
        slug = _slug(self.line)
        # A message loses its punctuation in a file name: what is left may not tell two of them apart any
        # more.
        mark = (
            ""
            if slug == self.line
            else f"-{zlib.crc32(self.line.encode('utf-8', 'surrogatepass')) & 0xFFFF:04x}"
        )
        return f"{self.root}.{slug}{mark}"


@dataclasses.dataclass(slots=True, kw_only=True)
class Bucket:
    """What is known of one bucket.

    Attributes:
        key: what its findings have in common.
        count: how many there were.
        first_seconds: when the first one came, in seconds after the start of the run.
        first_execution: which execution that was, from 1.
        message: the one line of the shortest one.
        detail: the long text of the shortest one.
        shortest: the shortest input that gives it.
    """

    key: BucketKey
    count: int
    first_seconds: float
    first_execution: int
    message: str
    detail: str
    shortest: bytes


class BucketTable:
    """All buckets of a run. It only grows: a run keeps going after a finding.

    Args:
        target: the name that the keys carry.
    """

    def __init__(self, target: str) -> None:
        self._target = target
        self._buckets: dict[BucketKey, Bucket] = {}

    def __len__(self) -> int:
        return len(self._buckets)

    def __iter__(self) -> Iterator[Bucket]:
        """Iterate in the order in which they were first seen."""
        return iter(self._buckets.values())

    @property
    def roots(self) -> int:
        """How many root causes the buckets come from."""
        return len({key.root for key in self._buckets})

    def key(self, finding: Finding) -> BucketKey:
        """The bucket that a finding falls into, whether it exists yet or not."""
        return BucketKey(self._target, finding.kind, finding.where, finding.line)

    def count(self, finding: Finding, size: int) -> bool:
        """Count a finding of which there is nothing to keep, as of nearly every one there is: it was seen before.

        Use it before `add`, which wants the input written out.

        Args:
            finding: what went wrong.
            size: octets of the input.

        Returns:
            Whether it was counted; if not, it is new or this input is shorter, and `add` must have it.
        """
        bucket = self._buckets.get(self.key(finding))
        if bucket is None or size < len(bucket.shortest):
            return False
        bucket.count += 1
        return True

    def add(self, finding: Finding, octets: bytes, *, seconds: float, execution: int) -> Bucket | None:
        """Count a finding.

        Args:
            finding: what went wrong.
            octets: the input.
            seconds: since the start of the run.
            execution: how many inputs have been run, this one included.

        Returns:
            The bucket if it is worth saving again (it is new, or this input is shorter), else None.
        """
        key = self.key(finding)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = Bucket(
                key=key,
                count=1,
                first_seconds=seconds,
                first_execution=execution,
                message=finding.message,
                detail=finding.explain(),
                shortest=octets,
            )
            self._buckets[key] = bucket
            return bucket
        bucket.count += 1
        if len(octets) >= len(bucket.shortest):
            return None
        bucket.shortest = octets
        bucket.message = finding.message
        bucket.detail = finding.explain()
        return bucket


def _slug(part: str) -> str:
    """Make a part of an id: nothing that a file system or a shell minds, and not empty."""
    return _UNSAFE.sub("-", part).strip("-")[:_PART_SIZE] or "none"
