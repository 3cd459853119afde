"""Expected differences are signed, precise and end on a day; every mistake in the file is named with its line."""

from __future__ import annotations

import datetime as dt

from pathlib import Path

import pytest

from hgframing_fuzz._signatures import SignedError
from hgframing_fuzz._signed import DifferenceFacts, Match, read_signed


TODAY = dt.date(2026, 11, 28)
HEAD = "format: 1\nimplementation: it\ndifferences:\n"
ENTRY = """\
  - matches: {cause: D33}
    deviation: D33
    who: somebody
    reason: a TypeError
    expires: "2026-11-28"
"""


def facts(**changes: object) -> DifferenceFacts:
    """A request that is no map."""
    known = {
        "layer": "server",
        "revision": "0006",
        "frame": "command-request",
        "state": "idle",
        "ours": "error",
        "theirs": "raised",
        "code": "bad-payload",
        "message": "argument of type 'int' is not iterable",
        "type": "TypeError",
        "detail": "error against raised",
        "causes": ("D33",),
    }
    return DifferenceFacts(**(known | changes))  # type: ignore[arg-type]


def write(tmp_path: Path, text: str) -> Path:
    """A file."""
    file = tmp_path / "known.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_read_signed_finds_the_entry_until_its_day(tmp_path: Path) -> None:
    """The last day counts; on the next, the difference is a finding that says so."""
    file = write(tmp_path, HEAD + ENTRY)

    signed = read_signed(file, TODAY)
    found = signed.find(facts())
    assert found is not None
    assert (found.label, found.who) == ("D33", "somebody")
    assert signed.find(facts(causes=("D34",))) is None

    late = read_signed(file, TODAY + dt.timedelta(days=1))
    assert late.find(facts()) is None
    assert late.find_expired(facts()) is not None


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (Match(frame="command-request", ours="error", theirs="raised"), True),
        (Match(frame="command-data", ours="error", theirs="raised"), False),
        (Match(frame="command-request", ours="error", theirs="raised", message="not iter"), True),
        (Match(frame="command-request", ours="error", theirs="raised", message="^not iter"), False),
        (Match(frame="command-request", ours="error", theirs="raised", type="KeyError"), False),
        (Match(cause="D33", layer="client"), False),
    ],
)
def test_match_needs_everything_that_it_says(match: Match, *, expected: bool) -> None:
    """An entry is about differences that have all of its fields."""
    assert match.matches(facts()) is expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + ENTRY.replace("{cause: D33}", "{layer: server}"), "4: the entry matches too much"),
        (HEAD + ENTRY.replace("{cause: D33}", "{}"), "4: the entry matches too much"),
        (HEAD + ENTRY.replace("    deviation: D33\n", ""), "4: the entry names neither"),
        (HEAD + ENTRY.replace("D33", "D9999"), "there is no deviation D9999"),
        (HEAD + ENTRY.replace('"2026-11-28"', '"2026-02-30"'), "8: '2026-02-30' is no day"),
        (
            HEAD + ENTRY.replace("    who: somebody\n", ""),
            "4: differences.0: object missing required field `who`",
        ),
        (HEAD + ENTRY.replace("who:", "whom:"), "object contains unknown field `whom`"),
        (HEAD + ENTRY.replace("{cause: D33}", '{cause: D33, message: "("}'), "message is no pattern"),
        ("format: 2\nimplementation: it\ndifferences: []\n", "format"),
        ("- 1\n", "mapping"),
    ],
)
def test_read_signed_names_each_mistake(tmp_path: Path, text: str, message: str) -> None:
    """What is wrong is said with file and line; nothing is taken on trust."""
    file = write(tmp_path, text)

    with pytest.raises(SignedError) as caught:
        read_signed(file, TODAY)

    assert message in str(caught.value)
    assert str(file) in str(caught.value)


def test_read_signed_names_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A file that was named and is not there is an error, not an empty list."""
    with pytest.raises(SignedError, match="No such file"):
        read_signed(tmp_path / "absent.yaml", TODAY)
