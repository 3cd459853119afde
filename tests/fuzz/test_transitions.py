"""Tests of `hgframing_fuzz._transitions`: a reactor that leaves its tables is found, the reference is not."""

from __future__ import annotations

from random import Random

import pytest

from hgframing import (
    REVISIONS,
    ClientAction,
    ClientReactor,
    ConnectionState,
    Error,
    Fault,
    Frame,
    Noop,
    ResponseData,
    RunCommand,
    ServerAction,
    ServerReactor,
    WantFrame,
)
from hgframing_fuzz import Finding, FuzzInput, Options
from hgframing_fuzz._client_session import ReferenceClient
from hgframing_fuzz._drive import make_script
from hgframing_fuzz._grammar import ClientGrammar
from hgframing_fuzz._input import Answers, Delivery, DriverBit
from hgframing_fuzz._outcome import Trace
from hgframing_fuzz._reference import ReferenceServer
from hgframing_fuzz._server_grammar import ServerGrammar
from hgframing_fuzz._subjects import ClientSubject, SessionSubject
from hgframing_fuzz._transitions import check_client_tables, check_server_tables
from tests.fuzz.miniatures import R5, Maker, Miniature, an_input


def server(reactor: type[ServerReactor], value: FuzzInput) -> Finding | None:
    """What the tables say of a server."""
    trace: Trace = []
    script = make_script(value, REVISIONS["0006"], Delivery.FRAME)
    SessionSubject(ReferenceServer(reactor)).observe(script, trace)
    return check_server_tables(script, trace)


def client(reactor: type[ClientReactor], value: FuzzInput) -> Finding | None:
    """What the tables say of a client."""
    trace: Trace = []
    script = make_script(value, R5, Delivery.FRAME)
    ClientSubject(ReferenceClient(reactor)).observe(script, trace)
    return check_client_tables(script, trace)


@pytest.mark.parametrize("code", range(6))
def test_reference_follows_its_tables(code: int) -> None:
    """Whatever comes, however it is answered, in every revision."""
    rng = Random(code)  # noqa: S311 -- repeatable on purpose
    for grammar, subject, check in (
        (ClientGrammar((code,)), SessionSubject(ReferenceServer()), check_server_tables),
        (ServerGrammar((code,)), ClientSubject(ReferenceClient()), check_client_tables),
    ):
        revision = grammar._revision(Options(code))
        for _ in range(300):
            value = grammar.sequence(rng)
            for late in (False, True):
                script = make_script(value, revision, Delivery.FRAME, late=late)
                trace: Trace = []
                subject.observe(script, trace)
                assert check(script, trace) is None


class Lenient(ServerReactor):
    """Wants the next frame after a frame that has no place."""

    def receive(self, item: Frame | Fault) -> tuple[ServerAction, ...]:
        """Swallow data that belongs to nothing."""
        if isinstance(item, Frame) and item.type_id == 2:
            return (WantFrame(),)
        return super().receive(item)


class Eager(ServerReactor):
    """Runs a request before its data."""

    def receive(self, item: Frame | Fault) -> tuple[ServerAction, ...]:
        """Run at once."""
        actions = super().receive(item)
        if isinstance(item, Frame) and item.type_id == 1 and item.flags & 8:
            return (RunCommand(item.request_id, b"c", {}),)
        return actions


class Lazy(ServerReactor):
    """Does not run what is whole."""

    def receive(self, item: Frame | Fault) -> tuple[ServerAction, ...]:
        """Forget it."""
        return tuple(one for one in super().receive(item) if not isinstance(one, RunCommand)) or (Noop(),)


class Undead(ServerReactor):
    """Is open again after an error."""

    @property
    def state(self) -> ConnectionState:
        """Never errored for long."""
        return ConnectionState.OPEN


class Sleeps(ServerReactor):
    """Never leaves the beginning."""

    @property
    def state(self) -> ConnectionState:
        """The first one."""
        return ConnectionState.INITIAL


class Miscounts(ServerReactor):
    """Forgets what is half received."""

    @property
    def receiving(self) -> tuple[int, ...]:
        """Nothing."""
        return ()


class Swallows(ServerReactor):
    """Is errored without a word."""

    def receive(self, item: Frame | Fault) -> tuple[ServerAction, ...]:
        """Say nothing."""
        return tuple(one for one in super().receive(item) if not isinstance(one, Error))


NEW = "1 1 stream-begin command-request new cbor:{b'name': b'c'}"
NEW_DATA = "1 1 stream-begin command-request new|have-data cbor:{b'name': b'c'}"


@pytest.mark.parametrize(
    ("reactor", "frames", "kind", "line"),
    [
        (
            Lenient,
            [NEW_DATA.replace("1 1", "3 1", 1), "1 1 0 command-data eos x"],
            "table-request",
            "data-last",
        ),
        (Lenient, ["1 1 stream-begin command-data 3 x"], "table-connection", "undefined"),
        (Eager, [NEW_DATA], "table-request", "new-data"),
        (Lazy, [NEW], "table-request", "new"),
        (Undead, ["1 1 stream-begin 15 0"], "table-connection", "error"),
        (Sleeps, [NEW], "table-connection", "new"),
        (Miscounts, [NEW_DATA], "accounts", "counts"),
        (Swallows, ["1 1 stream-begin 15 0"], "table-connection", "error"),
    ],
)
def test_server_that_leaves_its_tables_is_found(
    reactor: type[ServerReactor], frames: list[str], kind: str, line: str
) -> None:
    """Each oracle finds the fault that it is for, and the reference passes the same input."""
    value = an_input(*frames)

    found = server(reactor, value)

    assert found is not None
    assert (found.kind, found.line) == (kind, line)
    assert server(ServerReactor, value) is None


class Delivers(ClientReactor):
    """Delivers whatever comes."""

    def receive(self, item: Frame | Fault) -> tuple[ClientAction, ...]:
        """Take every frame for a response."""
        if isinstance(item, Frame):
            return (ResponseData(item.request_id, item.payload, False),)
        return super().receive(item)


class Withholds(ClientReactor):
    """Delivers nothing."""

    def receive(self, item: Frame | Fault) -> tuple[ClientAction, ...]:
        """Read, and keep it."""
        return tuple(one for one in super().receive(item) if isinstance(one, Error)) or (Noop(),)


@pytest.mark.parametrize(
    ("reactor", "frames", "line"),
    [
        (Delivers, ["9 2 stream-begin command-response eos x"], "response-last"),
        (Withholds, ["1 2 stream-begin command-response eos x"], "response-last"),
        (Withholds, ["1 2 stream-begin text-output 0 cbor:[]"], "text-output"),
    ],
)
def test_client_that_leaves_its_tables_is_found(
    reactor: type[ClientReactor], frames: list[str], line: str
) -> None:
    """A response to nobody, and a response that nobody gets."""
    value = an_input(*frames)

    found = client(reactor, value)

    assert found is not None
    assert found.line == line
    assert client(ClientReactor, value) is None


def test_other_deliveries_say_nothing() -> None:
    """Which octets were a frame is not known there."""
    value = an_input(NEW)
    script = make_script(value, R5, Delivery.OCTET)
    trace: Trace = []
    SessionSubject(ReferenceServer(Lazy)).observe(script, trace)

    assert check_server_tables(script, trace) is None


def test_who_does_not_tell_its_states_is_not_judged() -> None:
    """An implementation in this process has words of its own, or none."""
    script = make_script(an_input(NEW, NEW), R5, Delivery.FRAME)
    trace: Trace = []
    SessionSubject(Maker(Miniature)).observe(script, trace)

    assert check_server_tables(script, trace) is None
    assert check_client_tables(script, trace) is None


def test_answers_free_their_requests() -> None:
    """A request that is answered may come again; deferred answers have not left."""
    for driver in (0, int(DriverBit.DEFER_OUTPUT)):
        value = an_input(NEW, NEW, options=Options(answers=Answers.RESPOND, driver=driver))
        assert server(ServerReactor, value) is None
