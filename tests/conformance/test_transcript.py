"""Cases and octets as text for people."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hgframing import REVISIONS, Frame, parse_notation
from hgframing_conformance._transcript import action_lines, case_lines, octet_lines, show_frame

from .test_compare import demand, observe, wire
from .zoo.cases import case, frame_step


R6, R1, R2 = REVISIONS["0006"], REVISIONS["0001"], REVISIONS["0002"]


def test_octet_lines_show_the_borders_of_fields() -> None:
    """A header is cut into length, request, stream, stream flags, type and flags (sheet r3, "Header")."""
    assert list(octet_lines(bytes.fromhex("0300000100010122616263"), R6)) == [
        "030000 0100 01 01 22 | 616263",
        "  = 1 1 stream-begin command-data eos abc",
    ]
    assert next(iter(octet_lines(bytes.fromhex("0c000011"), R1))).startswith("0c0000 11")
    assert next(iter(octet_lines(bytes.fromhex("000000010032"), R2))).startswith("000000 0100 32")


def test_octet_lines_say_what_is_missing() -> None:
    """A header or a payload that is cut off is called so."""
    assert "3 octets of a header of 8" in next(iter(octet_lines(b"\x01\x00\x00", R6)))
    *_, last = octet_lines(bytes.fromhex("0500000100010122616263"), R6)
    assert "declares 5 octets of payload, 3 follow" in last


@given(st.binary(max_size=64), st.sampled_from(list(REVISIONS.values())))
def test_octet_lines_explain_any_octets(octets: bytes, revision: object) -> None:
    """Whatever somebody pastes, it is explained and not refused, and no octet is lost."""
    assert isinstance(revision, type(R6))
    lines = list(octet_lines(octets, revision))
    shown = "".join(line.partition("   ")[0] for line in lines if not line.startswith("  "))
    if len(octets) < 32:
        assert shown.replace(" ", "").replace("|", "").replace("-", "") == octets.hex()


def test_show_frame_shortens_what_is_long() -> None:
    """A payload that no screen holds loses its end and says its length."""
    shown = show_frame(Frame(1, 1, 0, 2, 2, b"x" * 65536), R6)
    assert len(shown) < 200
    assert "65536 octets" in shown


def test_action_lines_show_sent_frames_in_notation() -> None:
    """What was sent is shown as everybody writes it."""
    response = "1 2 stream-begin command-response eos abc"
    assert action_lines(observe([wire(response)]), R6) == ["send-frames (1)", f"  {response}"]
    assert action_lines((), R6) == ["nothing"]


def test_case_lines_tell_the_whole_case() -> None:
    """Title, requirements, octets, expectations and what must never follow are all there."""
    step = demand([{"error": {"code": "bad-flags"}}], [{"noop": {}}], never=("run-command",))
    text = "\n".join(
        case_lines(case("a-case", frame_step("one"), step, deviations=("D9",), comment="left open"), R6, None)
    )
    for words in (
        "a-case@0006",
        "A frame is decoded",
        "FRAME-001",
        "D9",
        "left open",
        "1 1 0 command-data eos one",
        "030000 0100 01 00 22 | 6f6e65",
        "alternative 2",
        "never: run-command",
    ):
        assert words in text
    assert parse_notation("1 1 0 command-data eos one", R6).payload == b"one"
