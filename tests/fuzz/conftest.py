"""What the fuzzer's tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hgframing_fuzz._guards import Guards


@pytest.fixture
def guards() -> Iterator[Guards]:
    """Guards that are on."""
    with Guards() as entered:
        yield entered
