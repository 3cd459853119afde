"""Tests of `hgframing_fuzz._grammar`: what it makes is mostly right, and wrong in every way that matters."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import cbor2
import pytest

from hgframing import REVISIONS, Feature, Frame, FrameBuffer, FrameType, RunCommand, ServerReactor
from hgframing_fuzz._grammar import ClientGrammar, request_map, settings_map, upset, with_numbers
from hgframing_fuzz._input import REVISION_CODES, Answers, Delivery, FuzzInput, encode_input, wire_frames


def make(count: int = 2000, codes: tuple[int, ...] = (0,)) -> list[FuzzInput]:
    """Inputs from one seed."""
    grammar = ClientGrammar(codes)
    rng = Random(11)  # noqa: S311
    return [grammar.sequence(rng) for _ in range(count)]


def payloads(write: Callable[[Random], bytes], count: int = 3000) -> list[bytes]:
    """Payloads from one seed."""
    rng = Random(11)  # noqa: S311
    return [write(rng) for _ in range(count)]


def decoded(octets: bytes) -> object:
    """What a lenient decoder makes of octets, or an exception."""
    try:
        return cbor2.loads(octets)
    except Exception as error:  # noqa: BLE001 -- what fuzzers write makes libraries raise anything
        return error


def test_sequence_same_seed_gives_the_same_inputs() -> None:
    """A run can be repeated."""
    assert make(200) == make(200)


def test_sequence_can_be_written() -> None:
    """Every number fits its field."""
    for value in make(codes=tuple(range(6))):
        encode_input(value)


@pytest.mark.parametrize("code", range(len(REVISION_CODES)))
def test_sequence_often_runs_a_command(code: int) -> None:
    """A generator whose conversations end at the first frame would test nothing behind it."""
    revision = REVISIONS[REVISION_CODES[code]]
    ran = 0
    for value in make(500, (code,)):
        buffer, reactor = FrameBuffer(revision), ServerReactor(revision)
        buffer.feed(b"".join(wire_frames(value.frames, revision.header)))
        ran += any(isinstance(action, RunCommand) for item in buffer for action in reactor.receive(item))

    assert ran > 150


def test_sequence_has_every_frame_type_and_flag_of_a_client() -> None:
    """Types that a client sends, with every set of flags, and types that nobody defined."""
    seen = {(frame.type_id, frame.flags) for value in make(20_000) for frame in value.frames}

    assert {(1, flags) for flags in range(16)} <= seen
    assert {(2, flags) for flags in range(4)} <= seen
    assert {(8, flags) for flags in range(4)} <= seen
    assert {type_id for type_id, _ in seen} == set(range(16))


def test_sequence_draws_every_option() -> None:
    """All ways to cut, to answer, to end and to compare."""
    options = [value.options for value in make()]

    assert {option.delivery for option in options} == set(Delivery)
    assert {option.answer_plan for option in options} == set(Answers)
    for flag in ("defer_output", "ends", "compares"):
        assert {getattr(option, flag) for option in options} == {False, True}


def test_sequence_only_draws_revisions_that_are_spoken() -> None:
    """An input for a revision that the implementation lacks would be an input for another."""
    assert {value.options.revision for value in make(codes=(1, 4))} == {1, 4}


def test_sequence_interleaves_requests() -> None:
    """Frames of one request stand between those of another."""

    def interleaved(frames: tuple[Frame, ...]) -> bool:
        ids = [frame.request_id for frame in frames]
        return any(
            ids[index] != ids[index + 1] and ids[index] in ids[index + 2 :] for index in range(len(ids) - 2)
        )

    assert any(interleaved(value.frames) for value in make())


def test_sequence_ends_inside_of_a_frame_sometimes() -> None:
    """The tail is a frame that is cut off, also one that declares more than any limit."""
    tails = {value.tail for value in make() if value.tail}

    assert any(tail.startswith(b"\xff\xff\xff") for tail in tails)
    assert any(len(tail) < 8 for tail in tails)


def test_request_map_is_usually_a_request() -> None:
    """A map with a name of octets (REQ-001)."""
    values = [decoded(octets) for octets in payloads(request_map)]
    good = [value for value in values if isinstance(value, dict) and isinstance(value.get(b"name"), bytes)]

    assert len(good) > len(values) // 2


def test_request_map_swaps_the_types_of_known_fields() -> None:
    """A name that is no bytestring, arguments that are no map, a redirect that is neither."""
    values = [value for octets in payloads(request_map) if isinstance(value := decoded(octets), dict)]

    for key, right in ((b"name", bytes), (b"args", dict), (b"redirect", dict)):
        wrong = {type(value[key]) for value in values if key in value and not isinstance(value[key], right)}
        assert {int, list} <= wrong, key


def test_request_map_has_what_only_looks_like_a_map() -> None:
    """Bytestrings and lists in which an unwary reactor finds the keys."""
    values = [decoded(octets) for octets in payloads(request_map)]

    assert any(isinstance(value, bytes) and b"name" in value and b"args" in value for value in values)
    assert any(isinstance(value, list) and b"name" in value and b"args" in value for value in values)


def test_settings_map_swaps_the_type_of_the_encodings() -> None:
    """`contentencodings` is an array of bytestrings (SET-002); anything else must be refused."""
    values = [value for octets in payloads(settings_map) if isinstance(value := decoded(octets), dict)]
    types = {type(value[b"contentencodings"]) for value in values if b"contentencodings" in value}

    assert {list, int, bytes, dict, type(None)} <= types


def test_settings_map_names_known_and_unknown_encodings() -> None:
    """All three of the text, and others."""
    offered = {
        name
        for octets in payloads(settings_map)
        if isinstance(value := decoded(octets), dict) and isinstance(value.get(b"contentencodings"), list)
        for name in value[b"contentencodings"]
        if isinstance(name, bytes)
    }

    assert {b"identity", b"zlib", b"zstd-8mb", b"gzip"} <= offered


def test_upset_changes_one_number() -> None:
    """Everything else stays, the payload too."""
    frame = Frame(1, 1, 1, 1, 1, b"x")
    rng = Random(3)  # noqa: S311
    changed = [upset(rng, frame) for _ in range(500)]

    fields = ("request_id", "stream_id", "stream_flags", "type_id", "flags")
    differing = [[name for name in fields if getattr(one, name) != getattr(frame, name)] for one in changed]
    assert {names[0] for names in differing if names} == set(fields)
    assert all(len(names) <= 1 for names in differing)
    assert all(one.payload == b"x" for one in changed)


def test_with_numbers_changes_what_is_named() -> None:
    """Zero is a number, not the absence of one."""
    frame = Frame(1, 2, 3, 4, 5, b"x")

    assert with_numbers(frame) == frame
    assert with_numbers(frame, request_id=0, flags=0, payload=b"") == Frame(0, 2, 3, 4, 0, b"")
    assert with_numbers(frame, stream_id=0, stream_flags=0, type_id=0) == Frame(1, 0, 0, 0, 5, b"x")


def test_frames_of_an_older_revision_are_its_own() -> None:
    """Before CBOR requests a command is a name and arguments."""
    revision = REVISIONS["0001"]
    code = REVISION_CODES.index("0001")
    types = {frame.type_id for value in make(300, (code,)) for frame in value.frames}

    assert Feature.COMMAND_ARGUMENTS in revision.features
    for wanted in (FrameType.COMMAND_NAME, FrameType.COMMAND_ARGUMENT, FrameType.COMMAND_DATA):
        assert revision.type_ids[wanted] in types
