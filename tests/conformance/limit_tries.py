"""Reads the cases about limits once more: which limit, how much more than it is needed, and what arrives."""

from __future__ import annotations

import zlib

from typing import Any

import zstandard

from hgframing import REVISIONS, Frame, decode_one, parse_notation
from hgframing_conformance._client_limits import generate_client_limits
from hgframing_conformance._server_limits import generate_server_limits


__all__ = ["CASES", "decoded_size", "depth", "tries"]

CASES: dict[str, dict[str, Any]] = {
    case["id"]: case
    for generate in (generate_server_limits, generate_client_limits)
    for _, suite in generate()
    for case in suite["cases"]
}


def tries(revision_key: str, layer: str, limit: str, label: str) -> list[tuple[int, int, list[Frame]]]:
    """Return, below, at and above: the limit, how much more than it is needed, and the frames that arrive."""
    name = "-".join(part for part in (f"{layer}-boundary-{revision_key}-{limit}", label) if part)
    found = []
    for word, over in {"below": -1, "at": 0, "above": 1}.items():
        case = CASES[f"{name}-{word}"]
        texts = [text for step in case["steps"] for text in step.get("receive", ())]
        frames = [parse_notation(text, REVISIONS[revision_key]) for text in texts]
        found.append((case["setup"]["limits"][limit], over, frames))
    return found


def depth(frame: Frame) -> int:
    """Count the containers that a payload of 0006 nests."""
    return _depth(decode_one(frame.payload, REVISIONS["0006"].cbor, max_depth=99))


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


def decoded_size(frame: Frame, encoding: str) -> int:
    """Count the octets that a library reads out of a payload."""
    reader = zlib.decompressobj() if encoding == "zlib" else zstandard.ZstdDecompressor().decompressobj()
    return len(reader.decompress(frame.payload))
