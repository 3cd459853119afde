"""What a reflection endpoint prints is read back, whatever the payloads in it look like."""

from __future__ import annotations

import json

import pytest

from hypothesis import given
from hypothesis import strategies as st

from hgframing import REVISIONS, Frame
from hgframing import _reflection as reflection
from hgframing_conformance._actions import parse_observed
from hgframing_conformance._cases import Layer
from hgframing_conformance._reflection_lines import ReflectionError, read_reflection


LAST, FIRST = REVISIONS["0006"], REVISIONS["0001"]
REQUEST = Frame(1, 1, 1, 1, 1, b"\xa1DnameAc")
#: The transcript of sheet r5, "HTTP binding".
TOLD = (
    b"received: 1 1 1 \xa1DnameAc\n"
    b'["runcommand", {"args": {}, "command": "c", "data": null, "redirect": null, "requestid": 1}]\n'
    b"received: <no frame>\n"
    b'{"action": "noop"}'
)


def test_transcript_of_the_sheet_is_read() -> None:
    """A command, and nothing at the end."""
    by_frame, at_end = read_reflection(TOLD, [REQUEST], LAST)

    assert by_frame == [
        [
            {
                "run-command": {
                    "request": 1,
                    "command": {"hex": "63"},
                    "args": {"map": []},
                    "data": None,
                    "redirect": None,
                }
            }
        ]
    ]
    assert at_end == [{"noop": {}}]


def test_types_of_json_become_values() -> None:
    """Lone surrogates are single octets; a number that readers lose is written as text."""
    details = {
        "command": "c",
        "args": {"a": [1, None, True, {"b": 2**60}, 1.5], "\udcff": "é"},
        "requestid": 1,
    }
    text = (
        b"received: 1 1 1 \xa1DnameAc\n"
        + json.dumps(["runcommand", details]).encode()
        + b"\nreceived: <no frame>\n"
    )

    ((action,),), at_end = read_reflection(text + b'{"action": "noop"}', [REQUEST], LAST)

    assert action["run-command"]["args"] == {
        "map": [
            [
                {"hex": "61"},
                [1, None, True, {"map": [[{"hex": "62"}, {"int": str(2**60)}]]}, {"float": "1.5"}],
            ],
            [{"hex": "ff"}, {"hex": "c3a9"}],
        ]
    }
    assert at_end == [{"noop": {}}]


@given(
    st.lists(
        st.builds(
            Frame,
            st.integers(0, 5),
            st.integers(0, 3),
            st.integers(0, 3),
            st.integers(0, 9),
            st.integers(0, 9),
            st.one_of(
                st.binary(max_size=20),
                st.sampled_from(
                    [
                        b"\nreceived: <no frame>\n",
                        b'a\n["noop", {}]',
                        b"\n",
                        b"\xa1DnameAc",
                        b"received: 1 1 1 ",
                    ]
                ),
            ),
        ),
        max_size=5,
    )
)
def test_whatever_the_reference_prints_is_read_frame_by_frame(frames: list[Frame]) -> None:
    """Payloads that look like lines of the text mislead nobody, and every action is one of the protocol's."""
    octets = b"".join(LAST.header.encode(frame) for frame in frames)

    by_frame, at_end = read_reflection(b"\n".join(reflection.reflect(octets, LAST)), frames, LAST)

    assert len(by_frame) == len(frames)
    assert all(actions for actions in (*by_frame, at_end))
    for action in (one for actions in (*by_frame, at_end) for one in actions):
        parse_observed(action, Layer.SERVER, "0006")


def test_frame_that_the_reference_does_not_take_ends_the_text() -> None:
    """A payload above the limit is no frame to it, and what follows is not looked at."""
    frames = [Frame(1, 1, 1, 2, 2, b"x" * 70000), REQUEST]
    octets = b"".join(LAST.header.encode(frame) for frame in frames)

    (first, second), _ = read_reflection(b"\n".join(reflection.reflect(octets, LAST)), frames, LAST)

    assert "error" in first[0]
    assert second == []


def test_first_revision_has_no_request() -> None:
    """Sheet r1: type, flags and payload; the request is 0."""
    text = (
        b'received: 1 1 c\n["runcommand", {"args": {}, "command": "c", "data": null}]\n'
        b'received: <no frame>\n{"action": "noop"}'
    )

    ((action,),), _ = read_reflection(text, [Frame(0, 0, 0, 1, 1, b"c")], FIRST)

    assert action["run-command"]["request"] == 0


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (b"", "frame 1 is not told as it was sent: ''"),
        (b"<html>", "frame 1 is not told"),
        (TOLD.replace(b"1 1 1", b"1 1 3", 1), "frame 1 is not told"),
        (TOLD.partition(b"received: <no")[0], "where the input ends there is ''"),
        (TOLD + b"\nreceived: 1", "behind the end of input there is 'received: 1'"),
        (TOLD.replace(b"noop", b"dance"), "this is no action"),
        (TOLD.replace(b'{"action": "noop"}', b"{}"), "this is no action: '{}'"),
        (TOLD.replace(b'{"action": "noop"}', b"[1, 2, 3]"), "this is no action"),
        (TOLD.replace(b'{"action": "noop"}', b'["sendframes", {"frames": 1}]'), "this is no action"),
        (TOLD.replace(b'{"action": "noop"}', b'["sendframes", {"frames": ["x"]}]'), "this is no action"),
        (TOLD.replace(b'{"action": "noop"}', b'["sendframes", {"frames": [1]}]'), "this is no action"),
        (TOLD.replace(b'{"action": "noop"}', b"[" * 100_000), "this is no action"),
        (TOLD.replace(b', "requestid": 1', b""), "this is no action"),
        (TOLD.replace(b'"command": "c"', b'"command": \xff'), "this is no action"),
    ],
)
def test_text_that_is_something_else_says_where(text: bytes, part: str) -> None:
    """It becomes a bad reply; nothing is guessed."""
    with pytest.raises(ReflectionError) as caught:
        read_reflection(text, [REQUEST], LAST)
    assert part in str(caught.value)


def test_error_without_a_message_is_an_error() -> None:
    """What a server says of it is its own affair."""
    text = TOLD.replace(b'{"action": "noop"}', b'{"action": "error"}\n["wantframe", {}]')

    _, at_end = read_reflection(text, [REQUEST], LAST)

    assert at_end == [{"error": {}}, {"want-frame": {}}]
