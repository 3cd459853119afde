"""Tests of `hgframing_fuzz._machine`: how many workers a machine has room for."""

from __future__ import annotations

import os

import pytest

from hgframing_fuzz._machine import cores


def test_cores_are_those_that_the_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container may have fewer than its machine; where nobody says, the machine's count."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3}, raising=False)
    assert cores() == 2
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert cores() == 8
