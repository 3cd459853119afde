"""What other engines want beside a fuzzer: a corpus to begin with, a dictionary, options.

OSS-Fuzz and ClusterFuzzLite look for three files with the name of the executable: `<name>_seed_corpus.zip`,
`<name>.dict` and `<name>.options`. They are written from what the targets know and from the inputs that once went
wrong, the same octets each time, so that a build can be compared with the one before.
"""

from __future__ import annotations

import hashlib
import zipfile

from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Final

from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import encode_input
from hgframing_fuzz._spec import TargetSpec


__all__ = ["executable_name", "write_engine_files"]

#: Inputs that are generated for a corpus, beside those that somebody thought of.
_GENERATED: Final = 64
#: Octets of a generated one that are worth shipping.
_MAX_SEED: Final = 4096
#: Octets of an input: one payload above the 65535 that need no negotiation, and some frames. libFuzzer takes the
#: longest input of the corpus otherwise.
_MAX_INPUT: Final = 100_000
#: Words of the protocol: what a mutation of octets would have to guess.
_WORDS: Final = (
    *(
        b"name",
        b"args",
        b"redirect",
        b"targets",
        b"hashes",
        b"contentencodings",
        b"status",
        b"error",
        b"message",
    ),
    *(b"type", b"msg", b"labels", b"topic", b"pos", b"total", b"location", b"url", b"mediatype"),
    *(b"identity", b"zlib", b"zstd-8mb", b"ok", b"protocol", b"server", b"command"),
)
#: CBOR that decoders have been seen to get wrong.
_CBOR: Final = (
    *(
        b"\xd9\x01\x02\x81",
        b"\x5f\x1a\x40\x00\x00\x00\xff",
        b"\x5f\x41a\xff",
        b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
    ),
    *(b"\xbf\xff", b"\xf6", b"\xf4", b"\xa0", b"\x80", b"\x40"),
)
_ARCHIVED: Final = (1980, 1, 1, 0, 0, 0)


def executable_name(spec: TargetSpec) -> str:
    """The name of a target's script, without its suffix: what an executable made of it is called."""
    return f"{spec.name.replace('-', '_')}_fuzzer"


def write_engine_files(directory: Path, spec: TargetSpec, inputs: Path | None) -> tuple[Path, ...]:
    """Write the three files of a target.

    Args:
        directory: where the executables lie; it is made.
        spec: the target.
        inputs: a directory with a directory of inputs (`*.bin`) for each target; what is not there adds nothing.

    Returns:
        The files.

    Raises:
        OSError: a file cannot be read or written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    stem = executable_name(spec)
    corpus = directory / f"{stem}_seed_corpus.zip"
    _write_zip(corpus, [*spec.seeds(), *_kept(spec, inputs), *_generated(spec)])
    words = directory / f"{stem}.dict"
    words.write_text("".join(map(_entry, dict.fromkeys((*spec.dictionary, *_words(spec))))), encoding="ascii")
    options = directory / f"{stem}.options"
    # Mutations are frames, so that growing inputs slowly from nothing is a waste of time.
    options.write_text(f"[libfuzzer]\nmax_len = {_MAX_INPUT}\nlen_control = 0\n", encoding="ascii")
    return corpus, words, options


def _kept(spec: TargetSpec, inputs: Path | None) -> list[bytes]:
    if inputs is None:
        return []
    return [file.read_bytes() for file in sorted((inputs / spec.name).glob("*.bin"))]


def _generated(spec: TargetSpec) -> list[bytes]:
    """What the target's own generator makes first."""
    mutator = spec.bind("reference", Guards()).mutator(Random(0))  # noqa: S311 -- repeatable on purpose
    made = (encode_input(mutator.fresh()) for _ in range(_GENERATED))
    return [octets for octets in made if len(octets) <= _MAX_SEED]


def _words(spec: TargetSpec) -> Iterable[bytes]:
    """Words for a target that names none."""
    if spec.dictionary:
        return ()
    strings = (bytes((0x40 | len(word),)) + word for word in _WORDS if len(word) < 24)
    return (*strings, *_CBOR)


def _write_zip(file: Path, inputs: Iterable[bytes]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, octets in sorted({hashlib.sha1(one).hexdigest(): one for one in inputs}.items()):  # noqa: S324
            archive.writestr(zipfile.ZipInfo(name, _ARCHIVED), octets)


def _entry(word: bytes) -> str:
    """One line of a dictionary, as libFuzzer reads it."""
    octets = "".join(rf"\x{octet:02x}" for octet in word)
    return f'"{octets}"\n'
