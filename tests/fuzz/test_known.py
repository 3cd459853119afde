"""Known findings are signed, precise and end on a day; every mistake in the file is named with its line."""

from __future__ import annotations

import datetime as dt

from pathlib import Path

import pytest

from hgframing_fuzz._known import NOTHING_KNOWN, read_known
from hgframing_fuzz._signatures import SignedError


TODAY = dt.date(2026, 11, 28)
HEAD = "format: 1\nimplementation: it\nbuckets:\n"
ENTRY = """\
  - bucket: "server-reactor.CBORDecodeError._run.*"
    deviation: D30
    who: somebody
    reason: raises what its decoder raises
    expires: "2026-11-28"
"""
BUCKET = "server-reactor.CBORDecodeError._run.reactor-12"


def write(tmp_path: Path, text: str) -> Path:
    """A file."""
    file = tmp_path / "known.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_find_knows_a_bucket_until_its_day(tmp_path: Path) -> None:
    """The last day counts; on the next, the bucket is news again and the entry says why."""
    file = write(tmp_path, HEAD + ENTRY)

    known = read_known(file, TODAY)
    late = read_known(file, TODAY + dt.timedelta(days=1))

    found = known.find(BUCKET)
    assert found is not None
    assert (found.label, found.who, known.implementation) == ("D30", "somebody", "it")
    assert known.find("server-reactor.CBORDecodeError._other.reactor-12") is None
    assert known.find(f"x{BUCKET}") is None
    assert known.problems([BUCKET], "server-reactor") == ()
    assert late.find(BUCKET) is None
    [problem] = late.problems([BUCKET], "server-reactor")
    assert str(problem).startswith(
        f"{file}:4: the entry expired on 2026-11-28: raises what its decoder raises"
    )


def test_problems_tell_an_entry_that_matches_nothing(tmp_path: Path) -> None:
    """Of the target that was driven; about the others a run knows nothing."""
    known = read_known(write(tmp_path, HEAD + ENTRY), TODAY)

    [problem] = known.problems(["server-reactor.Other.x.y"], "server-reactor")

    assert problem.line == 4
    assert "nothing was found" in problem.message
    assert known.problems([], "client-reactor") == ()


def test_brackets_of_a_pattern_are_themselves(tmp_path: Path) -> None:
    """As in expectation files."""
    known = read_known(write(tmp_path, HEAD + ENTRY.replace("_run.*", "_run.[r]*")), TODAY)

    assert known.find(BUCKET) is None
    assert known.find("server-reactor.CBORDecodeError._run.[r]x") is not None


def test_nothing_is_known_where_there_is_no_file() -> None:
    """Every bucket is news."""
    assert NOTHING_KNOWN.find(BUCKET) is None
    assert NOTHING_KNOWN.problems([BUCKET], "server-reactor") == ()


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (HEAD + ENTRY.replace("_run.*", "*"), 4, "matches too much"),
        (HEAD + ENTRY.replace("server-reactor.CBORDecodeError._run.*", "*"), 4, "matches too much"),
        (HEAD + ENTRY.replace("    deviation: D30\n", ""), 4, "neither a deviation nor an issue"),
        (HEAD + ENTRY.replace("D30", "D9999"), 5, "no deviation D9999"),
        (HEAD + ENTRY.replace("2026-11-28", "2026-02-30"), 8, "no day of the calendar"),
        (HEAD + ENTRY.replace("    who: somebody\n", ""), 4, "who"),
        (HEAD + ENTRY.replace("who:", "author:"), 4, "author"),
        ("format: 2\nimplementation: it\nbuckets: []\n", 1, "format"),
        ("a: [\n", 2, "not YAML"),
    ],
)
def test_mistake_is_told_with_its_line(text: str, line: int, message: str, tmp_path: Path) -> None:
    """Each in words for its author."""
    file = write(tmp_path, text)

    with pytest.raises(SignedError, match=message) as caught:
        read_known(file, TODAY)
    assert (caught.value.file, caught.value.line) == (str(file), line)


def test_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """By its name."""
    with pytest.raises(SignedError, match="No such file"):
        read_known(tmp_path / "none.yaml", TODAY)
