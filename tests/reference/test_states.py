"""Tests of `hgframing._states`: the tables, against the order of things that the sheets describe."""

from __future__ import annotations

import enum

from collections.abc import Mapping
from typing import Any

import pytest

from hgframing import REVISIONS, Revision
from hgframing._states import (
    CLIENT_REQUEST,
    CONNECTION,
    CONNECTION_WITH_SETTINGS,
    CONNECTION_WITH_STREAM_SETTINGS,
    SERVER_REQUEST_BY_ARGUMENTS,
    SERVER_REQUEST_BY_CBOR,
    STREAM,
    ClientRequestState,
    ConnectionState,
    FrameInput,
    LocalInput,
    ServerRequestState,
    StreamInput,
    StreamState,
)


Table = Mapping[Any, Mapping[Any, Any]]

F = FrameInput
L = LocalInput
C = ConnectionState
S = ServerRequestState
R = ClientRequestState

#: Name, table, where its machine starts, its states that nothing leaves.
TABLES: list[tuple[str, Table, enum.Enum, set[enum.Enum]]] = [
    ("connection", CONNECTION, C.OPEN, {C.ERRORED}),
    ("connection with stream settings", CONNECTION_WITH_STREAM_SETTINGS, C.OPEN, {C.ERRORED}),
    ("connection with settings", CONNECTION_WITH_SETTINGS, C.INITIAL, {C.ERRORED}),
    ("stream", STREAM, StreamState.CLOSED, set()),
    ("server request by arguments", SERVER_REQUEST_BY_ARGUMENTS, S.UNKNOWN, set()),
    ("server request by CBOR", SERVER_REQUEST_BY_CBOR, S.UNKNOWN, set()),
    ("client request", CLIENT_REQUEST, R.PENDING, {R.RECEIVED, R.ERRORED}),
]
NAMES = [name for name, *_ in TABLES]

SETTINGS = {F.SETTINGS_MORE, F.SETTINGS_LAST}
STREAM_SETTINGS = {F.STREAM_SETTINGS_MORE, F.STREAM_SETTINGS_LAST}
FROM_SERVER = [F.RESPONSE_MORE, F.RESPONSE_LAST, F.ERROR_RESPONSE, F.TEXT_OUTPUT, F.PROGRESS]


def tables_of(revision: Revision) -> dict[type[enum.Enum], Table]:
    """List the tables of a revision by the enum of their states."""
    return {
        ConnectionState: revision.connection,
        StreamState: revision.stream,
        ServerRequestState: revision.server_request,
        ClientRequestState: revision.client_request,
    }


def walk(table: Table, start: enum.Enum, inputs: list[Any]) -> enum.Enum | None:
    """Say where a machine stands after these inputs; nothing, if one of them is a fault."""
    state: enum.Enum | None = start
    for item in inputs:
        state = None if state is None else table[state].get(item)
    return state


def reachable(table: Table, start: enum.Enum) -> set[enum.Enum]:
    """List the states to which some sequence of inputs leads."""
    found = {start}
    pending = [start]
    for state in pending:
        new = set(table[state].values()) - found
        found |= new
        pending += new
    return found


@pytest.mark.parametrize(("name", "table", "start", "terminal"), TABLES, ids=NAMES)
def test_table_states_what_follows_every_state_that_it_leads_to(
    name: str, table: Table, start: enum.Enum, terminal: set[enum.Enum]
) -> None:
    """Every target is a state with a row of its own: no machine can stand where the table knows nothing."""
    assert {target for row in table.values() for target in row.values()} <= set(table), name
    assert start in table
    assert terminal <= set(table)


@pytest.mark.parametrize(("name", "table", "start", "terminal"), TABLES, ids=NAMES)
def test_table_has_no_state_that_nothing_reaches(
    name: str, table: Table, start: enum.Enum, terminal: set[enum.Enum]
) -> None:
    """A fault leads to `errored` from everywhere, without a row; every other state has a way to it."""
    assert terminal >= {C.ERRORED} & set(table)
    assert set(table) == reachable(table, start) | {C.ERRORED} & set(table), name


@pytest.mark.parametrize(("name", "table", "start", "terminal"), TABLES, ids=NAMES)
def test_table_leaves_terminal_states_and_only_those_empty(
    name: str, table: Table, start: enum.Enum, terminal: set[enum.Enum]
) -> None:
    """Terminal states are written out, empty, and no other state is a dead end."""
    assert {state for state, row in table.items() if not row} == terminal, name
    assert start not in terminal


@pytest.mark.parametrize(
    "states",
    [ConnectionState, StreamState, ServerRequestState, ClientRequestState],
    ids=lambda it: it.__name__,
)
def test_every_state_of_an_enum_is_in_a_table_of_a_revision(states: type[enum.Enum]) -> None:
    """A state that no revision's table has is no state of the protocol."""
    used = {state for revision in REVISIONS.values() for state in tables_of(revision)[states]}

    assert used == set(states)


@pytest.mark.parametrize(
    "members",
    [
        FrameInput,
        LocalInput,
        ConnectionState,
        StreamInput,
        StreamState,
        ServerRequestState,
        ClientRequestState,
    ],
    ids=lambda it: it.__name__,
)
def test_no_two_members_of_an_enum_are_one(members: type[enum.Enum]) -> None:
    """Two members with one value would be one state or one input, and no table would notice."""
    assert len(members) == len(members.__members__)


def test_connection_states_that_mercurial_has_bear_its_words() -> None:
    """`initial`, `protocol-settings-receiving` and `errored` (sheet r5, "Server reactor")."""
    assert {state.value for state in ConnectionState} == {
        "initial",
        "protocol-settings-receiving",
        "open",
        "errored",
    }


@pytest.mark.parametrize("revision", REVISIONS.values(), ids=REVISIONS)
def test_every_legal_frame_of_a_revision_has_its_place_in_the_tables(revision: Revision) -> None:
    """What the classifier can say is asked by the connection, and by a request or the settings."""
    inputs = set(revision.inputs.values())
    connection = {item for row in revision.connection.values() for item in row}
    requests = {
        item
        for table in (revision.server_request, revision.client_request)
        for row in table.values()
        for item in row
    }

    assert inputs <= connection
    assert inputs - SETTINGS - STREAM_SETTINGS <= requests


@pytest.mark.parametrize("revision", REVISIONS.values(), ids=REVISIONS)
def test_no_request_table_waits_for_a_frame_that_the_revision_lacks(revision: Revision) -> None:
    """A transition that no frame can cause would stay uncovered for ever."""
    inputs = set(revision.inputs.values())

    assert {item for row in revision.server_request.values() for item in row if isinstance(item, F)} <= inputs
    # One table serves every client; text output came with 0002 and progress with 0002-streams.
    late = {F.TEXT_OUTPUT, F.PROGRESS}
    assert {
        item for row in revision.client_request.values() for item in row if isinstance(item, F)
    } <= inputs | late


@pytest.mark.parametrize("table", [table for _, table, *_ in TABLES], ids=NAMES)
def test_tables_are_immutable(table: Table) -> None:
    """Nobody teaches a running reactor another protocol."""
    with pytest.raises(TypeError):
        table[next(iter(table))] = {}  # type: ignore[index]
    with pytest.raises(TypeError):
        table[next(iter(table))][F.NAME] = None  # type: ignore[index]


@pytest.mark.parametrize("frame_input", FrameInput, ids=lambda it: it.name)
def test_connection_takes_what_its_revisions_have(frame_input: FrameInput) -> None:
    """Request frames always; stream settings since streams exist; sender settings first and uninterrupted (SET-005)."""
    is_request = frame_input not in SETTINGS | STREAM_SETTINGS
    after_streams = C.OPEN if frame_input not in SETTINGS else None

    assert CONNECTION[C.OPEN].get(frame_input) is (C.OPEN if is_request else None)
    assert CONNECTION_WITH_STREAM_SETTINGS[C.OPEN].get(frame_input) is after_streams
    assert CONNECTION_WITH_SETTINGS[C.OPEN].get(frame_input) is after_streams


@pytest.mark.parametrize("frame_input", FrameInput, ids=lambda it: it.name)
def test_connection_with_settings_begins_with_them_or_without(frame_input: FrameInput) -> None:
    """Another settings frame follows at once while more are announced (SET-006); another frame ends their time."""
    of_settings = {F.SETTINGS_MORE: C.SETTINGS_RECEIVING, F.SETTINGS_LAST: C.OPEN}

    assert CONNECTION_WITH_SETTINGS[C.INITIAL].get(frame_input) is of_settings.get(frame_input, C.OPEN)
    assert CONNECTION_WITH_SETTINGS[C.SETTINGS_RECEIVING].get(frame_input) is of_settings.get(frame_input)


@pytest.mark.parametrize(
    ("state", "flags", "following"),
    [
        (StreamState.CLOSED, 0x00, None),
        (StreamState.CLOSED, 0x01, StreamState.OPEN),
        (StreamState.CLOSED, 0x02, None),
        (StreamState.CLOSED, 0x03, StreamState.CLOSED),
        (StreamState.OPEN, 0x00, StreamState.OPEN),
        (StreamState.OPEN, 0x01, StreamState.OPEN),
        (StreamState.OPEN, 0x02, StreamState.CLOSED),
        (StreamState.OPEN, 0x03, StreamState.CLOSED),
    ],
)
def test_stream_opens_with_the_begin_flag_and_closes_with_the_end_flag(
    state: StreamState, flags: int, following: StreamState | None
) -> None:
    """A frame on a closed stream must begin it (STREAM-003); begin on an open one is let pass (D40)."""
    assert STREAM[state].get(StreamInput(flags)) is following


@pytest.mark.parametrize(
    ("inputs", "state"),
    [
        ([F.NAME], S.ACTIVE),
        ([F.NAME_ARGUMENTS, F.ARGUMENT_LAST], S.ACTIVE),
        ([F.NAME_ARGUMENTS, F.ARGUMENT, F.ARGUMENT, F.ARGUMENT_LAST], S.ACTIVE),
        ([F.NAME_ARGUMENTS, F.ARGUMENT_PART, F.ARGUMENT_PART, F.ARGUMENT, F.ARGUMENT_LAST], S.ACTIVE),
        ([F.NAME_ARGUMENTS, F.ARGUMENT_PART, F.ARGUMENT_LAST], S.ACTIVE),
        ([F.NAME_ARGUMENTS], S.ARGUMENTS),
        ([F.NAME_ARGUMENTS, F.ARGUMENT_PART], S.VALUE),
        ([F.NAME_DATA], S.DATA),
        ([F.NAME_DATA, F.DATA_LAST], S.ACTIVE),
        ([F.NAME_DATA, F.DATA_MORE, F.DATA_MORE, F.DATA_LAST], S.ACTIVE),
        ([F.NAME_ARGUMENTS_DATA], S.ARGUMENTS_DATA),
        ([F.NAME_ARGUMENTS_DATA, F.ARGUMENT, F.ARGUMENT_PART], S.VALUE_DATA),
        ([F.NAME_ARGUMENTS_DATA, F.ARGUMENT_PART, F.ARGUMENT], S.ARGUMENTS_DATA),
        ([F.NAME_ARGUMENTS_DATA, F.ARGUMENT_PART, F.ARGUMENT_PART, F.ARGUMENT_LAST], S.DATA),
        ([F.NAME_ARGUMENTS_DATA, F.ARGUMENT_LAST, F.DATA_MORE, F.DATA_LAST], S.ACTIVE),
    ],
)
def test_request_by_arguments_is_a_name_then_arguments_then_data(
    inputs: list[FrameInput], state: ServerRequestState
) -> None:
    """CMD-003 to CMD-007, ARG-004 to ARG-006, DATA-002 and DATA-003."""
    assert walk(SERVER_REQUEST_BY_ARGUMENTS, S.UNKNOWN, inputs) is state


@pytest.mark.parametrize(
    "inputs",
    [
        pytest.param([F.ARGUMENT_LAST], id="argument first"),
        pytest.param([F.DATA_LAST], id="data first"),
        pytest.param([F.NAME, F.NAME], id="ID is active"),
        pytest.param([F.NAME, F.DATA_LAST], id="data for an active ID"),
        pytest.param([F.NAME_ARGUMENTS, F.NAME], id="ID is partially received"),
        pytest.param([F.NAME_DATA, F.ARGUMENT_LAST], id="not expecting arguments"),
        pytest.param([F.NAME_ARGUMENTS, F.DATA_LAST], id="not expecting data"),
        pytest.param([F.NAME_ARGUMENTS_DATA, F.DATA_LAST], id="data before the end of arguments (D18)"),
        pytest.param(
            [F.NAME_ARGUMENTS_DATA, F.ARGUMENT_LAST, F.ARGUMENT], id="arguments after their end (D19)"
        ),
        pytest.param([F.NAME_ARGUMENTS, F.PROGRESS], id="another type (D23)"),
        pytest.param([F.NAME_DATA, F.DATA_LAST, F.DATA_LAST], id="data after its end"),
    ],
)
def test_request_by_arguments_in_another_order_is_a_fault(inputs: list[FrameInput]) -> None:
    """CMD-007, ARG-006, DATA-004 and RID-005."""
    assert walk(SERVER_REQUEST_BY_ARGUMENTS, S.UNKNOWN, inputs) is None


@pytest.mark.parametrize(
    ("inputs", "state"),
    [
        ([F.NEW], S.ACTIVE),
        ([F.NEW_MORE], S.REQUEST),
        ([F.NEW_MORE, F.CONTINUATION_MORE], S.REQUEST),
        ([F.NEW_MORE, F.CONTINUATION_MORE, F.CONTINUATION], S.ACTIVE),
        ([F.NEW_DATA], S.DATA),
        ([F.NEW_DATA, F.DATA_MORE], S.DATA),
        ([F.NEW_DATA, F.DATA_MORE, F.DATA_LAST], S.ACTIVE),
        ([F.NEW_MORE_DATA], S.REQUEST_DATA),
        ([F.NEW_MORE_DATA, F.CONTINUATION_MORE_DATA], S.REQUEST_DATA),
        ([F.NEW_MORE_DATA, F.CONTINUATION_MORE_DATA, F.CONTINUATION_DATA], S.DATA),
        ([F.NEW_MORE_DATA, F.CONTINUATION_DATA, F.DATA_LAST], S.ACTIVE),
    ],
)
def test_request_by_cbor_is_request_frames_then_data(
    inputs: list[FrameInput], state: ServerRequestState
) -> None:
    """REQ-005, REQ-008 to REQ-011 and REQ-013."""
    assert walk(SERVER_REQUEST_BY_CBOR, S.UNKNOWN, inputs) is state


@pytest.mark.parametrize(
    "inputs",
    [
        pytest.param([F.CONTINUATION], id="new flag missing"),
        pytest.param([F.DATA_LAST], id="data first"),
        pytest.param([F.NEW, F.NEW], id="ID is active"),
        pytest.param([F.NEW_MORE, F.NEW], id="ID is partially received"),
        pytest.param([F.NEW, F.CONTINUATION], id="continuation for an active ID"),
        pytest.param([F.NEW_MORE, F.CONTINUATION_DATA], id="data announced late"),
        pytest.param([F.NEW_MORE_DATA, F.CONTINUATION], id="data withdrawn"),
        pytest.param([F.NEW_MORE, F.CONTINUATION_MORE_DATA], id="data announced late, more"),
        pytest.param([F.NEW_MORE_DATA, F.CONTINUATION_MORE], id="data withdrawn, more"),
        pytest.param([F.NEW_DATA, F.CONTINUATION_DATA], id="request frames were done"),
        pytest.param([F.NEW_MORE, F.DATA_LAST], id="not expecting data"),
        pytest.param([F.NEW_MORE_DATA, F.DATA_MORE], id="data before the request is complete (D36)"),
        pytest.param([F.NEW_MORE, F.TEXT_OUTPUT], id="another type"),
    ],
)
def test_request_by_cbor_in_another_order_is_a_fault(inputs: list[FrameInput]) -> None:
    """REQ-004, REQ-005, REQ-010, REQ-011 and DATA-004."""
    assert walk(SERVER_REQUEST_BY_CBOR, S.UNKNOWN, inputs) is None


@pytest.mark.parametrize("table", [SERVER_REQUEST_BY_ARGUMENTS, SERVER_REQUEST_BY_CBOR])
def test_request_id_is_free_when_the_answer_has_left(table: Table) -> None:
    """An ID is busy until its response is completely sent, not until it is complete (RID-005)."""
    assert walk(table, S.ACTIVE, [L.ANSWER]) is S.ANSWERED
    assert walk(table, S.ACTIVE, [L.ANSWER, L.SENT]) is S.UNKNOWN
    assert walk(table, S.ACTIVE, [L.SENT]) is None
    assert walk(table, S.ACTIVE, [L.ANSWER, L.ANSWER]) is None


@pytest.mark.parametrize(
    ("inputs", "state"),
    [
        ([], R.PENDING),
        ([L.SEND], R.SENDING),
        ([L.SEND, L.SENT], R.SENT),
        ([L.SEND, L.SENT, F.RESPONSE_MORE], R.RECEIVING),
        ([L.SEND, L.SENT, F.TEXT_OUTPUT], R.RECEIVING),
        ([L.SEND, L.SENT, F.PROGRESS], R.RECEIVING),
        ([L.SEND, L.SENT, F.RESPONSE_LAST], R.RECEIVED),
        ([L.SEND, L.SENT, F.RESPONSE_MORE, F.PROGRESS, F.TEXT_OUTPUT, F.RESPONSE_LAST], R.RECEIVED),
        ([L.SEND, L.SENT, F.ERROR_RESPONSE], R.ERRORED),
        ([L.SEND, L.SENT, F.RESPONSE_MORE, F.ERROR_RESPONSE], R.ERRORED),
        ([L.SEND, F.RESPONSE_LAST], R.RECEIVED),
        ([L.SEND, F.RESPONSE_MORE, L.SENT], R.RECEIVING),
        ([L.SEND, L.ABANDON], R.ABANDONED),
        ([L.SEND, L.ABANDON, L.SENT, F.RESPONSE_MORE, F.PROGRESS, F.TEXT_OUTPUT], R.ABANDONED),
        ([L.SEND, L.SENT, L.ABANDON, F.RESPONSE_LAST], R.RECEIVED),
        ([L.SEND, L.SENT, F.RESPONSE_MORE, L.ABANDON, F.ERROR_RESPONSE], R.ERRORED),
    ],
)
def test_client_request_follows_what_is_sent_and_received(
    inputs: list[Any], state: ClientRequestState
) -> None:
    """Sheet r4, "Client reactor", and RSP-010; an answer may overtake the end of the request (D79)."""
    assert walk(CLIENT_REQUEST, R.PENDING, inputs) is state


@pytest.mark.parametrize("frame_input", FROM_SERVER, ids=lambda it: it.name)
def test_client_request_takes_nothing_before_it_is_sent_or_after_its_end(frame_input: FrameInput) -> None:
    """A frame for a request that is not active is a fault (sheet r4, "onframerecv")."""
    assert walk(CLIENT_REQUEST, R.PENDING, [frame_input]) is None
    assert walk(CLIENT_REQUEST, R.RECEIVED, [frame_input]) is None
    assert walk(CLIENT_REQUEST, R.ERRORED, [frame_input]) is None


@pytest.mark.parametrize("state", [R.SENDING, R.SENT, R.RECEIVING, R.ABANDONED], ids=lambda it: it.name)
def test_client_request_takes_every_frame_of_a_server_while_it_is_under_way(
    state: ClientRequestState,
) -> None:
    """A client is prepared for responses, errors, text and progress (RSP-010), and for nothing that clients send."""
    assert {item for item in CLIENT_REQUEST[state] if isinstance(item, F)} == set(FROM_SERVER)


def test_client_request_states_that_upstream_has_bear_its_words() -> None:
    """A client case may ask for them by these names (docs/vector-format.md, "Actions")."""
    upstream = {"pending", "sending", "sent", "receiving", "received", "errored"}

    assert {state.value for state in ClientRequestState} == upstream | {"abandoned"}
