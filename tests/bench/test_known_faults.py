"""The list of known faults is looked for in what a campaign has found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hgframing_fuzz import encode_input
from hgframing_fuzz._findings import BucketSummary, RunSummary
from tests.bench.scripts import load
from tests.fuzz.miniatures import an_input


faults = load("known_faults")


def bucket(key: str, message: str = "", seconds: float = 1.0) -> BucketSummary:
    """A bucket of a campaign."""
    return BucketSummary(
        id=key,
        root=key.rpartition(".")[0],
        count=1,
        first_seconds=seconds,
        first_execution=1,
        message=message,
        octets="",
    )


def summary_of(target: str, *buckets: BucketSummary) -> RunSummary:
    """What a campaign found."""
    fields: dict[str, Any] = {"target": target, "implementation": "it", "engine": "loop", "seed": 1}
    return RunSummary(**fields, executions=1, seconds=1.0, features=1, buckets=buckets)


def found(tmp_path: Path, *buckets: BucketSummary) -> dict[str, Any]:
    """The rows, by label."""
    summaries = {name: summary_of(name) for name in faults.TARGETS}
    summaries["server-reactor"] = summary_of("server-reactor", *buckets)
    return {row.known.label: row for row in faults.rows(tmp_path, summaries)}


def test_labels_are_those_of_the_list() -> None:
    """S1 to S13, C1 to C10, H1, each with a name of its own."""
    labels = [known.label for known in faults.KNOWN]

    assert len(set(labels)) == len(labels)
    numbers = {label.rstrip("abcde") for label in labels}
    expected = {f"S{number}" for number in range(1, 14)} | {f"C{number}" for number in range(1, 11)} | {"H1"}
    assert numbers == expected


def test_rows_counts_roots_lines_and_frames(tmp_path: Path) -> None:
    """Two lines of one root, the smaller of which is one frame; the earlier one counts."""
    first = bucket("server-reactor.CBORDecodeError._makeruncommandresult.cborutil-1", seconds=9.0)
    second = bucket("server-reactor.CBORDecodeError._makeruncommandresult.cborutil-2", seconds=4.0)
    directory = tmp_path / "server-reactor"
    directory.mkdir()
    one = "1 1 stream-begin command-request new x"
    (directory / f"{first.id}.bin").write_bytes(encode_input(an_input(one)))
    (directory / f"{second.id}.bin").write_bytes(encode_input(an_input(one, one, one)))

    row = found(tmp_path, first, second)["S2"]

    assert (row.seconds, row.roots, row.lines, row.frames) == (4.0, 1, 2, 1)
    assert row.is_well


def test_rows_tells_faults_of_one_root_apart_by_what_they_say(tmp_path: Path) -> None:
    """Four faults are a TypeError in one function."""
    rows = found(
        tmp_path,
        bucket(
            "server-reactor.TypeError._makeruncommandresult.wireprotoframing-1395",
            "TypeError: argument of type 'int' is not iterable",
        ),
    )

    assert rows["S4"].lines == 1
    assert [label for label, row in rows.items() if row.lines] == ["S4"]


def test_row_that_is_missing_or_too_large_is_not_well(tmp_path: Path) -> None:
    """Found by nobody, or of three frames."""
    key = "server-reactor.IndexError._makeruncommandresult.wireprotoframing-1393"
    directory = tmp_path / "server-reactor"
    directory.mkdir()
    one = "1 1 stream-begin command-request new x"
    (directory / f"{key}.bin").write_bytes(encode_input(an_input(one, one, one)))

    rows = found(tmp_path, bucket(key))

    assert not rows["S3"].is_well
    assert not rows["S2"].is_well
    assert rows["S2"].seconds is None
