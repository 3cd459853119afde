"""Limits of a client, each with a conversation that needs exactly so much of it, or one more or less."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from hgframing import Feature, FrameInput, Revision, encode_value, format_notation
from hgframing_conformance._client_conversation import Answer, ClientConversation, octets_form
from hgframing_conformance._limit_bounds import Bound, Step, Try, limit_suites, request_id
from hgframing_conformance._stored_blocks import StoredBlocks


__all__ = ["generate_client_limits"]

_F: Final = FrameInput
_ENCODED: Final = 0x04
_SIZE: Final = 60
_COUNT: Final = 3


def generate_client_limits() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield one suite for each revision: its name, and its content in the form of a suite file."""
    yield from limit_suites("client", _BOUNDS)


def _asked(revision: Revision) -> tuple[ClientConversation, list[Step], int]:
    conversation = ClientConversation(revision)
    steps = [conversation.call(), conversation.flush()]
    return conversation, steps, request_id(revision)


def _offering(revision: Revision) -> list[Step]:
    """A call by a client that offers encodings; what it sends is another matter."""
    steps = [ClientConversation(revision).call(), {"flush": None}]
    return [
        {key: value for key, value in step.items() if key != "expect"} | {"never": ["error"]}
        for step in steps
    ]


def _client_payload(revision: Revision, over: int) -> Try:
    conversation, steps, request = _asked(revision)
    payload = b"a" * (_SIZE + over)
    frame = conversation.frame(Answer(request, _F.RESPONSE_LAST), payload)
    named = {"request": request} if Feature.REQUEST_IDS in revision.features else {}
    told = {**named, "data": octets_form(payload), "eos": True}
    steps.append({"receive": [format_notation(frame, revision)], "expect": [{"response-data": told}]})
    return Try(_SIZE, steps)


def _client_settings(what: FrameInput) -> Callable[[Revision, int], Try]:
    def make(revision: Revision, over: int) -> Try:
        conversation, steps, request = _asked(revision)
        more = _F.SETTINGS_MORE if what is _F.SETTINGS_LAST else _F.STREAM_SETTINGS_MORE
        whole = len(ClientConversation(revision).payload(Answer(request, what)))
        steps += [conversation.receive(Answer(request, one)) for one in (more, what)]
        return Try(whole - over, steps)

    return make


def _client_cbor(what: FrameInput) -> Callable[[Revision, int], Try]:
    """One frame whose payload is CBOR; responses are handed over as they are and do not count."""

    def make(revision: Revision, over: int) -> Try:
        conversation, steps, request = _asked(revision)
        size = len(ClientConversation(revision).payload(Answer(request, what)))
        return Try(size - over, [*steps, conversation.receive(Answer(request, what))])

    return make


def _client_depth(what: FrameInput, depth: int) -> Callable[[Revision, int], Try]:
    def make(revision: Revision, over: int) -> Try:
        conversation, steps, request = _asked(revision)
        return Try(depth - over, [*steps, conversation.receive(Answer(request, what))])

    return make


def _client_encoded_streams(revision: Revision, over: int) -> Try:
    steps = _offering(revision)
    for number in range(_COUNT + over):
        answer = Answer(1, _F.STREAM_SETTINGS_LAST, 2 + 2 * number)
        frame = ClientConversation(revision).frame(answer, encode_value(b"zlib", revision.cbor))
        steps.append({"receive": [format_notation(frame, revision)], "expect": []})
    return Try(_COUNT, steps, {"content-encodings": ["zlib"]}, {"encodings": ["zlib"]})


def _client_decoded(encoding: str) -> Callable[[Revision, int], Try]:
    def make(revision: Revision, over: int) -> Try:
        conversation = ClientConversation(revision)
        settings = Answer(1, _F.STREAM_SETTINGS_LAST)
        frames = [conversation.frame(settings, encode_value(encoding.encode(), revision.cbor))]
        data = b"a" * (_SIZE + over)
        payload = StoredBlocks(encoding).encode(data)
        frames.append(conversation.frame(Answer(1, _F.RESPONSE_LAST, stream_flags=_ENCODED), payload))
        told = {"request": 1, "data": data.decode(), "eos": True}
        steps = [
            *_offering(revision),
            {"receive": [format_notation(frames[0], revision)], "expect": []},
            {"receive": [format_notation(frames[1], revision)], "expect": [{"response-data": told}]},
        ]
        return Try(_SIZE, steps, {"content-encodings": [encoding]}, {"encodings": [encoding]})

    return make


_SET: Final = ("SET-001", "SET-006")
_STREAM_SET: Final = ("ENC-003", "ENC-006")
_IN_ZLIB: Final = ("STREAM-007", "ENC-010")
_IN_ZSTD: Final = ("STREAM-007", "ENC-009")
#: A value that nests too deep is more than a limit allows, and no value that is expected.
_DEPTH: Final = ("limit-exceeded", "bad-cbor")
_ENCODINGS: Final = Feature.CONTENT_ENCODINGS

_BOUNDS: Final = (
    Bound(
        "max-payload",
        "",
        "A payload that",
        None,
        ("FRAME-003", "RSP-003"),
        _client_payload,
        ("payload-too-large",),
    ),
    Bound(
        "max-settings-octets",
        "sender",
        "Sender settings that",
        Feature.SENDER_SETTINGS,
        _SET,
        _client_settings(_F.SETTINGS_LAST),
    ),
    Bound(
        "max-settings-octets",
        "stream",
        "Stream settings that",
        _ENCODINGS,
        _STREAM_SET,
        _client_settings(_F.STREAM_SETTINGS_LAST),
    ),
    Bound(
        "max-cbor-octets",
        "error",
        "An error that",
        Feature.CBOR_ERRORS,
        ("ERR-004", "ERR-006"),
        _client_cbor(_F.ERROR_RESPONSE),
    ),
    # Text became CBOR together with requests.
    Bound(
        "max-cbor-octets",
        "text",
        "Text output that",
        Feature.CBOR_REQUESTS,
        ("TEXT-004",),
        _client_cbor(_F.TEXT_OUTPUT),
    ),
    Bound(
        "max-cbor-octets",
        "progress",
        "Progress that",
        Feature.PROGRESS,
        ("PROG-001",),
        _client_cbor(_F.PROGRESS),
    ),
    # A map, an array, and a map for each atom.
    Bound(
        "max-cbor-depth",
        "error",
        "An error whose nesting",
        Feature.CBOR_ERRORS,
        ("ERR-004", "ERR-006"),
        _client_depth(_F.ERROR_RESPONSE, 3),
        _DEPTH,
    ),
    Bound(
        "max-encoded-streams", "", "Encoded streams that", _ENCODINGS, ("ENC-003",), _client_encoded_streams
    ),
    Bound("max-decoded", "zlib", "A payload in zlib that", _ENCODINGS, _IN_ZLIB, _client_decoded("zlib")),
    Bound("max-decoded", "zstd", "A payload in zstd that", _ENCODINGS, _IN_ZSTD, _client_decoded("zstd-8mb")),
)
