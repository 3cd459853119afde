"""Requests that are not whole yet: what a server has received of each, and what each frame adds.

This half of a server never sends. It asks the request table where a frame leads, keeps what must be kept, within
limits, and says what the caller has to do.
"""

from __future__ import annotations

import io

from collections.abc import Callable
from typing import Final

from hgframing._actions import CommandData, RunCommand, WantFrame
from hgframing._cbor import Value
from hgframing._commands import ArgumentValue, Command, parse_argument, parse_command
from hgframing._errors import FaultCode, FaultRaised
from hgframing._frames import Frame
from hgframing._limits import Limits
from hgframing._revisions import Feature, Revision
from hgframing._states import FrameInput, ServerRequestState


__all__ = ["RequestAction", "Requests"]

_F: Final = FrameInput
_UNKNOWN: Final = ServerRequestState.UNKNOWN
_ACTIVE: Final = ServerRequestState.ACTIVE
_DATA: Final = ServerRequestState.DATA
_WHOLE_INPUTS: Final = frozenset({_F.NEW, _F.NAME})
_ARGUMENT_INPUTS: Final = frozenset({_F.ARGUMENT, _F.ARGUMENT_PART, _F.ARGUMENT_LAST})
_DATA_INPUTS: Final = frozenset({_F.DATA_MORE, _F.DATA_LAST})

RequestAction = RunCommand | CommandData | WantFrame


class _Request:
    """What has come of one request.

    Octets are joined as they come, so that an empty frame costs nothing; `BytesIO` gives them out without a copy.
    """

    __slots__ = ("args", "argument", "command", "data", "first", "held", "state")

    def __init__(self) -> None:
        self.state = _UNKNOWN
        self.first = io.BytesIO()
        self.data = io.BytesIO()
        self.command: Command | None = None
        self.held = 0
        # Before CBOR requests: the arguments that are whole, and the beginning of the one that is not.
        self.args: dict[bytes, Value] = {}
        self.argument: ArgumentValue | None = None


class Requests:
    """The input half of a server.

    Args:
        revision: says how requests are made.
        limits: what they may cost.
        answering: where a request stands that is whole; asked for IDs that are not being received.
        stream_data: whether data is handed over as it arrives.
    """

    def __init__(
        self,
        revision: Revision,
        limits: Limits,
        answering: Callable[[int], ServerRequestState],
        *,
        stream_data: bool,
    ) -> None:
        self._revision = revision
        self._limits = limits
        self._answering = answering
        self._stream_data = stream_data
        self._table = revision.server_request
        self._has_ids = Feature.REQUEST_IDS in revision.features
        self._by_cbor = Feature.CBOR_REQUESTS in revision.features
        self._requests: dict[int, _Request] = {}
        self._held = 0

    def __len__(self) -> int:
        return len(self._requests)

    @property
    def ids(self) -> tuple[int, ...]:
        """The requests that are not whole, the oldest first."""
        return tuple(self._requests)

    def clear(self) -> None:
        """Forget them all."""
        self._requests.clear()

    def state(self, request_id: int) -> ServerRequestState:
        """Say where a request ID stands."""
        request = self._requests.get(request_id)
        if request is not None:
            return request.state
        # Without IDs there is nothing to confuse: the next command may come before the answer to the last.
        return self._answering(request_id) if self._has_ids else _UNKNOWN

    def receive(self, frame: Frame, frame_input: FrameInput, under_way: int) -> RequestAction | None:
        """Take a frame that concerns a request.

        Args:
            frame: the frame, its stream's encoding removed.
            frame_input: what it is.
            under_way: requests that are whole and not yet answered.

        Returns:
            What to do, or `None` if the table has no place for the frame.

        Raises:
            FaultRaised: the frame has its place, but not its payload, or a limit is crossed.
        """
        request_id = frame.request_id
        request = self._requests.get(request_id)
        state = self.state(request_id) if request is None else request.state
        following = self._table[state].get(frame_input)
        if following is None:
            return None
        if request is None:
            self._check_start(request_id, under_way)
            if frame_input in _WHOLE_INPUTS:
                self._check_octets(len(frame.payload))
                return self._run(request_id, self._read(frame.payload))
            request = self._requests[request_id] = _Request()
        self._hold(request, len(frame.payload))
        request.state = following
        if frame_input in _DATA_INPUTS:
            return self._add_data(request_id, request, frame.payload)
        if frame_input in _ARGUMENT_INPUTS:
            is_part = frame_input is _F.ARGUMENT_PART
            return self._add_argument(request_id, request, frame.payload, is_part=is_part)
        request.first.write(frame.payload)
        return self._proceed(request_id, request)

    def _check_start(self, request_id: int, under_way: int) -> None:
        if self._has_ids and not request_id & 1:
            message = f"received request with even numbered ID: {request_id}"
            raise FaultRaised(FaultCode.BAD_REQUEST_PARITY, message)
        count = len(self._requests) + under_way
        if count >= self._limits.max_requests and self._stream_data:
            # What runs while its data arrives is in both numbers.
            count -= sum(self._answering(known) is not _UNKNOWN for known in self._requests)
        if count >= self._limits.max_requests:
            message = f"more than {self._limits.max_requests} requests under way"
            raise FaultRaised(FaultCode.LIMIT_EXCEEDED, message)

    def _hold(self, request: _Request, octets: int) -> None:
        """Account for a payload that is kept until its request is whole."""
        if request.state is _DATA and self._stream_data:
            return
        request.held += octets
        self._held += octets
        self._check_octets(request.held)
        if self._held > self._limits.max_buffered_octets:
            message = f"requests together exceed the limit of {self._limits.max_buffered_octets} octets"
            raise FaultRaised(FaultCode.LIMIT_EXCEEDED, message)

    def _check_octets(self, octets: int) -> None:
        """Refuse a request of so many octets, however it is cut into frames."""
        if octets > self._limits.max_request_octets:
            message = f"request exceeds the limit of {self._limits.max_request_octets} octets"
            raise FaultRaised(FaultCode.LIMIT_EXCEEDED, message)

    def _add_argument(
        self, request_id: int, request: _Request, payload: bytes, *, is_part: bool
    ) -> RequestAction:
        argument = request.argument
        if argument is None:
            argument = request.argument = parse_argument(payload)
            if argument.name in request.args:
                message = "malformed argument frame: argument name repeated"
                raise FaultRaised(FaultCode.MALFORMED_ARGUMENT, message)
            payload = argument.value
        # Data cannot have begun: its place waits for it with nothing in it.
        request.data.write(payload)
        missing = argument.length - request.data.tell()
        if missing < 0 or (missing and not is_part):
            # Mercurial's word for too much is "partial" too (D17).
            message = "malformed argument frame: partial argument value"
            raise FaultRaised(FaultCode.MALFORMED_ARGUMENT, message)
        if is_part:
            return WantFrame()
        request.args[argument.name] = request.data.getvalue()
        request.data = io.BytesIO()
        request.argument = None
        return self._proceed(request_id, request)

    def _add_data(self, request_id: int, request: _Request, payload: bytes) -> RequestAction:
        is_last = request.state is _ACTIVE
        if self._stream_data:
            if is_last:
                self._forget(request_id)
            return CommandData(request_id, payload, is_last)
        request.data.write(payload)
        if not is_last:
            return WantFrame()
        self._forget(request_id)
        return self._run(request_id, self._command_of(request), request.data.getvalue())

    def _proceed(self, request_id: int, request: _Request) -> RequestAction:
        """Act on the state to which a frame has led that is not data."""
        if request.state is _ACTIVE:
            self._forget(request_id)
            return self._run(request_id, self._command_of(request))
        if request.state is _DATA:
            # A request that cannot be understood is refused before its data is waited for.
            request.command = self._command_of(request)
            request.first.close()
            if self._stream_data:
                return self._run(request_id, request.command, streaming=True)
        return WantFrame()

    def _command_of(self, request: _Request) -> Command:
        if request.command is not None:
            return request.command
        if self._by_cbor:
            return self._read(request.first.getvalue())
        return Command(request.first.getvalue(), request.args)

    def _read(self, octets: bytes) -> Command:
        if not self._by_cbor:
            return Command(octets, {})
        if len(octets) > self._limits.max_cbor_octets:
            message = f"command request exceeds the limit of {self._limits.max_cbor_octets} octets of CBOR"
            raise FaultRaised(FaultCode.LIMIT_EXCEEDED, message)
        return parse_command(octets, self._revision, self._limits.max_cbor_depth)

    def _run(
        self, request_id: int, command: Command, data: bytes | None = None, *, streaming: bool = False
    ) -> RunCommand:
        return RunCommand(request_id, command.name, command.args, data, command.redirect, streaming)

    def _forget(self, request_id: int) -> None:
        self._held -= self._requests.pop(request_id).held
