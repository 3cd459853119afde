"""Locators."""

from __future__ import annotations

import pytest

from hgframing_conformance._locators import KINDS, REFERENCE, connect
from hgframing_conformance.errors import ConnectError, LocatorError

from .zoo.cases import animal


@pytest.mark.parametrize("locator", ["", "reference", "ftp:x", "Direct:a:b", ":", "./harness"])
def test_connect_unknown_kind_lists_the_kinds(locator: str) -> None:
    """Who does not know the kinds is told them, in one line."""
    with pytest.raises(LocatorError) as caught:
        connect(locator)
    for form, _ in KINDS.values():
        assert form in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("rest", ["", "module", "module:", ":factory", "a..b:c", "a b:c", "a:b:c", "a:b()"])
def test_connect_malformed_direct_says_how_it_is_written(rest: str) -> None:
    """A direct locator is a module and a name in it."""
    with pytest.raises(LocatorError, match=r"direct:package\.module:factory"):
        connect(f"direct:{rest}")


def test_connect_reference_introduces_itself() -> None:
    """The default implementation is there."""
    adapter = connect(REFERENCE)
    assert adapter.hello.name == "hgframing"
    assert adapter.close() == ()


def test_connect_exec_starts_a_process() -> None:
    """What follows `exec:` is a command line."""
    adapter = connect(f"exec:{animal('honest')}")
    assert adapter.hello.name == "animal"
    assert adapter.close() == ()


def test_connect_missing_program_is_named() -> None:
    """A program that does not exist is said to be the cause."""
    with pytest.raises(ConnectError, match="no-such-program"):
        connect("exec:no-such-program")
