"""Tests of `hgframing_fuzz._order`: it survives the way through a command line."""

from __future__ import annotations

from pathlib import Path

import msgspec

from hgframing_fuzz._order import Order
from tests.fuzz.campaigning import an_order


def test_order_comes_out_as_it_went_in(tmp_path: Path) -> None:
    """Numbers and names alike."""
    order = an_order(tmp_path)

    assert msgspec.json.decode(msgspec.json.encode(order), type=Order) == order
