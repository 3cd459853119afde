"""Hypothesis as one more engine: any octets at all are an input of every target, and no finding in what we have.

It makes hundreds of inputs a second where the loop makes thousands, so it is no campaign. But it shrinks what it finds
and keeps it in its database.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hgframing_fuzz import encode_input, run
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._outcome import Target
from hgframing_fuzz.targets import TARGETS
from tests.fuzz.strategies import inputs


@pytest.fixture(scope="module")
def watched() -> Iterator[Guards]:
    """Guards that stay on."""
    with Guards() as entered:
        yield entered


@pytest.fixture(scope="module", params=TARGETS)
def target(request: pytest.FixtureRequest, watched: Guards) -> Target:
    """Every target there is, on what we have."""
    return TARGETS[request.param].bind("reference", watched).target


@given(octets=st.binary(max_size=400) | inputs.map(encode_input))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_octets_are_no_finding(target: Target, octets: bytes) -> None:
    """Octets, or frames of any numbers."""
    finding = run(target, octets).finding

    assert finding is None, finding.message
