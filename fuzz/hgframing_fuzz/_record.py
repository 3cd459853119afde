"""What has happened in a conversation, for the classifier of differences (`_causes`).

It is read off frames that both sides took alike, so one record is true for both.
"""

from __future__ import annotations

import dataclasses

from typing import Any, Final

from hgframing import Frame, FrameType, Revision
from hgframing_fuzz._survey import Survey, survey


__all__ = ["MAX_DEPTH", "Moment", "Record", "Step", "Told"]

#: A step of the harness protocol: a verb and its value.
Step = dict[str, Any]

#: Limit of the reference: containers around a value.
MAX_DEPTH: Final = 32


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """What one side did in a step, in a word.

    Attributes:
        kind: `quiet`, or the kind of the first action that is not.
        code: of the reference's error.
        message: of an error, a refusal or an exception.
        type: of an exception.
    """

    kind: str = "quiet"
    code: str = ""
    message: str = ""
    type: str = ""


@dataclasses.dataclass(slots=True)
class _Half:
    """A request that is not whole."""

    flags: int
    payload: bytes = b""
    done: bool = False


class Record:
    """What has happened on a connection, read off frames that both sides took alike."""

    def __init__(self, revision: Revision, layer: str) -> None:
        self.revision = revision
        self.layer = layer
        self.errored = False
        self.open: set[int] = set()
        self.halves: dict[int, _Half] = {}
        self.first = True
        self.settings: bytes | None = None
        self.offered: Any = None
        self.stream_settings: dict[int, bytes] = {}
        self.stale_settings: set[int] = set()
        self.encodings: dict[int, bytes] = {}
        #: What has come encoded, by stream.
        self.encoded: dict[int, bytes] = {}
        #: Commands that run, and what asked for them.
        self.running: dict[int, Survey] = {}
        #: Local wishes whose frames wait for the end of input.
        self.deferred: list[Step] = []

    def wish(self, step: Step, *, deferred: bool) -> None:
        """Note what the local side wished, which both sides took alike."""
        ((verb, value),) = step.items()
        if verb in ("respond", "fail"):
            self.running.pop(value["request"], None)
            if deferred:
                self.deferred.append(step)

    def take(self, frame: Frame, told: Told) -> None:
        """Note a frame that both sides took alike."""
        if told.kind in ("error", "raised"):
            self.errored = True
            return
        spec = self.revision.frames.get(frame.type_id)
        if frame.stream_flags & 2:
            self.open.discard(frame.stream_id)
            if self.stream_settings.pop(frame.stream_id, None) is not None:
                self.stale_settings.add(frame.stream_id)
            self.encodings.pop(frame.stream_id, None)
            self.encoded.pop(frame.stream_id, None)
        else:
            self.open.add(frame.stream_id)
        if frame.stream_flags & 4 and frame.stream_id in self.encodings:
            self.encoded[frame.stream_id] = self.encoded.get(frame.stream_id, b"") + frame.payload
        self.first = False
        if spec is None:
            return
        match spec.type:
            case FrameType.SENDER_SETTINGS:
                joined = (self.settings or b"") + frame.payload
                self.settings = joined if frame.flags & 1 else None
                if not frame.flags & 1:
                    self.offered = survey(joined).field(b"contentencodings")
            case FrameType.STREAM_SETTINGS:
                self._take_stream_settings(frame)
            case FrameType.COMMAND_REQUEST:
                half = self.halves.setdefault(frame.request_id, _Half(frame.flags))
                half.payload += frame.payload
                half.done = not frame.flags & 4
            case _:
                pass
        if told.kind == "run-command":
            # A request of frames that are not CBOR leaves no payload to look into.
            half = self.halves.pop(frame.request_id, _Half(0))
            self.running[frame.request_id] = survey(half.payload)

    def _take_stream_settings(self, frame: Frame) -> None:
        if frame.stream_flags & 2:
            if frame.flags & 1:
                self.stale_settings.add(frame.stream_id)
            return
        joined = self.stream_settings.get(frame.stream_id, b"") + frame.payload
        if frame.flags & 1:
            self.stream_settings[frame.stream_id] = joined
            return
        self.stream_settings.pop(frame.stream_id, None)
        value = survey(joined).value
        if value is not None and value[0] == "bytes":
            self.encodings[frame.stream_id] = value[1]


@dataclasses.dataclass(frozen=True, slots=True)
class Moment:
    """A step in which the two sides differ."""

    record: Record
    step: Step
    frame: Frame | None
    setup: dict[str, Any]
    ours: Told
    theirs: Told

    @property
    def kind(self) -> FrameType | None:
        """What the frame is."""
        spec = self.record.revision.frames.get(self.frame.type_id) if self.frame else None
        return spec.type if spec else None

    @property
    def is_unhandled(self) -> bool:
        """Whether Mercurial has no code for the frame's type and says so with an exception."""
        return self.theirs.kind == "raised" and self.theirs.message.startswith("unhandled frame type")
