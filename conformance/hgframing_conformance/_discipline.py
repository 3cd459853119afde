"""What no sender may do, whatever a case is about: the flags, the streams and the order of everything that is sent.

The text leaves a sender free to cut, encode and interleave (docs/vector-format.md, "Actions"), so cases do not compare
that. Some of it no sender is free to do: a frame on a closed stream that does not open it, two frames that both begin a
request, a piece of an answer that says both that more follows and that it was the last. Each rule here is one of the
catalogue's, named in what is said of its breach, and judged on what was sent alone.
"""

from __future__ import annotations

import dataclasses
import enum

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from hgframing import Frame, FrameType, Revision, StreamFlag
from hgframing_conformance._cases import Action, ActionKind, Layer


__all__ = ["RULES", "Discipline"]

_MAX_PAYLOAD: Final = 65535
_STREAM_FLAGS: Final = int(StreamFlag.BEGIN | StreamFlag.END | StreamFlag.ENCODED)

#: Every rule: what a sender does that breaks the requirement.
RULES: Final[Mapping[str, str]] = {
    "FRAME-003": "a payload is longer than 65535 octets",
    "FRAME-005": "flags are set that the type does not have",
    "FRAME-007": "stream flags are set that do not exist",
    "RID-001": "a request has an even ID",
    "RSP-003": "a frame concerns no request that waits for an answer",
    "STREAM-001": "the stream is the other side's",
    "STREAM-003": "the stream is closed, and the frame does not begin it",
    "RSP-004": "an answer's frame says both that more follows and that it is the last",
    "ENC-001": "stream settings do not begin the stream",
    "ENC-006": "stream settings say neither or both of more and last, or are interrupted",
    "SET-005": "settings come after another frame",
    "SET-006": "settings say neither or both of more and last, or are interrupted",
    "CMD-006": "a command that has nothing else announces arguments or data",
    "CMD-007": "frames of a command come in another order",
    "CMD-008": "a command's name has none of the flags",
    "REQ-004": "a request begins that has begun",
    "REQ-005": "a request goes on that has not begun",
    "REQ-006": "a request frame is neither new nor a continuation",
    "REQ-007": "a request frame is both new and a continuation",
    "REQ-010": "request frames do not agree whether data follows",
    "REQ-011": "data comes before the last request frame",
    "DATA-002": "a data frame says neither or both of more and last",
    "DATA-004": "data comes that was not announced",
}


class _Expected(enum.Enum):
    """What a client's request has still to send."""

    REQUEST = "request frames"
    ARGUMENTS = "arguments"
    DATA = "data"


@dataclasses.dataclass(slots=True)
class _Sending:
    expected: _Expected
    has_data: bool


class Discipline:
    """Watches what one implementation sends in one case.

    Args:
        revision: the case's.
        layer: which side it is; the codec sends nothing.
    """

    def __init__(self, revision: Revision, layer: Layer) -> None:
        self._revision = revision
        self._parity = 1 if layer is Layer.CLIENT else 0
        self._open: set[int] = set()
        self._interrupted: tuple[FrameType, int] | None = None
        self._has_sent = False
        self._answerable: dict[int, int] = {}
        self._sending: dict[int, _Sending] = {}
        self._rules: Mapping[FrameType, Callable[[Frame, frozenset[str]], str]] = {
            FrameType.SENDER_SETTINGS: self._settings,
            FrameType.STREAM_SETTINGS: self._stream_settings,
            FrameType.COMMAND_NAME: self._name,
            FrameType.COMMAND_ARGUMENT: self._argument,
            FrameType.COMMAND_REQUEST: self._request,
            FrameType.COMMAND_DATA: self._data,
            FrameType.RESPONSE: self._response,
            FrameType.ERROR_RESPONSE: self._error,
            FrameType.TEXT_OUTPUT: self._beside,
            FrameType.PROGRESS: self._beside,
        }

    def breach(self, actions: Iterable[Action]) -> str:
        """Say in one clause which rule the frames of a step break first; empty: none.

        Call it once for every step, in order.
        """
        found = ""
        for action in actions:
            if action.kind is ActionKind.RUN_COMMAND:
                request = action.fields["request"]
                self._answerable[request] = self._answerable.get(request, 0) + 1
            elif action.kind is ActionKind.SEND_FRAMES:
                for frame in action.fields["frames"]:
                    rule = self._frame(frame)
                    found = found or (rule and f"{rule}: {RULES[rule]}{_where(frame)}")
        return found

    def _frame(self, frame: Frame) -> str:
        spec = self._revision.frames.get(frame.type_id)
        if spec is None:
            # What it is nobody knows; that it is there is for the comparison to say.
            return ""
        names = frozenset(name for name, bit in spec.flags.items() if frame.flags & bit)
        interrupted = self._interrupted
        broken = [self._size(frame), self._flags(frame, sum(spec.flags.values()))]
        broken.append(self._rules[spec.type](frame, names))
        broken.append(self._stream(frame))
        if interrupted is not None and interrupted != (spec.type, frame.stream_id):
            broken.append("SET-006" if interrupted[0] is FrameType.SENDER_SETTINGS else "ENC-006")
        self._has_sent = True
        return next(filter(None, broken), "")

    def _size(self, frame: Frame) -> str:
        return "FRAME-003" if len(frame.payload) > _MAX_PAYLOAD else ""

    def _flags(self, frame: Frame, defined: int) -> str:
        return "FRAME-005" if frame.flags & ~defined else ""

    def _stream(self, frame: Frame) -> str:
        if not self._revision.header.has_stream:
            return ""
        stream, flags = frame.stream_id, frame.stream_flags
        was_open = stream in self._open
        self._open.add(stream)
        if flags & StreamFlag.END:
            self._open.discard(stream)
        if stream & 1 != self._parity:
            return "STREAM-001"
        if flags & ~_STREAM_FLAGS:
            return "FRAME-007"
        if not was_open and not flags & StreamFlag.BEGIN:
            return "STREAM-003"
        return ""

    # Settings.

    def _pieces(self, kind: FrameType, frame: Frame, names: frozenset[str]) -> bool:
        """Note whether more of some settings must follow; tell whether their flags say one thing."""
        self._interrupted = (kind, frame.stream_id) if "continuation" in names else None
        return len(names) == 1

    def _settings(self, frame: Frame, names: frozenset[str]) -> str:
        is_first = not self._has_sent or self._interrupted is not None
        says_one = self._pieces(FrameType.SENDER_SETTINGS, frame, names)
        if not is_first:
            return "SET-005"
        return "" if says_one else "SET-006"

    def _stream_settings(self, frame: Frame, names: frozenset[str]) -> str:
        goes_on = self._interrupted is not None
        has_flags = bool(self._revision.frames[frame.type_id].flags)
        says_one = not has_flags or self._pieces(FrameType.STREAM_SETTINGS, frame, names)
        if not goes_on and not frame.stream_flags & StreamFlag.BEGIN:
            return "ENC-001"
        return "" if says_one else "ENC-006"

    # What a client sends.

    def _name(self, frame: Frame, names: frozenset[str]) -> str:
        if frame.request_id in self._sending:
            return "CMD-007"
        expected = _Expected.ARGUMENTS if "have-args" in names else _Expected.DATA
        if names & {"have-args", "have-data"}:
            self._sending[frame.request_id] = _Sending(expected, "have-data" in names)
        if "eos" in names and len(names) > 1:
            return "CMD-006"
        return self._parity_of(frame) if names else "CMD-008"

    def _argument(self, frame: Frame, names: frozenset[str]) -> str:
        sending = self._sending.get(frame.request_id)
        if sending is None or sending.expected is not _Expected.ARGUMENTS:
            return "CMD-007"
        if "eoa" in names:
            self._end_of_part(frame.request_id, sending)
        return ""

    def _request(self, frame: Frame, names: frozenset[str]) -> str:
        sending = self._sending.get(frame.request_id)
        has_data = "have-data" in names
        if len(names & {"new", "continuation"}) != 1:
            return "REQ-007" if "new" in names else "REQ-006"
        if "new" in names:
            if sending is not None:
                return "REQ-004"
            sending = self._sending[frame.request_id] = _Sending(_Expected.REQUEST, has_data)
        elif sending is None or sending.expected is not _Expected.REQUEST:
            return "REQ-005"
        if "more" not in names:
            self._end_of_part(frame.request_id, sending)
        return self._parity_of(frame) if sending.has_data == has_data else "REQ-010"

    def _end_of_part(self, request: int, sending: _Sending) -> None:
        if sending.has_data:
            sending.expected = _Expected.DATA
        else:
            del self._sending[request]

    def _data(self, frame: Frame, names: frozenset[str]) -> str:
        sending = self._sending.get(frame.request_id)
        if sending is None or not sending.has_data:
            return "DATA-004"
        if sending.expected is not _Expected.DATA:
            return "REQ-011" if sending.expected is _Expected.REQUEST else "CMD-007"
        if "eos" in names:
            del self._sending[frame.request_id]
        return "" if len(names) == 1 else "DATA-002"

    def _parity_of(self, frame: Frame) -> str:
        return "" if not self._revision.header.has_request or frame.request_id & 1 else "RID-001"

    # What a server sends.

    def _response(self, frame: Frame, names: frozenset[str]) -> str:
        broken = self._beside(frame, names)
        if "eos" in names:
            self._answered(frame)
        # Neither flag is not called illegal, and Mercurial's first releases send it: cases of their own look at that.
        return broken or ("RSP-004" if len(names) > 1 else "")

    def _error(self, frame: Frame, _names: frozenset[str]) -> str:
        # A server may tell of a fault that concerns no request of its own, or none at all.
        self._answered(frame)
        return ""

    def _beside(self, frame: Frame, _names: frozenset[str]) -> str:
        return "" if self._answerable.get(frame.request_id) else "RSP-003"

    def _answered(self, frame: Frame) -> None:
        if self._answerable.get(frame.request_id):
            self._answerable[frame.request_id] -= 1


def _where(frame: Frame) -> str:
    return f" (request {frame.request_id}, stream {frame.stream_id}, type {frame.type_id})"
