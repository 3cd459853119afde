"""The part of the generator `payloads` that is about compressed data, damaged in every part that it has.

A stream of zlib is a header, blocks and a checksum (RFC 1950, RFC 1951); one of zstd a magic number, a header, blocks
and, if the header says so, a checksum (RFC 8878). Each damage makes data that is none, whatever a decoder does before
it notices. The sender breaks the definition of the encoding, so the cases are `should`; what comes out must not be
taken for a request or a response.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from hgframing import REVISIONS, Feature, FrameInput, Revision, encode_value, format_notation
from hgframing_conformance._client_conversation import Answer, ClientConversation
from hgframing_conformance._decisions import deviations_of, requirements_of
from hgframing_conformance._server_conversation import Asked, ServerConversation
from hgframing_conformance._stored_blocks import StoredBlocks


__all__ = ["damages", "generate_encoding_faults"]

_F: Final = FrameInput
_COMMENT: Final = "The text forbids it to senders, and does not say what a receiver does."
_OPEN: Final = "The text does not say what a receiver does. The request ID of a settings frame is open."
_ENCODED: Final = 0x04
_ENCODINGS: Final = {"zlib": "ENC-010", "zstd-8mb": "ENC-009"}
#: What zstd puts before the window: four octets of magic and one of flags.
_ZSTD_HEADER: Final = 5
#: RFC 8878 §3.1.1.2.4.
_LARGEST_BLOCK: Final = 128 * 1024


class _Damage(NamedTuple):
    label: str
    what: str
    payload: bytes


def generate_encoding_faults() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield one suite for each revision with encodings and each role: its name, and its content as a suite file's."""
    for revision in REVISIONS.values():
        if Feature.CONTENT_ENCODINGS not in revision.features:
            continue
        for layer in ("server", "client"):
            name = f"{layer}/generated-payloads-encoded-{revision.key}"
            make = _server_case if layer == "server" else _client_case
            yield (
                name,
                {
                    "format": 1,
                    "suite": name,
                    "title": f"Compressed data of {revision.key} that is damaged, part by part",
                    "layer": layer,
                    "revisions": [revision.key],
                    "cases": [
                        make(revision, encoding, damage)
                        for encoding in _ENCODINGS
                        for damage in damages(encoding, _plain(revision, layer))
                    ],
                },
            )


def damages(encoding: str, plain: bytes) -> Iterator[_Damage]:
    """Yield data that is none, of every part of which there can be something wrong.

    Args:
        encoding: `zlib` or `zstd-8mb`.
        plain: what the data would be.
    """
    writer = StoredBlocks(encoding)
    begun = writer.encode(plain)
    whole = begun + writer.end()
    yield from _zlib_damages(begun, whole) if encoding == "zlib" else _zstd_damages(plain, begun, whole)


def _flip(octets: bytes, place: int, bits: int = 1) -> bytes:
    return octets[:place] + bytes([octets[place] ^ bits]) + octets[place + 1 :]


def _zlib_damages(begun: bytes, whole: bytes) -> Iterator[_Damage]:
    yield _Damage("method", "a compression method that there is not", _flip(begun, 0))
    yield _Damage("header-check", "header bits that do not check", _flip(begun, 1))
    yield _Damage("dictionary", "a dictionary that nobody has", b"\x78\x20" + bytes(4) + begun[2:])
    yield _Damage("block-type", "a block type that is reserved", begun[:2] + b"\x06" + begun[3:])
    yield _Damage("length", "a length that its complement denies", _flip(begun, 3))
    yield _Damage("complement", "a complement that its length denies", _flip(begun, 5))
    # A block of fixed codes: a copy of three octets, one octet back, where nothing is behind (RFC 1951 §3.2.5).
    yield _Damage("distance", "a copy from before the beginning", begun[:2] + b"\x02\x02\x00\x00")
    for place in range(1, 5):
        wrong = _flip(whole, len(whole) - place)
        yield _Damage(f"checksum-{place}", f"a checksum whose octet {place} from the end is wrong", wrong)


def _zstd_damages(plain: bytes, begun: bytes, whole: bytes) -> Iterator[_Damage]:
    for place in range(4):
        yield _Damage(
            f"magic-{place + 1}", f"a magic number whose octet {place + 1} is wrong", _flip(begun, place)
        )
    yield _Damage("reserved-flag", "a header flag that is reserved", _flip(begun, 4, 0x08))
    block = begun[_ZSTD_HEADER + 1 :]
    dictionary = begun[:4] + b"\x01" + begun[_ZSTD_HEADER : _ZSTD_HEADER + 1] + b"\x07" + block
    yield _Damage("dictionary", "a dictionary that nobody has", dictionary)
    head = begun[: _ZSTD_HEADER + 1]
    reserved = (len(plain) << 3 | 6).to_bytes(3, "little")
    yield _Damage("block-type", "a block type that is reserved", head + reserved + plain)
    large = ((_LARGEST_BLOCK + 1) << 3).to_bytes(3, "little")
    yield _Damage("block-size", "a block that is larger than any may be", head + large + plain)
    yield _Damage(
        "block", "a compressed block that is none", head + (2 << 3 | 4).to_bytes(3, "little") + b"\xff\xff"
    )
    checked = begun[:4] + b"\x04" + whole[_ZSTD_HEADER:] + bytes(4)
    yield _Damage("checksum", "a checksum that is wrong", checked)


def _plain(revision: Revision, layer: str) -> bytes:
    """What is in the payload: a request, or a response."""
    if layer == "server":
        return encode_value({b"name": b"c1"}, revision.cbor)
    return encode_value({b"status": b"ok"}, revision.cbor) + encode_value(True, revision.cbor)


def _case(
    layer: str, revision: Revision, encoding: str, damage: _Damage, steps: list[dict[str, Any]]
) -> dict[str, Any]:
    is_server = layer == "server"
    requirements = requirements_of(revision, [_ENCODINGS[encoding]])
    offered = {"accept-encodings": ["identity", encoding]} if is_server else {"content-encodings": [encoding]}
    name = encoding.partition("-")[0]
    return {
        "id": f"{layer}-payload-{revision.key}-{name}-{damage.label}",
        "title": f"Data in {name} with {damage.what} is an error",
        "level": "should",
        "requirements": requirements,
        "violates": requirements,
        "deviations": deviations_of(revision, ["D49"] if is_server else ["D55"]),
        "source": "generated:payloads",
        "comment": _COMMENT if is_server else _OPEN,
        "requires": {"encodings": [encoding]},
        "setup": offered,
        "chunkings": ["frame"],
        "tier": "full",
        "steps": steps,
    }


def _server_case(revision: Revision, encoding: str, damage: _Damage) -> dict[str, Any]:
    conversation = ServerConversation(revision)
    steps = [conversation.set_encoding(1, 1, encoding)]
    frame = conversation.frame(Asked(1, _F.NEW, 1, _ENCODED), damage.payload)
    steps.append(
        {
            "receive": [format_notation(frame, revision)],
            "expect": [{"error": {"code": "bad-encoding"}}],
            "never": ["run-command"],
        }
    )
    return _case("server", revision, encoding, damage, steps)


def _client_case(revision: Revision, encoding: str, damage: _Damage) -> dict[str, Any]:
    conversation = ClientConversation(revision)
    steps: list[dict[str, Any]] = [
        {"call": {"command": "mycommand"}, "never": ["error"]},
        {"flush": None, "never": ["error"]},
        conversation.set_encoding(1, 2, encoding),
    ]
    frame = conversation.frame(Answer(1, _F.RESPONSE_LAST, stream_flags=_ENCODED), damage.payload)
    steps.append(
        {
            "receive": [format_notation(frame, revision)],
            "expect": [{"error": {"code": "bad-encoding"}}],
            "never": ["response-data"],
        }
    )
    return _case("client", revision, encoding, damage, steps)
