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


__all__ = ["refuse_in_client", "refuse_in_server"]

_S: Final = ServerRequestState
_ANSWERING: Final = frozenset({_S.ACTIVE, _S.ANSWERED})
_ARGUMENT_STATES: Final = frozenset({_S.ARGUMENTS, _S.ARGUMENTS_DATA, _S.VALUE, _S.VALUE_DATA})
_FROM_SERVER: Final = frozenset(
    {FrameType.RESPONSE, FrameType.ERROR_RESPONSE, FrameType.TEXT_OUTPUT, FrameType.PROGRESS}
)
_BEFORE_DATA: Final = frozenset({_S.ARGUMENTS_DATA, _S.VALUE_DATA, _S.REQUEST_DATA})


def _refuse_flags(frame: Frame, spec: FrameSpec) -> FaultRaised:
    """Say what is wrong with the flags of a frame whose type may come here."""
    defined = sum(spec.flags.values())
    if not frame.flags & defined and spec.missing:
        message = spec.missing
    elif not frame.flags & ~defined and spec.conflict:
        message = spec.conflict
    else:
        message = f"received illegal flags on {spec.name} frame: {frame.flags}"
    return FaultRaised(FaultCode.BAD_FLAGS, message)


def _refuse_settings(frame: Frame, revision: Revision, state: ConnectionState) -> FaultRaised | None:
    """Say why a connection that stands at its sender settings refuses a frame; nothing, if it is another matter."""
    spec = revision.frames.get(frame.type_id)
    is_settings = spec is not None and spec.type is FrameType.SENDER_SETTINGS
    if state is ConnectionState.SETTINGS_RECEIVING and not is_settings:
        message = f"expected sender protocol settings frame; got {frame.type_id}"
        return FaultRaised(FaultCode.UNEXPECTED_FRAME, message)
    if state is not ConnectionState.OPEN and is_settings and spec is not None:
        return _refuse_flags(frame, spec)
    return None


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
    kind = spec.type if spec else None
    starts = kind in (FrameType.COMMAND_NAME, FrameType.COMMAND_REQUEST)
    if connection is ConnectionState.INITIAL and not starts:
        return FaultRaised(FaultCode.UNEXPECTED_FRAME, revision.wording.not_first % frame.type_id)
    if not receiving and not starts:
        return FaultRaised(FaultCode.UNEXPECTED_FRAME, revision.wording.not_a_command % frame.type_id)
    if spec is None:
        return FaultRaised(FaultCode.UNEXPECTED_FRAME, f"received unexpected frame type: {frame.type_id}")
    if kind is FrameType.COMMAND_REQUEST and frame.type_id << 4 | frame.flags not in revision.inputs:
        return _refuse_flags(frame, spec)
    if kind is FrameType.COMMAND_NAME or (kind is FrameType.COMMAND_REQUEST and frame.flags & 0x01):
        return _refuse_start(frame, spec, request)
    if kind is FrameType.COMMAND_REQUEST and not receiving:
        message = "received command request frame without new flag set"
        return FaultRaised(FaultCode.BAD_REQUEST_STATE, message)
    return _refuse_part(frame, spec, revision, request)


def _refuse_start(frame: Frame, spec: FrameSpec, request: ServerRequestState) -> FaultRaised:
    if request is _S.UNKNOWN:
        return _refuse_flags(frame, spec)
    already = "is already active" if request in _ANSWERING else "already received"
    message = f"request with ID {frame.request_id} {already}"
    return FaultRaised(FaultCode.BAD_REQUEST_STATE, message)


def _refuse_part(
    frame: Frame, spec: FrameSpec, revision: Revision, request: ServerRequestState
) -> FaultRaised:
    """Say why a request does not continue with this frame."""
    request_id = frame.request_id
    if Feature.REQUEST_IDS in revision.features and request in _ANSWERING | {_S.UNKNOWN}:
        relation = "still active" if request in _ANSWERING else "not receiving"
        message = f"received frame for request that is {relation}: {request_id}"
        return FaultRaised(FaultCode.BAD_REQUEST_STATE, message)
    legal = frame.type_id << 4 | frame.flags in revision.inputs
    match spec.type:
        case FrameType.COMMAND_REQUEST:
            message = "mismatch between expect data flag and previous frame"
            code = FaultCode.BAD_FLAGS
            if request is _S.DATA:
                message = "received command request frame when request frames were supposedly done"
                code = FaultCode.UNEXPECTED_FRAME
            return FaultRaised(code, message)
        case FrameType.COMMAND_ARGUMENT if request in _ARGUMENT_STATES and not legal:
            return _refuse_flags(frame, spec)
        case FrameType.COMMAND_DATA if request is _S.DATA and not legal:
            return _refuse_flags(frame, spec)
        case FrameType.COMMAND_ARGUMENT | FrameType.COMMAND_DATA:
            return FaultRaised(FaultCode.UNEXPECTED_FRAME, _word_part(frame, spec, revision, request))
        case _:
            message = f"received unexpected frame type: {frame.type_id}"
            return FaultRaised(FaultCode.UNEXPECTED_FRAME, message)


def _word_part(frame: Frame, spec: FrameSpec, revision: Revision, request: ServerRequestState) -> str:
    if Feature.REQUEST_IDS not in revision.features:
        wanted = "argument" if request in _ARGUMENT_STATES else "data"
        return f"expected command {wanted} frame; got {frame.type_id}"
    if spec.type is FrameType.COMMAND_ARGUMENT:
        return (
            f"received command argument frame for request that is not expecting arguments: {frame.request_id}"
        )
    if request in _BEFORE_DATA:
        return f"received command data frame before the request was complete: {frame.request_id}"
    return f"received command data frame for request that is not expecting data: {frame.request_id}"


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
        return _refuse_flags(frame, spec)
    return FaultRaised(FaultCode.UNEXPECTED_FRAME, f"unhandled frame type: {frame.type_id}")
