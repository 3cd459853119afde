"""Why the two sides differ over what a server says: the part of the rules that is about answers.

Both ends of an answer are here: what a client makes of a server's frames, and what a server
sends when it is asked to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hgframing import Feature, FrameType
from hgframing_fuzz._record import MAX_DEPTH, Moment, Step
from hgframing_fuzz._survey import Survey, survey


__all__ = ["answers", "client_frame", "end_of_input"]


# Responses, in a client.


def client_frame(moment: Moment) -> Iterator[str]:
    """What a client makes of a frame from a server."""
    frame = moment.frame
    if frame is None or moment.record.layer != "client":
        return
    unhandled = moment.is_unhandled
    match moment.kind:
        case FrameType.RESPONSE:
            if frame.flags & 3 in (0, 3) and moment.ours.code == "bad-flags":
                yield "D12"
        case FrameType.TEXT_OUTPUT | FrameType.PROGRESS:
            if unhandled:
                yield "D75"
        case FrameType.ERROR_RESPONSE:
            yield from _error_frame(moment, survey(frame.payload))
        case FrameType.SENDER_SETTINGS | FrameType.STREAM_SETTINGS:
            pass
        case _:
            if unhandled and moment.ours.kind == "error":
                yield "D78"
    if moment.record.encodings.get(frame.stream_id) and frame.stream_flags & 4:
        yield from _encoded_payload(moment)


def _error_frame(moment: Moment, found: Survey) -> Iterator[str]:
    """Errors are looked at by neither the reactor nor its caller (D77), but decoded."""
    if found.indefinite_key and "unhashable" in moment.theirs.message:
        yield "D103"
    if moment.ours.kind == "error-response" and moment.theirs.kind == "error":
        yield "D77"  # of a request that is none
    if moment.ours.code not in ("bad-cbor", "bad-payload"):
        return
    kind, message = found.field(b"type"), found.field(b"message")
    is_whole = found.first == "map" and not found.rest and kind is not None and message is not None
    if not is_whole or not _is_error_type(kind) or not _are_atoms(message):
        yield "D77"
    if found.foreign or found.unusual:
        yield "D77"
    if found.repeated:
        yield "D98"
    if found.depth > MAX_DEPTH:
        yield "D99"


def _is_error_type(node: Any) -> bool:
    return node in [("bytes", name) for name in (b"protocol", b"server", b"command")]


def _are_atoms(node: Any) -> bool:
    if node is None or node[0] != "array":
        return False
    for atom in node[1]:
        fields = dict(atom[1]) if atom[0] == "map" and all(key[0] == "bytes" for key, _ in atom[1]) else {}
        if fields.get(("bytes", b"msg"), ("", b""))[0] != "bytes":
            return False
        for name in (b"args", b"labels"):
            items = fields.get(("bytes", name), ("array", []))
            if items[0] != "array" or any(item[0] != "bytes" for item in items[1]):
                return False
    return True


def _encoded_payload(moment: Moment) -> Iterator[str]:
    if moment.ours.code == "bad-encoding":
        if moment.theirs.kind == "raised":
            yield "D55"
        if "after the end" in moment.ours.message:
            yield "D57"
        if moment.record.encodings.get(moment.frame.stream_id if moment.frame else 0) == b"zstd-8mb":
            yield "D57"
    if moment.ours.code == "limit-exceeded":
        yield "D56"
    if moment.ours.kind == moment.theirs.kind == "response-data" and _ends_in_a_block(moment):
        yield "D110"
    if moment.theirs.kind == "raised" and "decompressobj multiple times" in moment.theirs.message:
        yield "D57"


def _ends_in_a_block(moment: Moment) -> bool:
    """Whether what a stream has sent ends inside of a block of zstd: RFC 8878, 3.1.1."""
    frame, record = moment.frame, moment.record
    if frame is None or record.encodings.get(frame.stream_id) != b"zstd-8mb":
        return False
    octets = record.encoded.get(frame.stream_id, b"") + frame.payload
    position = 0
    while len(octets) >= position + 5:
        descriptor = octets[position + 4]
        is_single = bool(descriptor & 0x20)
        # The magic number and the descriptor; then the window, the dictionary's ID and the size of the content.
        position += 5 + (not is_single) + (0, 1, 2, 4)[descriptor & 3]
        position += (int(is_single), 2, 4, 8)[descriptor >> 6]
        is_last = False
        while not is_last and len(octets) >= position + 3:
            block = int.from_bytes(octets[position : position + 3], "little")
            is_last = bool(block & 1)
            position += 3 + (1 if block >> 1 & 3 == 1 else block >> 3)
            if position > len(octets):
                return True
        position += 4 * bool(descriptor & 4)
    return False


# What the local side wishes.


def end_of_input(moment: Moment) -> Iterator[str]:
    """What comes out when the input has ended, half requests and deferred answers."""
    if "end-input" not in moment.step:
        return
    if moment.ours.code == "incomplete-request" and moment.record.halves:
        yield "D6"
    for step in moment.record.deferred:
        yield from _answer_given(moment, step)


def answers(moment: Moment) -> Iterator[str]:
    """What becomes of an answer that the local side gives."""
    yield from _answer_given(moment, moment.step)


def _answer_given(moment: Moment, step: Step) -> Iterator[str]:
    ((verb, value),) = step.items()
    if verb not in ("respond", "fail"):
        return
    if moment.ours.kind == "refused" and value["request"] not in moment.record.running:
        yield "D30"
        return
    if verb == "respond":
        yield from _response_given(moment, value)
    elif value["kind"] == "command" and {moment.ours.kind, moment.theirs.kind} == {"send-frames"}:
        yield "D64" if value["after"] else "D65"


def _response_given(moment: Moment, value: dict[str, Any]) -> Iterator[str]:
    if value.get("objects") == [] and Feature.CONTENT_ENCODINGS in moment.record.revision.features:
        yield "D63"
    if any(isinstance(item, dict) and "float" in item for item in value.get("objects", ())):
        yield "D68"
    if (
        "redirect" in value
        and moment.ours.kind == "refused"
        and not _follows_redirects(moment, value["request"])
    ):
        yield "D69"
    names = moment.record.offered
    if names is not None and not _has_common_encoding(names):
        yield "D61"


def _follows_redirects(moment: Moment, request: int) -> bool:
    redirect = moment.record.running[request].field(b"redirect")
    targets = [item for key, item in redirect[1] if key == ("bytes", b"targets")] if redirect else []
    return bool(targets and targets[-1][1])


def _has_common_encoding(names: tuple[str, Any]) -> bool:
    known = [("bytes", name) for name in (b"identity", b"zlib", b"zstd-8mb")]
    return any(name in known for name in names[1])
