"""Tests of the words for what is refused: the rows of the sheets' transition tables, in Mercurial's order and wording.

Whether a frame is refused at all is the tables' matter (`test_states.py`); every row here is about a frame that is.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hgframing import (
    REVISIONS,
    ConnectionState,
    FaultCode,
    FrameType,
    ServerRequestState,
    parse_notation,
)
from hgframing._faults import refuse_in_client, refuse_in_server


S = ServerRequestState
C = ConnectionState
F = FaultCode

BY_NAME = ("0002", "0002-streams")
BY_CBOR = ("0005-draft", "0005", "0006")
WITHOUT_SETTINGS = ("0001", "0002", "0002-streams", "0005-draft", "0005")

_ARGUMENTS = (S.ARGUMENTS, S.ARGUMENTS_DATA, S.VALUE, S.VALUE_DATA)
_REQUESTS = (S.REQUEST, S.REQUEST_DATA)


def server(
    key: str,
    notation: str,
    *,
    request: ServerRequestState = S.UNKNOWN,
    receiving: bool | None = None,
    connection: ConnectionState = C.OPEN,
) -> tuple[FaultCode, str]:
    """Say why a server of that revision refuses `<type> <flags>` for request 7 (0 where there are no IDs)."""
    revision = REVISIONS[key]
    ids = "7 1 1 " if revision.header.has_stream else "7 " if revision.header.has_request else ""
    if receiving is None:
        receiving = request not in (S.UNKNOWN, S.ACTIVE, S.ANSWERED)
    frame = parse_notation(f"{ids}{notation} x", revision)
    fault = refuse_in_server(frame, revision, connection, request, receiving=receiving)
    return fault.code, fault.message


def client(
    key: str, notation: str, *, is_active: bool = True, connection: ConnectionState = C.OPEN
) -> tuple[FaultCode, str]:
    """Say why a client of that revision refuses `<type> <flags>` for request 7."""
    revision = REVISIONS[key]
    ids = "7 2 1 " if revision.header.has_stream else "7 " if revision.header.has_request else ""
    fault = refuse_in_client(
        parse_notation(f"{ids}{notation} x", revision), revision, connection, is_active=is_active
    )
    return fault.code, fault.message


# Sheet r1, 8.1, and sheet r2, 7.1: commands by name.


@pytest.mark.parametrize("key", ["0001", *BY_NAME])
@pytest.mark.parametrize("type_id", [0, 2, 3, 4, 5, 6, 7, 8, 9, 15])
def test_idle_server_of_names_expects_a_command_frame(key: str, type_id: int) -> None:
    """Idle, row 1, for the defined types as well as for the others."""
    assert server(key, f"{type_id} 1") == (F.UNEXPECTED_FRAME, f"expected command frame; got {type_id}")


@pytest.mark.parametrize("key", ["0001", *BY_NAME])
@pytest.mark.parametrize("flags", [0, 8])
def test_command_name_without_a_flag_that_means_something_is_refused(key: str, flags: int) -> None:
    """Idle, last row; undefined bits are no help (D10)."""
    assert server(key, f"command-name {flags}") == (F.BAD_FLAGS, "missing frame flags on command frame")


@pytest.mark.parametrize("key", ["0001", *BY_NAME])
@pytest.mark.parametrize("flags", [3, 5, 7, 9, 12])
def test_command_name_with_flags_that_exclude_each_other_is_refused(key: str, flags: int) -> None:
    """CMD-006 forbids eos beside the others (D9); bit 0x08 is undefined (D10). Mercurial has no words for it."""
    assert server(key, f"command-name {flags}") == (
        F.BAD_FLAGS,
        f"received illegal flags on command-name frame: {flags}",
    )


@pytest.mark.parametrize(
    ("states", "wanted"), [(_ARGUMENTS, "argument"), ((S.DATA,), "data")], ids=["arguments", "data"]
)
def test_receiving_server_without_ids_expects_what_comes_next(
    states: tuple[ServerRequestState, ...], wanted: str
) -> None:
    """Sheet r1, 8.1, row 1 of both receiving states, for every type but the one."""
    types = {0, 1, 2, 3, 4, 5, 6, 15} - {2 if wanted == "argument" else 3}
    for state in states:
        for type_id in types:
            assert server("0001", f"{type_id} 2", request=state) == (
                F.UNEXPECTED_FRAME,
                f"expected command {wanted} frame; got {type_id}",
            )


@pytest.mark.parametrize("key", ["0001", *BY_NAME])
@pytest.mark.parametrize("state", _ARGUMENTS)
@pytest.mark.parametrize("flags", [3, 4, 8])
def test_argument_with_illegal_flags_is_refused(key: str, state: ServerRequestState, flags: int) -> None:
    """A value cannot continue and be the last (ARG-005, ARG-006); other bits are undefined (D10)."""
    assert server(key, f"command-argument {flags}", request=state) == (
        F.BAD_FLAGS,
        f"received illegal flags on command-argument frame: {flags}",
    )


@pytest.mark.parametrize("key", REVISIONS)
@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (0, "command data frame without flags"),
        (4, "command data frame without flags"),
        (3, "received illegal flags on command-data frame: 3"),
        (5, "received illegal flags on command-data frame: 5"),
        (10, "received illegal flags on command-data frame: 10"),
    ],
)
def test_data_with_illegal_flags_is_refused(key: str, flags: int, message: str) -> None:
    """More follows or it is the end (DATA-002, DATA-003): neither has Mercurial's words, both are D11."""
    assert server(key, f"command-data {flags}", request=S.DATA) == (F.BAD_FLAGS, message)


@pytest.mark.parametrize("key", [*BY_NAME, *BY_CBOR])
@pytest.mark.parametrize(
    ("state", "message"),
    [
        *((state, "request with ID 7 already received") for state in (*_ARGUMENTS, *_REQUESTS, S.DATA)),
        *((state, "request with ID 7 is already active") for state in (S.ACTIVE, S.ANSWERED)),
    ],
)
@pytest.mark.parametrize("receiving", [False, True])
def test_request_begun_under_an_id_in_use_is_refused(
    key: str, state: ServerRequestState, message: str, *, receiving: bool
) -> None:
    """Idle, rows 2 and 3 (sheet r2) or 3 and 4 (sheet r4), whatever the rest of a request frame says."""
    for flags in (1, 2, 4, 6) if key in BY_NAME else (1, 5, 9, 13):
        assert server(key, f"1 {flags}", request=state, receiving=receiving) == (F.BAD_REQUEST_STATE, message)


@pytest.mark.parametrize("key", BY_NAME)
@pytest.mark.parametrize("state", [S.ARGUMENTS, S.ACTIVE])
def test_command_name_under_an_id_in_use_is_refused_before_its_flags(
    key: str, state: ServerRequestState
) -> None:
    """Sheet r2, 7.1: the flags are looked at last."""
    code, _ = server(key, "command-name 0", request=state)

    assert code is F.BAD_REQUEST_STATE


@pytest.mark.parametrize("key", [*BY_NAME, *BY_CBOR])
@pytest.mark.parametrize(
    ("state", "message"),
    [
        (S.ACTIVE, "received frame for request that is still active: 7"),
        (S.ANSWERED, "received frame for request that is still active: 7"),
        (S.UNKNOWN, "received frame for request that is not receiving: 7"),
    ],
)
def test_frame_for_an_id_that_is_not_received_is_refused(
    key: str, state: ServerRequestState, message: str
) -> None:
    """Receiving, rows 1 and 2 (sheet r2) or 3 and 4 (sheet r4): before the type is looked at, known or not."""
    for type_id in (0, 2, 3, 4, 5, 6, 15):
        assert server(key, f"{type_id} 2", request=state, receiving=True) == (F.BAD_REQUEST_STATE, message)
    if key in BY_CBOR:
        assert server(key, "command-request continuation", request=state, receiving=True) == (
            F.BAD_REQUEST_STATE,
            message,
        )


@pytest.mark.parametrize("key", BY_NAME)
@pytest.mark.parametrize("flags", [0, 1, 2, 3])
def test_argument_for_a_request_of_data_is_refused(key: str, flags: int) -> None:
    """Receiving, row 3; that is also how arguments after the last one end (D19)."""
    assert server(key, f"command-argument {flags}", request=S.DATA) == (
        F.UNEXPECTED_FRAME,
        "received command argument frame for request that is not expecting arguments: 7",
    )


@pytest.mark.parametrize("key", [*BY_NAME, *BY_CBOR])
@pytest.mark.parametrize("flags", [0, 1, 2, 3])
@pytest.mark.parametrize("state", [S.ARGUMENTS, S.VALUE, S.REQUEST])
def test_data_for_a_request_without_is_refused(key: str, state: ServerRequestState, flags: int) -> None:
    """Receiving, row 5 (sheet r2) or 8 (sheet r4)."""
    assert server(key, f"command-data {flags}", request=state) == (
        F.UNEXPECTED_FRAME,
        "received command data frame for request that is not expecting data: 7",
    )


@pytest.mark.parametrize("key", [*BY_NAME, *BY_CBOR])
@pytest.mark.parametrize("state", [S.ARGUMENTS_DATA, S.VALUE_DATA, S.REQUEST_DATA])
def test_data_before_the_rest_of_its_request_is_refused(key: str, state: ServerRequestState) -> None:
    """Arguments come first, and data follows the final request frame (CMD-007, REQ-011; D18, D36)."""
    assert server(key, "command-data eos", request=state) == (
        F.UNEXPECTED_FRAME,
        "received command data frame for request that is not expecting data: 7",
    )


@pytest.mark.parametrize("key", [*BY_NAME, *BY_CBOR])
def test_other_types_for_a_request_being_received_are_refused(key: str) -> None:
    """Sheet r4, 8.3 row 10; in r2 and r3 Mercurial says nothing at all there (D23)."""
    revision = REVISIONS[key]
    request_types = {
        revision.type_ids.get(kind)
        for kind in (
            FrameType.COMMAND_NAME,
            FrameType.COMMAND_ARGUMENT,
            FrameType.COMMAND_REQUEST,
            FrameType.COMMAND_DATA,
        )
    }
    for type_id in set(range(16)) - request_types:
        assert server(key, f"{type_id} 0", request=S.DATA) == (
            F.UNEXPECTED_FRAME,
            f"received unexpected frame type: {type_id}",
        )


# Sheet r4, 8.1 to 8.3: commands by CBOR.


@pytest.mark.parametrize("key", BY_CBOR)
@pytest.mark.parametrize("type_id", [0, 2, 3, 4, 5, 6, 7, 8, 9, 15])
def test_idle_server_of_cbor_expects_a_command_request_frame(key: str, type_id: int) -> None:
    """8.2 row 1; since 0006 also for settings that come late (sheet r5, 7.3)."""
    assert server(key, f"{type_id} 2") == (
        F.UNEXPECTED_FRAME,
        f"expected command request frame; got {type_id}",
    )


@pytest.mark.parametrize("key", BY_CBOR)
@pytest.mark.parametrize("state", list(ServerRequestState))
@pytest.mark.parametrize("receiving", [False, True])
def test_request_frame_neither_new_nor_continuation_or_both_is_refused_before_all_else(
    key: str, state: ServerRequestState, *, receiving: bool
) -> None:
    """8.1: V1 and V2, whatever `more` and `have-data` say, and whatever the request ID."""
    if state in (*_ARGUMENTS, *_REQUESTS, S.DATA):
        receiving = True
    for flags in (0, 4, 8, 12):
        assert server(key, f"command-request {flags}", request=state, receiving=receiving) == (
            F.BAD_FLAGS,
            "received command request frame with neither new nor continuation flags set",
        )
    for flags in (3, 7, 11, 15):
        assert server(key, f"command-request {flags}", request=state, receiving=receiving) == (
            F.BAD_FLAGS,
            "received command request frame with both new and continuation flags set",
        )


@pytest.mark.parametrize("key", BY_CBOR)
@pytest.mark.parametrize("flags", ["continuation", "continuation|more|have-data"])
@pytest.mark.parametrize(
    ("state", "message"),
    [
        (S.UNKNOWN, "received command request frame without new flag set"),
        (S.ACTIVE, "request with ID 7 is already active"),
        (S.ANSWERED, "request with ID 7 is already active"),
    ],
)
def test_idle_server_is_not_continued(key: str, flags: str, state: ServerRequestState, message: str) -> None:
    """8.2 rows 4 and 5, in that order."""
    assert server(key, f"command-request {flags}", request=state, receiving=False) == (
        F.BAD_REQUEST_STATE,
        message,
    )


@pytest.mark.parametrize("key", BY_CBOR)
@pytest.mark.parametrize("flags", [2, 6, 10, 14])
def test_request_continued_when_it_was_whole_is_refused(key: str, flags: int) -> None:
    """8.3 row 5."""
    assert server(key, f"command-request {flags}", request=S.DATA) == (
        F.UNEXPECTED_FRAME,
        "received command request frame when request frames were supposedly done",
    )


@pytest.mark.parametrize("key", BY_CBOR)
@pytest.mark.parametrize(("state", "data"), [(S.REQUEST, "|have-data"), (S.REQUEST_DATA, "")])
@pytest.mark.parametrize("more", ["", "|more"])
def test_request_continued_with_another_data_flag_is_refused(
    key: str, state: ServerRequestState, data: str, more: str
) -> None:
    """8.3 row 6: have-data on all frames or on none (REQ-010)."""
    assert server(key, f"command-request continuation{more}{data}", request=state) == (
        F.BAD_FLAGS,
        "mismatch between expect data flag and previous frame",
    )


# Sheet r5, 7.2 and 7.3: settings.


@pytest.mark.parametrize("type_id", [0, 2, 3, 4, 5, 6, 7, 9, 15])
@pytest.mark.parametrize("flags", [0, 1, 2, 3])
def test_initial_server_expects_settings_or_a_request(type_id: int, flags: int) -> None:
    """7.2 row 3."""
    assert server("0006", f"{type_id} {flags}", connection=C.INITIAL) == (
        F.UNEXPECTED_FRAME,
        f"expected sender protocol settings or command request frame; got {type_id}",
    )


@pytest.mark.parametrize("flags", [0, 3])
def test_initial_server_words_request_flags_as_ever(flags: int) -> None:
    """7.2 row 2: a request frame goes to the idle table."""
    code, message = server("0006", f"command-request {flags}", connection=C.INITIAL)

    assert code is F.BAD_FLAGS
    assert message.startswith("received command request frame with ")


@pytest.mark.parametrize("refuse", [server, client])
@pytest.mark.parametrize("connection", [C.INITIAL, C.SETTINGS_RECEIVING])
@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (0, "sender protocol settings frame must have continuation or end of stream flag set"),
        (4, "sender protocol settings frame must have continuation or end of stream flag set"),
        (3, "sender protocol settings frame cannot have both continuation and end of stream flags set"),
        (7, "sender protocol settings frame cannot have both continuation and end of stream flags set"),
        (5, "received illegal flags on sender-protocol-settings frame: 5"),
    ],
)
def test_settings_with_illegal_flags_are_refused(
    refuse: Callable[..., tuple[FaultCode, str]], connection: ConnectionState, flags: int, message: str
) -> None:
    """7.3 rows 2 and 3; either side may send settings, so a client has the same words (D62)."""
    assert refuse("0006", f"sender-protocol-settings {flags}", connection=connection) == (
        F.BAD_FLAGS,
        message,
    )


@pytest.mark.parametrize("type_id", [0, 1, 2, 3, 5, 9, 15])
def test_settings_that_are_interrupted_are_refused(type_id: int) -> None:
    """7.3 row 1: another settings frame follows immediately (SET-006)."""
    expected = (F.UNEXPECTED_FRAME, f"expected sender protocol settings frame; got {type_id}")

    assert server("0006", f"{type_id} 1", connection=C.SETTINGS_RECEIVING) == expected
    assert client("0006", f"{type_id} 1", connection=C.SETTINGS_RECEIVING) == expected


@pytest.mark.parametrize("flags", [0, 1, 2, 3])
def test_settings_that_come_late_are_refused(flags: int) -> None:
    """7.3: idle and receiving each have their own words, whatever the flags (SET-005)."""
    notation = f"sender-protocol-settings {flags}"

    assert server("0006", notation) == (F.UNEXPECTED_FRAME, "expected command request frame; got 8")
    assert server("0006", notation, request=S.REQUEST) == (
        F.UNEXPECTED_FRAME,
        "received unexpected frame type: 8",
    )


# Sheet r4, 9.1, and sheet r5, 8.1: the client.


@pytest.mark.parametrize("key", REVISIONS)
def test_client_refuses_frames_for_inactive_requests(key: str) -> None:
    """Row 6 (sheet r4) or 7 (sheet r5), before the type is looked at."""
    request_id = 7 if REVISIONS[key].header.has_request else 0
    for type_id in range(16):
        if key == "0006" and type_id == 8:
            continue
        assert client(key, f"{type_id} 1", is_active=False, connection=REVISIONS[key].initial) == (
            F.BAD_REQUEST_STATE,
            f"received frame for inactive request ID: {request_id}",
        )


def test_client_refuses_late_settings_as_any_frame() -> None:
    """After the first other frame settings have no place (SET-005)."""
    settings = "sender-protocol-settings eos"

    assert client("0006", settings, is_active=False) == (
        F.BAD_REQUEST_STATE,
        "received frame for inactive request ID: 7",
    )
    assert client("0006", settings) == (F.UNEXPECTED_FRAME, "unhandled frame type: 8")


@pytest.mark.parametrize("key", REVISIONS)
def test_client_refuses_frames_of_the_other_side_and_undefined_ones(key: str) -> None:
    """Row 7 (sheet r4) or 10 (sheet r5): as a fault, where Mercurial raises (D78)."""
    revision = REVISIONS[key]
    from_server = {
        revision.type_ids[kind]
        for kind in (
            FrameType.RESPONSE,
            FrameType.ERROR_RESPONSE,
            FrameType.TEXT_OUTPUT,
            FrameType.PROGRESS,
        )
        if kind in revision.type_ids
    }
    for type_id in set(range(16)) - from_server:
        assert client(key, f"{type_id} 1") == (F.UNEXPECTED_FRAME, f"unhandled frame type: {type_id}")


@pytest.mark.parametrize("key", REVISIONS)
def test_client_refuses_illegal_flags(key: str) -> None:
    """Continuation and end exclude each other (RSP-004; D12); undefined bits are undefined (D10)."""
    name = "bytes-response" if key in ("0001", *BY_NAME) else "command-response"
    for flags in (3, 4, 9):
        assert client(key, f"{name} {flags}") == (
            F.BAD_FLAGS,
            f"received illegal flags on {name} frame: {flags}",
        )
    for flags in (4, 8) if key in ("0005", "0006") else (0, 3):
        assert client(key, f"error-response {flags}") == (
            F.BAD_FLAGS,
            f"received illegal flags on error-response frame: {flags}",
        )
