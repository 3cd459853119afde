"""YAML is read as the JSON subset, and everything knows its line."""

from __future__ import annotations

import json

from typing import Any

import pytest
import yaml

from hypothesis import given
from hypothesis import strategies as st

from hgframing_conformance import _yaml
from hgframing_conformance._yaml import read_yaml


def read(text: str) -> Any:
    """Read a text that has no problems."""
    document = read_yaml(text.encode(), "x.yaml")
    assert document.problems == ()
    return document.root


def problems(text: str) -> list[tuple[int, str]]:
    """Return line and message of every problem."""
    return [(problem.line, problem.message) for problem in read_yaml(text.encode(), "x.yaml").problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1", {"a": 1}),
        ("a: -17", {"a": -17}),
        ("a: " + "1" * 30, {"a": int("1" * 30)}),
        ("a: true\nb: false\nc: null\nd:\n", {"a": True, "b": False, "c": None, "d": None}),
        ("- [1, [x, {k: z}]]\n- {}", [[1, ["x", {"k": "z"}]], {}]),
        ("a: '1'\nb: \"true\"\nc: '2018-04-14'", {"a": "1", "b": "true", "c": "2018-04-14"}),
        ("a: by hand\nb: 1 1 0 4 8 cbor:x", {"a": "by hand", "b": "1 1 0 4 8 cbor:x"}),
        ("a: >-\n  one\n  two\nb: |\n  x\n", {"a": "one two", "b": "x\n"}),
        ("", None),
        ("# only a comment\n", None),
        ("plain", "plain"),
        ("{'true': 1, 'null': 2}", {"true": 1, "null": 2}),
        ("hex: '0001'\nreceive-hex: ['00', \"e1\"]", {"hex": "0001", "receive-hex": ["00", "e1"]}),
        ("hex: {x: 1}", {"hex": {"x": 1}}),
    ],
)
def test_read_yaml_reads_the_json_subset(text: str, value: Any) -> None:
    """Scalars are what every reader takes them for, as PyYAML's own loader says too."""
    assert read(text) == value
    assert yaml.safe_load(text) == value


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)


@given(JSON, st.sampled_from([None, 2]))
def test_read_yaml_reads_json(value: Any, indent: int | None) -> None:
    """Every JSON document is a document of the subset, and means the same."""
    assert read(json.dumps(value, ensure_ascii=False, indent=indent)) == value


@pytest.mark.parametrize(
    "word",
    [
        "~", "Null", "NULL", "True", "TRUE", "False", "yes", "No", "ON", "off", "y", "N",
        "012", "0o14", "0x1F", "0b1", "+1", "-01", "1_000", "1,000", "1.5", ".5", "1.", "1e3", "00e1", "-1.5e-3",
        ".inf", "-.INF", ".nan", "12:30", "190:20:30", "2018-04-14", "2018-4-1", "2018-04-14 10:00:00",
        "2018-04-14T10:00:00Z", "<<", "=", "1" * 31,
    ],
)  # fmt: skip
def test_read_yaml_with_a_word_that_readers_disagree_about_is_a_problem(word: str) -> None:
    """YAML 1.1 and 1.2 take each of these for something else, or for a number of another size."""
    [(line, message)] = problems(f"a: b\nc: [x, {word}]\n" if "," not in word else f"a: b\nc: {word}\n")
    assert line == 2
    assert "not the same to every reader" in message
    assert problems(f"a: '{word}'") == []


@pytest.mark.parametrize(
    "word",
    ["nope", "1 1 0", "a1", "1a", "v1.2", "-", "x:y", "0002-streams", "D11", "10.x", "e1", "inf", "1-1"],
)
def test_read_yaml_with_an_innocent_word_is_no_problem(word: str) -> None:
    """What only looks a little like a number stays a bare string."""
    assert read(f"a: {word}" if word != "-" else "a: '-'")["a"] == word


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("a: 1\nb: &x 2\n", 2, "anchors are not in the JSON subset"),
        ("a: &x [1]\n", 1, "anchors are not in the JSON subset"),
        ("a: 1\nb: !!str 2\n", 2, "tags are not in the JSON subset"),
        ("a: !thing {x: 1}\n", 1, "tags are not in the JSON subset"),
        ("a: 1\nb: 2\na: 3\n", 3, "duplicate key 'a'"),
        ("- {x: 1, 'x': 2}\n", 1, "duplicate key 'x'"),
        ("a: 1\n---\nb: 2\n", 2, "a file is one document"),
        ("a: 1\n? [x]\n: 2\n", 2, "a key must be a string"),
        ("a: 1\n? {x: y}\n: 2\n", 2, "a key must be a string"),
        ("a:\n  true: 1\n", 2, "the bare key 'true'"),
        ("a:\n  012: 1\n", 2, "the bare key '012'"),
        ("a: [1\n", 2, "this is not YAML"),
        ("a: b: c\n", 1, "this is not YAML"),
        ("a:\n\t- 1\n", 2, "this is not YAML"),
        ("a: \x01\n", 0, "this is not YAML"),
        ("a:\n  hex: 0001\n", 2, "unquoted hex string 0001"),
        ("a: {hex: abcd}\n", 1, "unquoted hex string abcd"),
        ("receive-hex:\n  - '00'\n  - 00e1\n  - ff\n", 3, "unquoted hex string 00e1"),
        ("receive-hex: 00\n", 1, "unquoted hex string 00"),
    ],
)
def test_read_yaml_beyond_the_subset_names_the_line(text: str, line: int, part: str) -> None:
    """Every thing that is refused has its line and its word."""
    assert any(found == line and part in message for found, message in problems(text)), problems(text)


def test_read_yaml_lists_every_problem_of_a_file() -> None:
    """A run shows all of them; an alias takes nothing else down with it."""
    text = "a: &x 1\nb: *x\nc: 012\nd: {hex: 00}\nd: 5\ne: fine\n"
    assert [line for line, _ in problems(text)] == [1, 2, 3, 4, 5]
    root = read_yaml(text.encode(), "x.yaml").root
    assert root == {"a": 1, "b": None, "c": "012", "d": {"hex": "00"}, "e": "fine"}


def test_read_yaml_that_is_not_utf_8_names_the_line() -> None:
    """Latin-1 in a comment is the usual way to get there."""
    [problem] = read_yaml(b"a: 1\n# caf\xe9\n", "x.yaml").problems
    assert (problem.file, problem.line, problem.message) == ("x.yaml", 2, "the file is not UTF-8")


def test_read_yaml_nested_too_deep_is_a_problem_not_a_stack_overflow() -> None:
    """A file of brackets must not end the program."""
    [(_, message)] = problems("[" * 250 + "]" * 250)
    assert "nested deeper" in message


@given(st.text(alphabet="ab:-[]{},&*!'\"#|> \n\t0~?%@`", max_size=60))
def test_read_yaml_raises_nothing(text: str) -> None:
    """Whatever a file holds becomes a document or a problem."""
    document = read_yaml(text.encode(), "x.yaml")
    assert document.root is None or isinstance(document.root, str | int | list | dict)


def test_line_finds_keys_and_items() -> None:
    """The line of a mapping's entry is that of its key, of a list's item that of its first character."""
    text = "a: 1\nb:\n  - x\n  -\n    c: 1\n    d: [1,\n        2]\n'e':\n  >-\n  text\n"
    document = read_yaml(text.encode(), "x.yaml")
    assert document.line(()) == 1
    assert document.line(("a",)) == 1
    assert document.line(("b",)) == 2
    assert document.line(("b", 0)) == 3
    assert document.line(("b", 1)) == 5
    assert document.line(("b", 1, "d")) == 6
    assert document.line(("b", 1, "d", 1)) == 7
    assert document.line(("e",)) == 8


def test_line_of_a_place_that_is_missing_is_that_of_the_nearest_above() -> None:
    """Errors about what is missing point to where it should be."""
    document = read_yaml(b"a: 1\nb:\n  c: {d: 1}\n", "x.yaml")
    assert document.line(("b", "c", "nope", 3)) == 3
    assert document.line(("b", 0)) == 2
    assert document.line(("nope",)) == 1
    assert document.line(("a", "deep")) == 1


def test_line_is_right_beside_dropped_duplicates() -> None:
    """Lines are found by identity: a dropped value must not lend its place to a later one."""
    text = "a: [1]\n" + "".join(f"a: [x{number}]\n" for number in range(50)) + "b:\n  - y\n  - z\n"
    document = read_yaml(text.encode(), "x.yaml")
    assert document.line(("b", 1)) == 54
    assert document.line(("a", 0)) == 1


def test_read_yaml_is_the_same_without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML may have been built without libyaml."""
    text = "a: &x [1, '2', {hex: '00'}]\nb: *x\nc: 012\n"
    fast = read_yaml(text.encode(), "x.yaml")
    monkeypatch.setattr(_yaml, "_LOADER", yaml.SafeLoader)
    slow = read_yaml(text.encode(), "x.yaml")
    assert (slow.root, slow.problems) == (fast.root, fast.problems)
    assert slow.line(("a", 2)) == fast.line(("a", 2)) == 1
