"""Why the two sides differ: the cause in the frames, by the number of the deviation.

A rule looks at what was sent (the frame, and what came before it) and at what both sides made of it. It gives numbers
only where the cause is there *and* the outcomes have the shape that the cause explains; whatever no rule claims is
unexplained. Up to the difference both sides did the same, so one record of the conversation is true for both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from hgframing import Feature, FrameType
from hgframing_fuzz._answer_causes import answers, client_frame, end_of_input
from hgframing_fuzz._record import MAX_DEPTH, Moment
from hgframing_fuzz._survey import Survey, survey


__all__ = ["causes", "is_double_fault"]

#: Limit of the reference: octets of settings.
_MAX_SETTINGS: Final = 65536
_SETTINGS_KINDS: Final = (FrameType.SENDER_SETTINGS, FrameType.STREAM_SETTINGS)


def is_double_fault(moment: Moment) -> bool:
    """Whether both refuse settings whose octets have two faults, and name one each: that is no deviation."""
    frame, record = moment.frame, moment.record
    if (
        frame is None
        or moment.kind not in _SETTINGS_KINDS
        or {moment.ours.kind, moment.theirs.kind} != {"error"}
    ):
        return False
    if not all("CBOR" in told.message for told in (moment.ours, moment.theirs)):
        return False
    held = (
        record.settings
        if moment.kind is FrameType.SENDER_SETTINGS
        else record.stream_settings.get(frame.stream_id)
    )
    found = survey((held or b"") + frame.payload)
    # Octets after the value are one fault, and that they are no CBOR is another.
    faults = (found.first in ("truncated", "malformed"), bool(found.rest), found.rest == "malformed")
    return sum((*faults, found.foreign, found.repeated)) > 1


def causes(moment: Moment) -> tuple[str, ...]:
    """Name the deviations that explain a difference; none where nothing does."""
    found: dict[str, None] = {}
    for rule in _RULES:
        found |= dict.fromkeys(rule(moment))
    return tuple(sorted(found, key=lambda number: int(number[1:])))


# Frames and streams, either reactor.


def _size(moment: Moment) -> Iterator[str]:
    length = len(moment.frame.payload) if moment.frame else 0
    if moment.ours.code == "payload-too-large" or length > 65535:
        yield "D3"
        if length > 65535:
            yield "D1"
    if moment.ours.code in ("truncated-frame", "payload-too-large") and "end-input" in moment.step:
        # The third octet of the length counts for less, so the same octets can be a whole frame.
        yield "D1"


def _after_error(moment: Moment) -> Iterator[str]:
    if moment.record.errored and moment.ours.code == "already-errored":
        yield "D31" if moment.record.layer == "server" else "D78"


def _undefined_flags(moment: Moment) -> Iterator[str]:
    frame = moment.frame
    if frame is None or moment.ours.code != "bad-flags":
        return
    if frame.stream_flags & 0xF8 and "undefined stream flags" in moment.ours.message:
        yield "D10"
        return
    spec = moment.record.revision.frames.get(frame.type_id)
    if spec is not None and frame.flags & ~sum(spec.flags.values()):
        yield "D13" if spec.type is FrameType.ERROR_RESPONSE else "D10"


def _encoded(moment: Moment) -> Iterator[str]:
    frame = moment.frame
    if frame is None or not frame.stream_flags & 4 or moment.theirs.kind != "raised":
        return
    if "support for decoding stream payloads" in moment.theirs.message:
        yield "D38" if moment.record.layer == "server" else "D39"


# Requests, in a server.


def _server_frame(moment: Moment) -> Iterator[str]:
    frame = moment.frame
    if frame is None or moment.record.layer != "server":
        return
    kind, half = moment.kind, moment.record.halves.get(frame.request_id)
    if kind is FrameType.STREAM_SETTINGS and moment.theirs.kind == "error":
        yield "D49" if Feature.CONTENT_ENCODINGS in moment.record.revision.features else "D48"
    if kind is FrameType.COMMAND_DATA and half is not None:
        if frame.flags & 3 == 3 and moment.ours.code == "bad-flags":
            yield "D11"
        if not half.done and half.flags & 8 and moment.ours.kind == "error":
            yield "D36"
    begins = kind is FrameType.COMMAND_REQUEST and frame.flags & 1
    if begins and not frame.request_id & 1 and moment.ours.code == "bad-request-parity":
        yield "D24"


def _request_of(moment: Moment) -> Survey | None:
    """The joined payload of a request that this frame completes, or whose data it completes."""
    frame = moment.frame
    half = moment.record.halves.get(frame.request_id) if frame else None
    if frame is None or (moment.kind is FrameType.COMMAND_DATA and half is None):
        return None
    if moment.kind is FrameType.COMMAND_DATA and half is not None:
        return survey(half.payload)
    if moment.kind is not FrameType.COMMAND_REQUEST or frame.flags & 4:
        return None
    return survey((half.payload if half else b"") + frame.payload)


def _request_payload(moment: Moment) -> Iterator[str]:
    request = _request_of(moment)
    if request is None or moment.record.layer != "server":
        return
    if Feature.CBOR_SUBSET not in moment.record.revision.features:
        yield from _general_decoder(moment, request)
    if moment.ours.code not in ("bad-cbor", "bad-payload"):
        return
    frame = moment.frame
    if frame is not None and frame.flags & 8 and moment.theirs.kind == "quiet":
        # It looks at a request only when its data has come; what is wrong with it is wrong all the same.
        yield "D97"
    yield from _request_faults(moment, request)


def _general_decoder(moment: Moment, found: Survey) -> Iterator[str]:
    """What the decoder of the 0005 releases cannot do, and what Python 2 makes of text."""
    if found.indefinite_key and "unhashable" in moment.theirs.message:
        yield "D103"
    if found.text_key and moment.theirs.kind in ("run-command", "quiet"):
        yield "D104"
    if found.container_key and moment.theirs.kind == "raised" and moment.ours.code == "bad-cbor":
        yield "D32"


def _request_faults(moment: Moment, request: Survey) -> Iterator[str]:
    subset = Feature.CBOR_SUBSET in moment.record.revision.features
    if request.first in ("empty", "truncated", "malformed"):
        yield "D32"
        return
    if request.foreign and subset:
        yield "D32"
    if request.rest:
        yield "D35"
    if request.repeated and moment.ours.code == "bad-cbor":
        yield "D98"
    if request.depth > MAX_DEPTH and moment.ours.code == "bad-cbor":
        yield "D99"
    if request.unusual and not subset:
        yield "D34"
    if request.first != "map":
        yield "D33"
    elif moment.ours.code == "bad-payload" and _has_wrong_field(request):
        yield "D34"


def _has_wrong_field(request: Survey) -> bool:
    name, args, redirect = (request.field(key) for key in (b"name", b"args", b"redirect"))
    if name is not None and name[0] != "bytes":
        return True
    if args is not None and (args[0] != "map" or any(key[0] != "bytes" for key, _ in args[1])):
        return True
    return redirect is not None and _is_wrong_redirect(redirect)


def _is_wrong_redirect(redirect: tuple[str, Any]) -> bool:
    kind, pairs = redirect
    if kind != "map":
        return True
    lists = [item for key, item in pairs if key[1] in (b"targets", b"hashes")]
    return any(item[0] != "array" or any(name[0] != "bytes" for name in item[1]) for item in lists)


# Settings.


def _sender_settings(moment: Moment) -> Iterator[str]:
    frame, record = moment.frame, moment.record
    if frame is None or moment.kind is not FrameType.SENDER_SETTINGS:
        return
    if record.layer == "client":
        if moment.is_unhandled or "inactive request ID" in moment.theirs.message:
            yield "D62"
        return
    if not record.first and record.settings is None:
        return
    joined = (record.settings or b"") + frame.payload
    if moment.ours.code == "limit-exceeded" and len(joined) > _MAX_SETTINGS:
        yield "D7"
    elif not frame.flags & 1:
        yield from _sender_settings_payload(moment, survey(joined))
    elif moment.theirs.kind == "error" and moment.ours.kind == "quiet":
        # It reads them as they come; the reference when they are whole.
        yield "D100"


def _sender_settings_payload(moment: Moment, found: Survey) -> Iterator[str]:
    if moment.ours.code == "bad-payload":
        names = found.field(b"contentencodings")
        if found.first != "map":
            yield "D58"
        elif names is not None and (names[0] != "array" or any(name[0] != "bytes" for name in names[1])):
            yield "D59"
    if moment.ours.code == "bad-cbor":
        yield from _settings_cbor(found)


def _settings_cbor(found: Survey) -> Iterator[str]:
    """What the reference's CBOR refuses in settings and Mercurial's does not."""
    if found.odd_chunk:
        yield "D102"
    if found.rest == "truncated":
        yield "D60"
    if found.repeated:
        yield "D98"
    if found.depth > MAX_DEPTH:
        yield "D99"


def _stream_settings(moment: Moment) -> Iterator[str]:
    frame, record = moment.frame, moment.record
    if frame is None or record.layer != "client":
        return
    if moment.kind is not FrameType.STREAM_SETTINGS:
        if record.stream_settings.get(frame.stream_id) is not None and moment.ours.code == "unexpected-frame":
            yield "D51"
        return
    if Feature.CONTENT_ENCODINGS not in record.revision.features:
        if moment.is_unhandled or "inactive request ID" in moment.theirs.message:
            yield "D48"
        return
    started = record.stream_settings.get(frame.stream_id)
    if started is None and not frame.stream_flags & 1 and moment.ours.code == "unexpected-frame":
        yield "D50"
    if frame.stream_id in record.stale_settings:
        yield "D52"
    if frame.stream_flags & 2 and "error setting stream decoder" in moment.theirs.message:
        yield "D53"
    yield from _stream_settings_payload(
        moment, survey((started or b"") + frame.payload), is_last=not frame.flags & 1
    )


def _stream_settings_payload(moment: Moment, found: Survey, *, is_last: bool) -> Iterator[str]:
    if not is_last:
        if moment.theirs.kind == "error" and moment.ours.kind == "quiet":
            yield "D100"
        return
    if moment.ours.code == "unsupported-encoding" and "not offered" in moment.ours.message:
        yield "D54"
    if moment.ours.code == "bad-payload" and found.first not in ("bytes", "empty", "truncated", "malformed"):
        yield "D101"
    if moment.ours.code == "bad-cbor":
        yield from _settings_cbor(found)


_RULES: Final[tuple[Callable[[Moment], Iterator[str]], ...]] = (
    _size,
    _after_error,
    _undefined_flags,
    _encoded,
    _server_frame,
    _request_payload,
    _sender_settings,
    _stream_settings,
    client_frame,
    end_of_input,
    answers,
)
