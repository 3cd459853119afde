"""What peers send: frames that are nearly right, which reach further than arbitrary ones, and payloads for them."""

from __future__ import annotations

import zlib

from typing import Final

from hypothesis import strategies as st

from hgframing import Fault, FaultCode, Frame, Revision, encode_value
from tests.reference.strategies import cbor_values, frames


#: Octets that mean something somewhere, and some that nearly do.
_PAYLOADS: Final = (
    b"",
    b"heads",
    b"\x03\x00\x04\x00fooval1",
    b"\x03\x00\x02\x00foov",
    b"\x00\x00\x00\x00",
    b"\x03\x00\x02\x02\x02\x04\x01\x00\x01\x00fool1lab2ab",
    b"\xa1\x44name\x45heads",
    b"\xa1\x44na",
    b"me\x45heads",
    b"\xa2\x44args\xa1\x43foo\x01\x44name\x45heads",
    b"\xa2\x44name\x45heads\x48redirect\xa2\x46hashes\x80\x47targets\x81\x41t",
    b"\xa1\x50contentencodings\x83\x48zstd-8mb\x44zlib\x48identity",
    b"\xa1\x50contentencodings",
    b"\x44zlib",
    b"\x04zlib",
    b"\x48identity",
    b"\x48zstd-8mb",
    b"\x48zstd",
    b"\xa1\x46status\x42ok",
    b"\xa2\x44type\x46server\x47message\x81\xa1\x43msg\x44boom",
    b"\xa2\x44type\x48protocol\x47message\x80",
    b"\x81\xa1\x43msg\x43foo",
    b"\xa3\x43pos\x01\x45topic\x45files\x45total\x0a",
    b"\xd9\x01\x02\x81\x01",
    b"\x9f\xff",
    b"\x5f\x41a\xff",
    b"\x81" * 40,
    b"\xff",
    zlib.compress(b"\xa1\x44name\x45heads"),
    zlib.compress(bytes(70000)),
)


def peer_frames(revision: Revision, *, from_client: bool) -> st.SearchStrategy[Frame]:
    """Make frames with few IDs, mostly of the right parity, and mostly with types and flags that the revision has."""
    parity = 1 if from_client else 0
    stream_ids = st.sampled_from([parity, parity + 2, 254 + parity, 1 - parity, 0])
    stream_flags = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 4, 5, 8, 255])
    nibbles = st.one_of(st.sampled_from(sorted(revision.inputs)), st.integers(0, 255))
    payloads = st.one_of(
        st.sampled_from(_PAYLOADS),
        st.binary(max_size=12),
        cbor_values(revision.cbor, 4).map(lambda value: encode_value(value, revision.cbor)),
    )

    def make(request_id: int, stream_id: int, flags: int, nibble: int, payload: bytes) -> Frame:
        if not revision.header.has_stream:
            stream_id = flags = 0
        return Frame(
            request_id if revision.header.has_request else 0,
            stream_id,
            flags,
            nibble >> 4,
            nibble & 15,
            payload,
        )

    nearly = st.builds(
        make, st.sampled_from([1, 1, 3, 5, 2, 0, 65535]), stream_ids, stream_flags, nibbles, payloads
    )
    return st.one_of(nearly, nearly, nearly, frames(revision.header))


def peer_items(revision: Revision, *, from_client: bool) -> st.SearchStrategy[list[Frame | Fault]]:
    """Make what a buffer may hand over: frames, and a fault at last, if at all."""
    faults = st.sampled_from(
        [
            Fault(FaultCode.PAYLOAD_TOO_LARGE, "frame payload of 70000 octets exceeds the limit of 65535"),
            Fault(FaultCode.TRUNCATED_FRAME, "frame length error: expected 5; got 3"),
        ]
    )
    conversations = st.lists(peer_frames(revision, from_client=from_client), max_size=12)
    return st.builds(lambda items, end: [*items, *end], conversations, st.lists(faults, max_size=1))
