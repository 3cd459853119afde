"""Tests of `hgframing_fuzz._findings`: what a directory of findings holds, and that it is never half written."""

from __future__ import annotations

from pathlib import Path

import pytest

from hgframing_fuzz import BucketTable, Finding, Options, decode_input, encode_input
from hgframing_fuzz._buckets import Bucket
from hgframing_fuzz._findings import BucketSummary, FindingsDirectory, RunSummary
from tests.fuzz.miniatures import an_input


VALUE = an_input(
    "1 1 stream-begin command-request new cbor:{b'name': b'c'}",
    "3 1 0 command-data eos more",
    options=Options(driver=0x16, answers=2, seed=7),
    tail=b"\1\2",
)

LINES = ["frame       1 1 stream-begin …", "tail        0102"]


def bucket(octets: bytes, line: str = "reactor-12") -> Bucket:
    """A bucket whose shortest input is this."""
    table = BucketTable("server-reactor")
    finding = Finding("TypeError", "_onframe", line, "no \udcff", lambda: "Traceback of it")
    made = table.add(finding, octets, seconds=1.5, execution=10)
    assert made is not None
    return made


def test_save_writes_input_and_text(tmp_path: Path) -> None:
    """The input octet for octet, and everything that a person needs to read."""
    directory = FindingsDirectory(tmp_path / "deep" / "findings")
    octets = encode_input(VALUE)

    assert directory.save(bucket(octets), LINES)

    [binary] = directory.inputs()
    assert binary.name == "server-reactor.TypeError._onframe.reactor-12.bin"
    assert binary.read_bytes() == octets
    text = binary.with_suffix(".txt").read_text(encoding="utf-8")
    for part in ("server-reactor.TypeError._onframe", "message     no", *LINES, "Traceback of it"):
        assert part in text
    assert sorted(path.name for path in directory.path.iterdir()) == [
        binary.with_suffix(s).name for s in (".bin", ".txt")
    ]


def test_save_shorter_input_replaces_longer_one_and_not_the_other_way(tmp_path: Path) -> None:
    """A later run does not undo what an earlier one, or a minimizer, has reached."""
    directory = FindingsDirectory(tmp_path)

    written = [directory.save(bucket(octets), LINES) for octets in (b"12345678", b"1234", b"123456")]

    assert written == [True, True, False]
    assert directory.inputs()[0].read_bytes() == b"1234"


def summary(*buckets: BucketSummary, executions: int = 100, seconds: float = 10.0) -> RunSummary:
    """A run."""
    return RunSummary("server-reactor", "hg 6", "loop", 5, executions, seconds, 20, buckets)


def a_bucket(name: str, count: int, first: float, octets: str) -> BucketSummary:
    """A bucket of a summary."""
    return BucketSummary(name, "root", count, first, int(first * 10), f"message of {octets}", octets)


def test_summary_round_trips(tmp_path: Path) -> None:
    """What one process writes another reads; nothing is there before."""
    directory = FindingsDirectory(tmp_path)
    table = BucketTable("server-reactor")
    table.add(Finding("E", "f", "l", "m", lambda: "t"), b"\1\2", seconds=0.5, execution=3)
    written = summary(*RunSummary.summarise(table))

    assert directory.read_summary() is None
    directory.write_summary(written)

    assert directory.read_summary() == written
    assert written.buckets == (
        BucketSummary("server-reactor.E.f.l", "server-reactor.E.f", 1, 0.5, 3, "m", "0102"),
    )


def test_summary_that_is_none_is_not_read(tmp_path: Path) -> None:
    """Somebody else's file is not a crash."""
    (tmp_path / "summary.json").write_text("[1, 2", encoding="ascii")

    assert FindingsDirectory(tmp_path).read_summary() is None


def test_directory_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    """A file stands in the way."""
    (tmp_path / "file").touch()

    with pytest.raises(OSError, match="file"):
        FindingsDirectory(tmp_path / "file")


def test_saved_input_is_an_input(tmp_path: Path) -> None:
    """What is saved can be replayed."""
    directory = FindingsDirectory(tmp_path)
    directory.save(bucket(encode_input(VALUE)), LINES)

    assert decode_input(directory.inputs()[0].read_bytes()) == VALUE
