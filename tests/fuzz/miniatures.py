"""Servers of a few lines, each with one planted fault, and what the tests need to drive them.

A miniature answers every command-request frame that is new and whole with `run-command`, everything else with
`want-frame`, and an undefined frame type or a request ID that is busy with an error that is terminal. The faults
are variations of that.
"""

from __future__ import annotations

import itertools
import sys

from collections.abc import Callable, Hashable
from typing import Any, Final

from hgframing import REVISIONS, Frame, Revision, parse_notation
from hgframing_fuzz import Answer, CodeUnderTest, FuzzInput, Kind, Observed, Options
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._reactor_target import ReactorTarget
from hgframing_fuzz._subjects import SessionSubject


R5: Final = REVISIONS["0006"]

WANT: Final = Observed(Kind.WANT_FRAME)
ERROR: Final = Observed(Kind.ERROR, None, ("bad-flags", "no"))


def frame(text: str) -> Frame:
    """A frame of revision 0006 from its notation."""
    return parse_notation(text, R5)


def an_input(*frames: str, options: Options | None = None, tail: bytes = b"") -> FuzzInput:
    """An input of frames in notation."""
    return FuzzInput(options or Options(), tuple(frame(text) for text in frames), tail)


def command(request: int = 1, name: Any = b"c", args: Any = None, data: Any = None) -> Observed:
    """A command that is to be run."""
    return Observed(Kind.RUN_COMMAND, request, (name, {} if args is None else args, data, None))


class Miniature:
    """A session without faults."""

    def __init__(self) -> None:
        self.octets = b""
        self.errored = False
        self.defers = False
        self.active: set[int] = set()

    @property
    def state(self) -> Hashable:
        """One of two."""
        return "errored" if self.errored else "open"

    def receive(self, octets: bytes) -> tuple[Observed, ...]:
        """Take whole frames off what has arrived."""
        self.octets += octets
        observed: list[Observed] = []
        while len(self.octets) >= 8:
            end = 8 + int.from_bytes(self.octets[:3], "little")
            if end > len(self.octets):
                break
            whole, self.octets = self.octets[:end], self.octets[end:]
            observed += self.on_frame(int.from_bytes(whole[3:5], "little"), whole[7], whole[8:])
        return tuple(observed)

    def on_frame(self, request: int, nibbles: int, payload: bytes) -> tuple[Observed, ...]:
        """Answer one frame."""
        if self.errored or nibbles >> 4 not in R5.frames:
            self.errored = True
            return (ERROR,)
        return self.on_legal(request, nibbles, payload)

    def on_legal(self, request: int, nibbles: int, _payload: bytes) -> tuple[Observed, ...]:
        """Answer one frame of a defined type."""
        if nibbles != 0x11:
            return (WANT,)
        if request in self.active:
            self.errored = True
            return (ERROR,)
        self.active.add(request)
        return (command(request),)

    def answer(self, answer: Answer) -> tuple[Observed, ...]:
        """Send one frame that ends the response; then the request's ID is free."""
        if not self.defers:
            self.active.discard(answer.request)
        return (Observed(Kind.SEND_FRAMES, None, (Frame(answer.request, 2, 0, 3, 2),)),)

    def end_input(self) -> tuple[Observed, ...]:
        """Say nothing."""
        return (Observed(Kind.NOOP),)


class Raises(Miniature):
    """Raises for an empty payload of a request, as Mercurial does."""

    def on_legal(self, request: int, nibbles: int, payload: bytes) -> tuple[Observed, ...]:
        """Look at an octet that may not be there."""
        if nibbles == 0x11 and payload[0] == 0xFF:
            return (WANT,)
        return super().on_legal(request, nibbles, payload)


class Recurses(Miniature):
    """Exhausts the stack for a long payload."""

    def on_legal(self, request: int, nibbles: int, payload: bytes) -> tuple[Observed, ...]:
        """Walk the payload the wrong way."""

        def walk(position: int) -> int:
            return 0 if position >= len(payload) else 1 + walk(position + 1)

        walk(0)
        return super().on_legal(request, nibbles, payload)


class Allocates(Miniature):
    """Believes a length that the peer declares."""

    def on_legal(self, request: int, nibbles: int, payload: bytes) -> tuple[Observed, ...]:
        """Make room for as many octets as the payload says, and touch it."""
        _ = b"x" * int.from_bytes(payload[:4], "big")
        return super().on_legal(request, nibbles, payload)


class AllocatesQuietly(Allocates):
    """The same, and calls a lack of memory the peer's fault."""

    def on_legal(self, request: int, nibbles: int, payload: bytes) -> tuple[Observed, ...]:
        """Turn an exception into an error."""
        try:
            return super().on_legal(request, nibbles, payload)
        except MemoryError:
            return (ERROR,)


class Loops(Miniature):
    """Never ends for a payload that begins with `loop`."""

    def on_legal(self, request: int, nibbles: int, payload: bytes) -> tuple[Observed, ...]:
        """Go round and round."""
        if payload.startswith(b"loop"):
            for number in itertools.count():
                str(number)
        return super().on_legal(request, nibbles, payload)


class Undead(Miniature):
    """Goes on after an error."""

    def on_frame(self, request: int, nibbles: int, payload: bytes) -> tuple[Observed, ...]:
        """Forget the error."""
        self.errored = False
        return super().on_frame(request, nibbles, payload)


class RunsAgain(Miniature):
    """Runs every request twice."""

    def on_legal(self, request: int, nibbles: int, payload: bytes) -> tuple[Observed, ...]:
        """Double the answer."""
        return super().on_legal(request, nibbles, payload) * 2


class RunsAnother(Miniature):
    """Runs a request under another ID."""

    def on_legal(self, request: int, nibbles: int, payload: bytes) -> tuple[Observed, ...]:
        """Mistake the ID."""
        return super().on_legal(request ^ 4, nibbles, payload)


class DependsOnCuts(Miniature):
    """Counts how often it was called."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def receive(self, octets: bytes) -> tuple[Observed, ...]:
        """Count the calls."""
        self.calls += 1
        return super().receive(octets)

    def on_legal(self, request: int, nibbles: int, payload: bytes) -> tuple[Observed, ...]:
        """Put the count into the command's data."""
        super().on_legal(request, nibbles, payload)
        return (command(request, data=b"%d" % self.calls),)


class Forgetful(Miniature):
    """Answers differently each time."""

    numbers = itertools.count()

    def on_legal(self, request: int, nibbles: int, payload: bytes) -> tuple[Observed, ...]:
        """Put a number that never comes back into the command's data."""
        super().on_legal(request, nibbles, payload)
        return (command(request, data=b"%d" % next(self.numbers)),)


class TalksOn(Miniature):
    """Sends a frame after the end of a response."""

    def answer(self, answer: Answer) -> tuple[Observed, ...]:
        """Double the frames."""
        return super().answer(answer) * 2


class Refuses(Miniature):
    """Does not let a command be answered."""

    def answer(self, answer: Answer) -> tuple[Observed, ...]:
        """Refuse."""
        return (Observed(Kind.REFUSED, answer.request, f"request {answer.request} is unknown"),)


class Maker:
    """Makes sessions of one kind: what a factory of `direct:` returns."""

    revisions = ("0006",)
    instrument = (__name__,)

    def __init__(self, kind: Callable[[], Miniature], *, cuts: bool = True) -> None:
        self.name = getattr(kind, "__name__", "miniature")
        self.cuts = cuts
        self._kind = kind

    @property
    def code(self) -> CodeUnderTest:
        """This file, whatever it was imported as."""
        file = str(sys.modules[__name__].__file__)
        return CodeUnderTest(roots=(file,), reactors=frozenset({file}))

    def open_server(self, revision: Revision, *, defer_output: bool) -> Miniature:
        """Make a session; there is one revision."""
        assert revision is R5
        session = self._kind()
        session.defers = defer_output
        return session


def target_of(kind: Callable[[], Miniature], guards: Guards, *, cuts: bool = True) -> ReactorTarget:
    """A target that drives miniatures of one kind."""
    return ReactorTarget("server-reactor", SessionSubject(Maker(kind, cuts=cuts)), guards)


def make_the_allocator_keep_room() -> None:
    """Let 44 MiB be free, and resident, at the top of the heap.

    Freeing one large block makes glibc keep up to twice its size from then on: mallopt(3), M_MMAP_THRESHOLD.
    """
    mebi = 1 << 20
    sizes = [len(bytes(24 * mebi)), sum(map(len, [bytes(mebi) for _ in range(44)]))]
    assert sizes == [24 * mebi, 44 * mebi]
