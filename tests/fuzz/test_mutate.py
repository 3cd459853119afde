"""Tests of `hgframing_fuzz._mutate`: frames change at any position, and inputs stay inputs."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from hgframing import Frame
from hgframing_fuzz._grammar import ClientGrammar
from hgframing_fuzz._input import DriverBit, FuzzInput, Options, decode_input, encode_input
from hgframing_fuzz._mutate import Mutator
from tests.fuzz.miniatures import an_input
from tests.fuzz.strategies import inputs


def mutator(seed: int = 1) -> Mutator:
    """A mutator for revision 0006."""
    return Mutator(ClientGrammar((0,)), Random(seed))  # noqa: S311


#: A conversation of five frames that can be told apart.
START = an_input(
    "1 1 stream-begin command-request new|have-data cbor:{b'name': b'c'}",
    "3 1 0 command-request new cbor:{b'name': b'd', b'args': {b'a': 1}}",
    "1 1 0 command-data continuation one",
    "1 1 0 command-data continuation two",
    "1 1 0 command-data eos three",
)


def many(count: int = 4000) -> list[FuzzInput]:
    """Mutations of the conversation."""
    made = mutator()
    return [made.mutate(START) for _ in range(count)]


@given(inputs, inputs, st.integers(0, 2**32))
def test_mutate_any_input_gives_an_input(left: FuzzInput, right: FuzzInput, seed: int) -> None:
    """What comes out can be written and read back, from whatever it was made."""
    made = mutator(seed)

    for value in (
        made.mutate(left),
        made.cross(left, right),
        made.mutate(made.cross(right, left)),
        made.fresh(),
    ):
        assert decode_input(encode_input(value)) == value


def test_mutate_same_seed_gives_the_same_inputs() -> None:
    """A run can be repeated."""
    assert many(300) == many(300)


def test_mutate_reaches_every_position() -> None:
    """Not the last message only: each frame is changed, removed, or gets a neighbour."""
    changed, removed, inserted = set(), set(), set()
    for value in many():
        frames = value.frames
        for index, frame in enumerate(START.frames):
            rest = (*START.frames[:index], *START.frames[index + 1 :])
            if frames == rest:
                removed.add(index)
            elif len(frames) <= index:
                continue
            elif len(frames) == 5 and frames[:index] + frames[index + 1 :] == rest and frames[index] != frame:
                changed.add(index)
            elif frames == (*START.frames[:index], frames[index], *START.frames[index:]):
                inserted.add(index)

    assert changed == removed == inserted == {0, 1, 2, 3, 4}


def test_mutate_doubles_swaps_splits_and_joins() -> None:
    """The operations on a sequence of frames all happen."""
    one, two, three, four, five = START.frames
    sequences = {value.frames for value in many(20_000)}

    assert (one, two, three, three, four, five) in sequences
    assert (one, two, four, three, five) in sequences
    split = [
        frames
        for frames in sequences
        if len(frames) == 6 and frames[4].payload + frames[5].payload == b"three" and frames[4].payload
    ]
    assert any((frames[4].flags, frames[5].flags) == (1, 2) for frames in split), "parts of one payload"
    assert any(len(frames) == 4 and frames[2].payload == b"onetwo" for frames in sequences)


def test_mutate_draws_ids_from_those_in_use() -> None:
    """A frame moves to the other request, or beside it; now and then to an ID that nobody uses."""
    ids = [value.frames[1].request_id for value in many() if len(value.frames) == 5]

    assert {1, 5, 0} <= set(ids)
    assert ids.count(1) > ids.count(65535)


def test_mutate_swaps_types_inside_of_cbor() -> None:
    """A known field gets a value of another type, in the middle of a conversation."""
    seen = {value.frames[1].payload for value in many(20_000) if len(value.frames) == 5}

    before_name = b"\xa2Dargs\xa1Aa\x01Dname"
    names = {
        payload[len(before_name)] >> 5
        for payload in seen
        if payload.startswith(before_name) and len(payload) > len(before_name)
    }
    assert {0, 1, 2, 4, 5, 6, 7} <= names, "the command's name is of every type but text"
    assert any(payload.startswith(before_name + b"\x5f") for payload in seen), "a strange string"
    assert any(payload.startswith(b"\xd9\x01\x02" * 4) for payload in seen), "a tag chain"


def test_mutate_changes_options_and_tail() -> None:
    """The driver's options are part of the input."""
    values = many()

    assert any(value.options != START.options for value in values)
    assert any(value.tail for value in values)


def test_comparison_is_drawn_and_not_inherited() -> None:
    """However many inputs of the corpus compare, few of those that are made from them do."""
    made = mutator()
    comparing = FuzzInput(Options(driver=DriverBit.COMPARE), START.frames)

    mutated = [made.mutate(comparing).options.compares for _ in range(4000)]
    crossed = [made.cross(comparing, comparing).options.compares for _ in range(4000)]

    assert 20 < sum(mutated) < 200
    assert 20 < sum(crossed) < 200


def test_mutate_lengthens_beyond_the_allowed_payload() -> None:
    """A payload above 65535 octets must be refused (FRAME-003)."""
    assert any(len(frame.payload) > 0xFFFF for value in many(20_000) for frame in value.frames)


def test_mutate_again_and_again_does_not_grow_without_end() -> None:
    """Inputs stay of a size that can be run often."""
    made, value = mutator(), START
    for _ in range(3000):
        value = made.mutate(made.cross(value, value))
        assert len(value.frames) <= 40
        assert sum(len(frame.payload) for frame in value.frames) <= 200_000


def test_mutate_empty_input_gets_frames() -> None:
    """There is something to start from."""
    assert any(mutator(seed).mutate(FuzzInput(Options(), ())).frames for seed in range(10))


def test_cross_splices_whole_frames() -> None:
    """The beginning of one and the end of another, or a piece inside; no frame is broken."""
    other = FuzzInput(Options(), tuple(Frame(7, 1, 0, 2, 1, bytes((number,))) for number in range(5)))
    made = mutator()
    spliced = [made.cross(START, other).frames for _ in range(500)]

    assert all(set(frames) <= set(START.frames) | set(other.frames) for frames in spliced)
    assert (*START.frames[:2], *other.frames[3:]) in spliced
    assert any({START.frames[0], START.frames[-1], other.frames[2]} <= set(frames) for frames in spliced)
