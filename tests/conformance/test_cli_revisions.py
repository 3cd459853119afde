"""`hgframing revisions`."""

from __future__ import annotations

import pytest

from .zoo.commands import run


def test_revisions_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Every revision is there with its media type."""
    assert run("revisions") == 0
    out = capsys.readouterr().out
    assert "0002-streams" in out
    assert "application/mercurial-exp-framing-0006" in out
