"""Servers that are hard on the process that they run in: for an empty payload of a request they end it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time

from hgframing_fuzz import Observed
from tests.fuzz.miniatures import Maker, Miniature


class Crashes(Miniature):
    """Reads where nothing is."""

    def on_legal(self, request: int, nibbles: int, payload: bytes) -> tuple[Observed, ...]:
        """Take the interpreter down."""
        if nibbles == 0x11 and not payload:
            ctypes.string_at(0)
        return super().on_legal(request, nibbles, payload)


class Killed(Miniature):
    """Is killed, as the kernel does when memory runs out."""

    def on_legal(self, request: int, nibbles: int, payload: bytes) -> tuple[Observed, ...]:
        """Leave no word."""
        if nibbles == 0x11 and not payload:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().on_legal(request, nibbles, payload)


class Exits(Miniature):
    """Believes that the process is its own."""

    def on_legal(self, request: int, nibbles: int, payload: bytes) -> tuple[Observed, ...]:
        """End it."""
        if nibbles == 0x11 and not payload:
            sys.exit(9)
        return super().on_legal(request, nibbles, payload)


class Sleeps(Miniature):
    """Waits for something that never comes, and costs no time of the processor."""

    def on_legal(self, request: int, nibbles: int, payload: bytes) -> tuple[Observed, ...]:
        """Wait."""
        if nibbles == 0x11 and not payload:
            time.sleep(3600)
        return super().on_legal(request, nibbles, payload)


def crashes() -> object:
    """What a locator names."""
    return Maker(Crashes)


def killed() -> object:
    """What a locator names."""
    return Maker(Killed)


def exits() -> object:
    """What a locator names."""
    return Maker(Exits)


def sleeps() -> object:
    """What a locator names."""
    return Maker(Sleeps)


class Dull(Miniature):
    """Says nothing, whatever comes: there is little to see, and it is seen soon."""

    def receive(self, _octets: bytes) -> tuple[Observed, ...]:
        """Say nothing."""
        return ()


def dull() -> object:
    """What a locator names."""
    return Maker(Dull)


class _Elsewhere(Maker):
    """Names a module to instrument in which nothing of it is."""

    instrument = ("hgframing_fuzz._description",)


def blind() -> object:
    """What a locator names."""
    return _Elsewhere(Miniature)
