"""Hypothesis strategies of fuzz inputs."""

from __future__ import annotations

from hypothesis import strategies as st

from hgframing import REVISIONS
from hgframing_fuzz import FuzzInput, Options
from tests.reference.strategies import frames


_OCTET = st.integers(0, 255)

options = st.builds(Options, revision=_OCTET, driver=_OCTET, answers=_OCTET, seed=_OCTET)

#: A tail is what decoding leaves: never a whole frame.
tails = st.binary(max_size=7)

inputs = st.builds(
    FuzzInput,
    options=options,
    frames=st.lists(frames(REVISIONS["0006"].header), max_size=6).map(tuple),
    tail=tails,
)
