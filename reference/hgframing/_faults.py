"""Why a frame may not come where it came: the fault behind a missing key of a table.

The tables decide *that* a frame is refused; this module finds the words. It is asked once per connection at most, so it
may look at everything. The order of the questions is Mercurial's, so that of two things wrong with a frame the same one
is named.
"""

from __future__ import annotations

from typing import Final

from hgframing._errors import FaultCode, FaultRaised
from hgframing._frames import Frame, FrameType
from hgframing._revisions import Feature, FrameSpec, Revision
from hgframing._states import ConnectionState, ServerRequestState


__all__ = ["refuse_flags", "refuse_in_client", "refuse_in_server"]

_S: Final = ServerRequestState
_ANSWERING: Final = frozenset({_S.ACTIVE, _S.ANSWERED})
_ARGUMENT_STATES: Final = frozenset({_S.ARGUMENTS, _S.ARGUMENTS_DATA, _S.VALUE, _S.VALUE_DATA})
_FROM_SERVER: Final = frozenset(
    {FrameType.RESPONSE, FrameType.ERROR_RESPONSE, FrameType.TEXT_OUTPUT, FrameType.PROGRESS}
)
_STARTING: Final = frozenset({FrameType.COMMAND_NAME, FrameType.COMMAND_REQUEST})
_NEW: Final = 0x01
#: New or continuation.
_REQUEST_CHOICE: Final = 0x03


def refuse_flags(frame: Frame, spec: FrameSpec) -> FaultRaised:
    """Say what is wrong with the flags of a frame whose type may come here."""
    # Of the four flags of a request, two are a choice and two stand beside it.
    choice = _REQUEST_CHOICE if spec.type is FrameType.COMMAND_REQUEST else sum(spec.flags.values())
    words = {0: spec.missing, choice: spec.conflict}.get(frame.flags & choice)
    message = words or f"received illegal flags on {spec.name} frame: {frame.flags}"
    return FaultRaised(FaultCode.BAD_FLAGS, message)


def _refuse_settings(frame: Frame, revision: Revision, state: ConnectionState) -> FaultRaised | None:
    """Say why a connection that stands at its sender settings refuses a frame; nothing, if it is another matter."""
    spec = revision.frames.get(frame.type_id)
    if spec is not None and spec.type is FrameType.SENDER_SETTINGS:
        return None if state is ConnectionState.OPEN else refuse_flags(frame, spec)
    message = f"expected sender protocol settings frame; got {frame.type_id}"
    is_missing = state is ConnectionState.SETTINGS_RECEIVING
    return FaultRaised(FaultCode.UNEXPECTED_FRAME, message) if is_missing else None


def refuse_in_server(
    frame: Frame,
    revision: Revision,
    connection: ConnectionState,
    request: ServerRequestState,
    *,
    receiving: bool,
) -> FaultRaised:
    """Say why a server refuses a frame.

    Args:
        frame: the frame, decoded.
        revision: says what is legal.
        connection: where the connection stands.
        request: where the frame's request stands.
        receiving: whether any request is being received.
    """
    if fault := _refuse_settings(frame, revision, connection):
        return fault
    spec = revision.frames.get(frame.type_id)
    if spec is not None and spec.type in _STARTING:
        return _refuse_starting(frame, spec, revision, request, receiving=receiving)
    if connection is ConnectionState.INITIAL:
        return FaultRaised(FaultCode.UNEXPECTED_FRAME, revision.wording.not_first % frame.type_id)
    if not receiving:
        return FaultRaised(FaultCode.UNEXPECTED_FRAME, revision.wording.not_a_command % frame.type_id)
    if Feature.REQUEST_IDS not in revision.features:
        return _refuse_without_ids(frame, spec, request)
    return _refuse_part(frame, spec, request)


def _refuse_starting(
    frame: Frame, spec: FrameSpec, revision: Revision, request: ServerRequestState, *, receiving: bool
) -> FaultRaised:
    """Say why a server refuses a frame of a type that begins requests."""
    if receiving and Feature.REQUEST_IDS not in revision.features:
        return _refuse_without_ids(frame, spec, request)
    is_request = spec.type is FrameType.COMMAND_REQUEST
    if is_request and frame.type_id << 4 | frame.flags not in revision.inputs:
        return refuse_flags(frame, spec)
    continues = is_request and not frame.flags & _NEW
    if continues and receiving:
        return _refuse_part(frame, spec, request)
    return _refuse_start(frame, spec, request)


def _refuse_without_ids(frame: Frame, spec: FrameSpec | None, request: ServerRequestState) -> FaultRaised:
    """Say why the one request that is being received does not continue with this frame (sheet r1, 8.1)."""
    wanted = FrameType.COMMAND_ARGUMENT if request in _ARGUMENT_STATES else FrameType.COMMAND_DATA
    if spec is not None and spec.type is wanted:
        return refuse_flags(frame, spec)
    word = "argument" if wanted is FrameType.COMMAND_ARGUMENT else "data"
    message = f"expected command {word} frame; got {frame.type_id}"
    return FaultRaised(FaultCode.UNEXPECTED_FRAME, message)


def _refuse_start(frame: Frame, spec: FrameSpec, request: ServerRequestState) -> FaultRaised:
    """Say why no request begins with this frame (sheet r2, 7.1; sheet r4, 8.2)."""
    if request is not _S.UNKNOWN:
        already = "is already active" if request in _ANSWERING else "already received"
        message = f"request with ID {frame.request_id} {already}"
        return FaultRaised(FaultCode.BAD_REQUEST_STATE, message)
    if spec.type is FrameType.COMMAND_REQUEST:
        message = "received command request frame without new flag set"
        return FaultRaised(FaultCode.BAD_REQUEST_STATE, message)
    return refuse_flags(frame, spec)


def _refuse_part(frame: Frame, spec: FrameSpec | None, request: ServerRequestState) -> FaultRaised:
    """Say why a request does not continue with this frame (sheet r2, 7.1; sheet r4, 8.3)."""
    request_id = frame.request_id
    if request in _ANSWERING or request is _S.UNKNOWN:
        relation = "still active" if request in _ANSWERING else "not receiving"
        message = f"received frame for request that is {relation}: {request_id}"
        return FaultRaised(FaultCode.BAD_REQUEST_STATE, message)
    code = FaultCode.UNEXPECTED_FRAME
    match spec:
        case FrameSpec(type=FrameType.COMMAND_REQUEST) if request is _S.DATA:
            message = "received command request frame when request frames were supposedly done"
        case FrameSpec(type=FrameType.COMMAND_REQUEST):
            code = FaultCode.BAD_FLAGS
            message = "mismatch between expect data flag and previous frame"
        case FrameSpec(type=FrameType.COMMAND_ARGUMENT) if request in _ARGUMENT_STATES:
            return refuse_flags(frame, spec)
        case FrameSpec(type=FrameType.COMMAND_ARGUMENT):
            message = (
                f"received command argument frame for request that is not expecting arguments: {request_id}"
            )
        case FrameSpec(type=FrameType.COMMAND_DATA) if request is _S.DATA:
            return refuse_flags(frame, spec)
        case FrameSpec(type=FrameType.COMMAND_DATA):
            message = f"received command data frame for request that is not expecting data: {request_id}"
        case _:
            message = f"received unexpected frame type: {frame.type_id}"
    return FaultRaised(code, message)


def refuse_in_client(
    frame: Frame, revision: Revision, connection: ConnectionState, *, is_active: bool
) -> FaultRaised:
    """Say why a client refuses a frame.

    Args:
        frame: the frame, decoded.
        revision: says what is legal.
        connection: where the connection stands.
        is_active: whether the frame's request waits for an answer.
    """
    if fault := _refuse_settings(frame, revision, connection):
        return fault
    if not is_active:
        message = f"received frame for inactive request ID: {frame.request_id}"
        return FaultRaised(FaultCode.BAD_REQUEST_STATE, message)
    spec = revision.frames.get(frame.type_id)
    if spec is not None and spec.type in _FROM_SERVER:
        return refuse_flags(frame, spec)
    return FaultRaised(FaultCode.UNEXPECTED_FRAME, f"unhandled frame type: {frame.type_id}")
