"""The target `stream-encodings`: what encoders and decoders of zlib and zstd-8mb do with any payloads.

As a script it is a libFuzzer target: with atheris, `python stream_encodings_fuzzer.py CORPUS
-max_total_time=60` fuzzes and stops at the first finding, as engines such as OSS-Fuzz expect; files as
arguments are replayed, with atheris or without. For campaigns, which go on after a finding, use
`hgframing-fuzz run`.

    round-trip    payloads that are encoded one after the other are decoded as the same, each as soon as it has arrived,
                  and cut into other payloads
    bounded       a payload never decodes to more than its limit, whatever it holds; no bomb takes memory or time
    refused       what cannot be decoded is refused with the error that is declared for it
    independent   what zlib's own one-shot decoder makes of all octets is what was decoded

Each frame of an input is one payload. Its type says whether it is encoded first, damaged, or handed over as it is.
"""

from __future__ import annotations

import sys
import zlib

from random import Random
from typing import Final

from hgframing import Frame
from hgframing._encodings import DECODERS, ENCODERS, EncodingError, EncodingLimitError
from hgframing_fuzz._cbor import pick
from hgframing_fuzz._code_target import CodeTarget, object_to
from hgframing_fuzz._encoded import zlib_bomb, zstd_bomb, zstd_header, zstd_stored
from hgframing_fuzz._frame_grammar import FrameGrammar
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import FuzzInput, InputMaker, Options
from hgframing_fuzz._mutate import Mutator, flip_octets
from hgframing_fuzz._outcome import Feature, Target
from hgframing_fuzz._script import main
from hgframing_fuzz._spec import TargetSpec
from hgframing_fuzz._subjects import Attached, OwnCode


__all__ = ["SPEC", "check_payloads"]

_NAMES: Final = (b"zlib", b"zstd-8mb")
_LIMITS: Final = (1 << 20, 0, 100, 1 << 16)
#: Payloads of one input.
_MAX_PAYLOADS: Final = 32
#: From this type on a frame's payload is handed over as it is; from the lower one on it is encoded and then damaged.
_RAW, _DAMAGED = 12, 8


def check_payloads(value: FuzzInput, notes: list[Feature]) -> None:
    """Encode and decode the payloads of an input, in the encoding that its answers octet names."""
    name = _NAMES[value.options.answers & 1]
    limit = _LIMITS[value.options.answers >> 2 & 3]
    frames = value.frames[:_MAX_PAYLOADS]
    if all(frame.type_id < _DAMAGED for frame in frames):
        _check_honest(name, [frame.payload for frame in frames], value.options, notes)
    _check_any(name, frames, limit, value.options, notes)


def _check_honest(name: bytes, payloads: list[bytes], options: Options, notes: list[Feature]) -> None:
    encoder, decoder, other = ENCODERS[name](), DECODERS[name](), DECODERS[name]()
    encoded = [encoder.encode(payload) for payload in payloads]
    for payload, octets in zip(payloads, encoded, strict=True):
        if decoder.decode(octets, len(payload)) != payload:
            object_to("round-trip", name.decode(), "payload", f"{len(payload)} octets are decoded as others")
    whole, decoded = b"".join(encoded), b""
    rng = Random(options.seed)  # noqa: S311 -- a seed, not a secret
    start, most = 0, sum(map(len, payloads))
    while start < len(whole):
        end = start + 1 + int(rng.random() ** 3 * 5000)
        decoded += other.decode(whole[start:end], most)
        start = end
    if decoded != b"".join(payloads):
        object_to(
            "round-trip", name.decode(), "cut", "what is cut into other payloads is decoded as something else"
        )
    if name == b"zlib" and zlib.decompressobj().decompress(whole) != decoded:
        object_to("independent", "zlib", "one-shot", "zlib's own decoder says something else")
    notes.append(("honest", name, len(whole).bit_length(), len(payloads) and min(map(len, payloads)) == 0))


def _check_any(
    name: bytes, frames: tuple[Frame, ...], limit: int, options: Options, notes: list[Feature]
) -> None:
    encoder, decoder = ENCODERS[name](), DECODERS[name]()
    rng = Random(options.seed)  # noqa: S311 -- a seed, not a secret
    for index, frame in enumerate(frames):
        octets = frame.payload if frame.type_id >= _RAW else encoder.encode(frame.payload)
        if _DAMAGED <= frame.type_id < _RAW:
            octets = flip_octets(rng, octets)
        try:
            decoded = decoder.decode(octets, limit)
        except EncodingLimitError:
            notes.append(("limit", name, limit, index > 0))
            return
        except EncodingError as error:
            notes.append(("refused", name, index > 0, str(error)[:24]))
            return
        if len(decoded) > limit:
            object_to("bounded", name.decode(), "limit", f"{len(decoded)} octets, the limit is {limit}")
        notes.append(("decoded", name, limit, len(decoded).bit_length()))


class _PayloadGrammar(FrameGrammar):
    """Frames whose payloads are data, bombs, and streams of each encoding."""

    def payload(self, rng: Random, frame: Frame, options: Options) -> bytes:
        """Generate a payload."""
        choice = rng.random()
        if choice < 0.6:
            return super().payload(rng, frame, options)
        if choice < 0.65:
            return zlib_bomb(pick(rng, (1, 2, 64)))
        if choice < 0.7:
            return zstd_header(rng) + zstd_bomb(pick(rng, (1, 2, 256)))
        data = pick(rng, (b"", b"data", b"x" * 3000, bytes(range(256)) * 20))
        if choice < 0.85:
            return zlib.compress(data) + pick(rng, (b"", b"", b"more", zlib.compress(b"again")))
        return zstd_header(rng) + zstd_stored(data)


def _open(_locator: str, guards: Guards) -> tuple[Attached, Target]:
    own = OwnCode("hgframing._encodings")
    return own, CodeTarget("stream-encodings", check_payloads, own.code, guards)


def _make_mutator(codes: tuple[int, ...], rng: Random) -> InputMaker:
    return Mutator(_PayloadGrammar(codes[:1]), rng)


SPEC: Final = TargetSpec(
    name="stream-encodings",
    summary="the encoders and decoders of zlib and zstd-8mb, damaged data and bombs included",
    open=_open,
    make_mutator=_make_mutator,
    takes_implementation=False,
)


if __name__ == "__main__":
    sys.exit(main(SPEC, sys.argv))
