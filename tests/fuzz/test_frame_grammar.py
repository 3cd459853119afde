"""Tests of `hgframing_fuzz._frame_grammar`: every edge is drawn, and drawn again by the same seed."""

from __future__ import annotations

from random import Random

from hgframing_fuzz._frame_grammar import FrameGrammar
from hgframing_fuzz._mutate import Mutator


def test_sequences_reach_the_edges_of_all_fields() -> None:
    """Lengths of one, two and three octets, every nibble, the first and the last IDs."""
    rng = Random(1)  # noqa: S311 -- repeatable on purpose
    grammar = FrameGrammar((0, 5))
    values = [grammar.sequence(rng) for _ in range(2000)]
    frames = [frame for value in values for frame in value.frames]

    assert {len(frame.payload) for frame in frames} >= {0, 1, 255, 256, 65535, 65536}
    assert {frame.type_id for frame in frames} == set(range(16)) == {frame.flags for frame in frames}
    assert {0, 65535} <= {frame.request_id for frame in frames}
    assert {0, 255} <= {frame.stream_id for frame in frames}
    assert {value.options.revision for value in values} == {0, 5}
    assert len({value.options.answers for value in values}) == 256
    assert any(value.tail for value in values)
    assert any(b"\1\0\1\1\x11" in frame.payload for frame in frames)


def test_mutations_are_repeatable() -> None:
    """A run can be repeated."""
    runs = []
    for _ in range(2):
        mutator = Mutator(FrameGrammar((0,)), Random(2))  # noqa: S311 -- repeatable on purpose
        value = mutator.fresh()
        for _ in range(100):
            value = mutator.mutate(mutator.cross(value, mutator.fresh()))
        runs.append(value)

    assert runs[0] == runs[1]
