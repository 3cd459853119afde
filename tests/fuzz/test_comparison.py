"""What two implementations must have in common, whatever types they answer in."""

from __future__ import annotations

from typing import Any

import pytest

from hgframing import REVISIONS, Atom, parse_notation
from hgframing_conformance._values import MapValue, SetValue, TagValue, Text
from hgframing_fuzz import Kind, Observed
from hgframing_fuzz._comparison import Comparison, freeze, show_value, tell
from hgframing_fuzz._record import Told


REVISION = REVISIONS["0006"]
WANT = Observed(Kind.WANT_FRAME)


def sent(*texts: str) -> Observed:
    """Frames in notation, as an action."""
    return Observed(Kind.SEND_FRAMES, None, tuple(parse_notation(text, REVISION) for text in texts))


def error(code: str = "", message: str = "") -> Observed:
    """A fault."""
    return Observed(Kind.ERROR, None, (code, message))


def data(octets: bytes, *, eos: bool, request: int = 1) -> Observed:
    """A piece of a response."""
    return Observed(Kind.RESPONSE_DATA, request, (octets, eos))


def differ(ours: list[Observed], theirs: list[Observed], *, codes: bool = False) -> dict[int | None, str]:
    """Compare one step."""
    return Comparison(REVISION, codes=codes).differ(ours, theirs)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"x", bytearray(b"x")),
        ({b"k": [1, None]}, MapValue(((b"k", (1, None)),))),
        ({b"a": 1, b"b": 2}, {b"b": 2, b"a": 1}),
        (frozenset({1, 2}), SetValue((2, 1))),
        ("text", Text("text")),
    ],
)
def test_freeze_is_equal_for_values_of_different_types(one: Any, other: Any) -> None:
    """The type that an implementation has for a value says nothing."""
    assert freeze(one) == freeze(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, True), (1, 1.0), (b"x", "x"), ([1], {1}), (None, False), (TagValue(1, 1), 1), ({1: 2}, {1: 3})],
)
def test_freeze_keeps_apart_what_means_something_else(one: Any, other: Any) -> None:
    """Python's equality is not that of the protocol."""
    assert freeze(one) != freeze(other)


def test_freeze_stands_any_depth() -> None:
    """A peer decides how deep a value is."""
    value: Any = 1
    for _ in range(100_000):
        value = [value]

    assert freeze(value) is not None
    while isinstance(value, list):  # or the interpreter's own destructor would have to
        (value,) = value


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ([WANT], []),
        ([WANT], [Observed(Kind.NOOP)]),
        ([Observed(Kind.SEND_FRAMES, None, ())], []),
        ([error("bad-cbor", "one"), error("already-errored")], [error("", "other")]),
        ([data(b"a", eos=False), data(b"b", eos=True)], [data(b"ab", eos=True)]),
        (
            [sent("1 2 stream-begin command-response continuation ab", "1 2 0 command-response eos c")],
            [sent("1 2 stream-begin command-response eos abc")],
        ),
        (
            [error(), sent("1 2 stream-begin error-response 0 cbor:{b'type': b'protocol', b'message': []}")],
            [error()],
        ),
        (
            [Observed(Kind.ERROR_RESPONSE, 1, ("server", (Atom(b"m"),)))],
            [Observed(Kind.ERROR_RESPONSE, 1, (b"server", [{b"msg": b"m", b"args": [], b"more": 1}]))],
        ),
        ([Observed(Kind.REFUSED, 1, "no")], [Observed(Kind.REFUSED, None, "never")]),
    ],
)
def test_differ_ignores_what_is_not_significant(ours: list[Observed], theirs: list[Observed]) -> None:
    """The rules of docs/vector-format.md, "Actions", one each."""
    assert differ(ours, theirs) == {}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ([error()], []),
        ([WANT], [error()]),
        ([data(b"a", eos=False)], [data(b"a", eos=True)]),
        ([data(b"a", eos=True)], [data(b"b", eos=True)]),
        ([data(b"a", eos=True), data(b"b", eos=True)], [data(b"ab", eos=True)]),
        ([data(b"a", eos=True)], [data(b"a", eos=True, request=3)]),
        ([sent("1 2 stream-begin command-response eos abc")], []),
        (
            [sent("1 2 stream-begin command-response eos abc")],
            [sent("1 2 stream-begin command-response eos ab")],
        ),
        (
            [Observed(Kind.ERROR_RESPONSE, 1, ("server", (Atom(b"m"),)))],
            [Observed(Kind.ERROR_RESPONSE, 1, (b"server", [{b"msg": b"n"}]))],
        ),
        ([Observed(Kind.RUN_COMMAND, 1, (b"c", {}, None, None))], [WANT]),
        (
            [Observed(Kind.RUN_COMMAND, 1, (b"c", {}, None, None))],
            [Observed(Kind.RUN_COMMAND, 1, (b"c", {}, b"", None))],
        ),
        ([Observed(Kind.TEXT_OUTPUT, 1, (("atoms", ()),))], [Observed(Kind.RAISED, None, ("E", ""))]),
    ],
)
def test_differ_finds_what_is(ours: list[Observed], theirs: list[Observed]) -> None:
    """Each pair says something else to a user."""
    assert differ(ours, theirs)


def test_differ_names_the_request_whose_frames_differ() -> None:
    """Two responses, one of them wrong."""
    ours = [sent("1 2 stream-begin command-response eos a", "3 2 0 command-response eos b")]
    theirs = [sent("1 2 stream-begin command-response eos a", "3 2 0 command-response eos c")]

    assert set(differ(ours, theirs)) == {3}


def test_differ_compares_codes_of_the_first_error_where_they_are_declared() -> None:
    """What a reactor says that has failed already is its own choice."""
    ours, theirs = [error("bad-cbor")], [error("bad-payload")]

    assert differ(ours, theirs) == {}
    assert differ(ours, theirs, codes=True)
    comparison = Comparison(REVISION, codes=True)
    assert comparison.differ(ours, ours) == {}
    assert comparison.differ(ours, theirs) == {}


@pytest.mark.parametrize(
    ("observed", "told"),
    [
        ([WANT], Told()),
        ([sent(), error("bad-cbor", "m")], Told("error", "bad-cbor", "m")),
        (
            [data(b"", eos=True), Observed(Kind.RAISED, None, ("E", b"m"))],
            Told("raised", message="m", type="E"),
        ),
        ([data(b"", eos=True)], Told("response-data")),
    ],
)
def test_tell_says_the_loudest(observed: list[Observed], told: Told) -> None:
    """An exception says more than what came before it."""
    assert tell(observed) == told


def test_show_value_is_short_however_large_the_value() -> None:
    """A bomb is shown by its size."""
    assert show_value(bytes(1 << 20)).endswith("(1048576 octets)")
    assert len(show_value([[b"x" * 1000] * 1000] * 1000)) <= 501
