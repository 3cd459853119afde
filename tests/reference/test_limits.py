"""Tests of `hgframing._limits`."""

from __future__ import annotations

import dataclasses
import inspect

from typing import Any

import pytest

from hgframing._errors import LocalProtocolError
from hgframing._limits import DEFAULT_MAX_FRAME, Limits


#: Name, the smallest value, the largest (or none): the ranges that the attributes' documentation states.
RANGES = [
    ("max_payload", 0, 0xFFFFFF),
    ("max_requests", 1, 65536),
    ("max_request_octets", 0, None),
    ("max_buffered_octets", 0, None),
    ("max_settings_octets", 0, None),
    ("max_cbor_octets", 0, None),
    ("max_cbor_depth", 1, None),
    ("max_encoded_streams", 0, 128),
    ("max_decoded", 0, None),
]


def make(name: str, value: Any) -> Limits:
    """Make limits that differ from the default in one."""
    return dataclasses.replace(Limits(), **{name: value})


def test_limits_by_default_allow_what_the_text_allows_without_negotiation() -> None:
    """A payload has 65535 octets at most unless more was granted, and nothing can grant it (FRAME-003)."""
    assert Limits().max_payload == 65535


def test_limits_by_default_are_what_their_reasons_say() -> None:
    """16 MiB is a frame's largest payload, and four such requests may be under way; the rest is far above need."""
    mib = 1024 * 1024

    assert dataclasses.asdict(Limits()) == {
        "max_payload": 65535,
        "max_requests": 1024,
        "max_request_octets": 16 * mib,
        "max_buffered_octets": 4 * 16 * mib,
        "max_settings_octets": 65536,
        "max_cbor_octets": 2 * mib,
        "max_cbor_depth": 32,
        "max_encoded_streams": 8,
        "max_decoded": 16 * mib,
    }


def test_default_max_frame_is_what_mercurial_cuts_to() -> None:
    """Senders produce 32768 octets by default (sheet r1, "Header"), within what receivers allow."""
    assert DEFAULT_MAX_FRAME == 32768
    assert Limits().max_payload >= DEFAULT_MAX_FRAME


def test_limits_ranges_are_stated_for_every_limit() -> None:
    """A new limit gets a range, and a reason in the documentation."""
    names = [field.name for field in dataclasses.fields(Limits)]

    assert names == [name for name, _, _ in RANGES]
    # Python 3.13 takes the indentation away that docstrings have in common; earlier ones leave it.
    documented = inspect.cleandoc(Limits.__doc__ or "")
    assert [name for name in names if f"\n    {name}: " not in documented] == []


@pytest.mark.parametrize(("name", "smallest", "largest"), RANGES)
def test_limits_at_the_ends_of_a_range_are_accepted(name: str, smallest: int, largest: int | None) -> None:
    """Both ends belong to the range."""
    assert getattr(make(name, smallest), name) == smallest
    assert getattr(make(name, largest or 1 << 40), name) == (largest or 1 << 40)


@pytest.mark.parametrize(("name", "smallest", "largest"), RANGES)
def test_limits_beyond_a_range_are_refused(name: str, smallest: int, largest: int | None) -> None:
    """What cannot mean anything is the caller's mistake, told at once and by name."""
    for value in [smallest - 1] + ([] if largest is None else [largest + 1]):
        with pytest.raises(LocalProtocolError, match=f"^{name} must be a whole number from {smallest}"):
            make(name, value)


@pytest.mark.parametrize("value", [1.5, True, None, "64"])
def test_limits_that_are_no_whole_number_are_refused(value: object) -> None:
    """A limit read from a file as something else would be compared as something else."""
    with pytest.raises(LocalProtocolError, match=r"^max_decoded must be a whole number from 0 to inf, not "):
        make("max_decoded", value)


def test_limits_are_immutable() -> None:
    """Nobody changes the limits of a connection under way."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        Limits().max_payload = 1  # type: ignore[misc]
