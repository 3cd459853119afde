"""How long until the fuzzer finds again what is known to be wrong with Mercurial 6.0.3, from nothing.

    PYTHONPATH=mercurial-6.0.3 python bench/known_faults.py --seconds 300 --workers 2

One campaign over the server's reactor, the client's and the header, from an empty corpus. Then the findings are
minimized. For each known fault the table says when the campaign saw it first (seconds after its start), how many root
causes and lines its findings were sorted into, and of how many frames the smallest is. The faults are those that a
bare harness and people had found before (S1–S13 of the server, C1–C10 of the client, H1 of the header). Exit status: 0
all were found, each of at most two frames, 1 not.

docs/mercurial.md explains the faults under the numbers of deviations; implementations/mercurial/README.md says how to
get that release.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
import subprocess
import sys
import tempfile

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from hgframing_fuzz import decode_input
from hgframing_fuzz._findings import BucketSummary, RunSummary


__all__ = ["KNOWN", "Known", "Row", "main", "rows"]

ROOT: Final = Path(__file__).resolve().parents[1]
TARGETS: Final = ("server-reactor", "client-reactor", "header")
#: Frames that a minimal finding may have.
_MAX_FRAMES: Final = 2


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One known fault.

    Attributes:
        label: what the list calls it.
        what: what goes wrong.
        target: where it shows.
        bucket: a pattern for the id of its buckets, without the target.
        message: a pattern for what they say.
    """

    label: str
    what: str
    target: str
    bucket: str
    message: str = ""

    def matches(self, target: str, bucket: BucketSummary) -> bool:
        """Whether a bucket is this fault's."""
        return (
            target == self.target
            and re.match(self.bucket, bucket.id.removeprefix(f"{target}.")) is not None
            and re.search(self.message, bucket.message) is not None
        )


def _server(label: str, what: str, bucket: str, message: str = "") -> Known:
    return Known(label=label, what=what, target="server-reactor", bucket=bucket, message=message)


def _client(label: str, what: str, bucket: str, message: str = "") -> Known:
    return Known(label=label, what=what, target="client-reactor", bucket=bucket, message=message)


_RUN: Final = r"\._makeruncommandresult\."
_SETTINGS: Final = r"\._onframeprotocolsettings\."
_ERROR: Final = r"\._onerrorresponseframe\."

KNOWN: Final = (
    _server("S1", "an encoded frame raises", r"ProgrammingError\.onframerecv", "decoding stream payloads"),
    _server("S2", "a request that is no CBOR raises", "CBORDecodeError" + _RUN),
    _server("S3", "an empty request raises", "IndexError" + _RUN),
    _server("S4", "a request that is a number raises", "TypeError" + _RUN, "is not iterable"),
    _server("S5", "a request that is a bytestring raises", "TypeError" + _RUN, "item assignment"),
    _server("S6", "a request that is a list raises", "TypeError" + _RUN, "list indices"),
    _server("S7", "data that end before the request raise", "ProgrammingError" + _RUN, "requestdone"),
    _server("S8", "settings that are a number or null raise", "TypeError" + _SETTINGS, "is not iterable"),
    _server("S9", "settings that are a bytestring raise", "TypeError" + _SETTINGS, "indices"),
    _server("S10a", "a negative number as a chunk raises", "ValueError" + _RUN, "negative count"),
    _server("S10b", "null as a chunk raises", "TypeError" + _RUN, "convert"),
    _server("S10c", "a number above all memory as a chunk raises", "OverflowError" + _RUN),
    _server("S10d", "a number as a chunk takes that much memory", "memory-bound" + _RUN),
    _server(
        "S10e", "a number as a chunk of settings takes that much memory", r"memory-bound\.caught\.type-8"
    ),
    _server("S11a", "a command's name may be anything", r"command-shape\.run-command\.command"),
    _server("S11b", "a command's arguments may be anything", r"command-shape\.run-command\.args$"),
    _server("S12", "sets in sets exhaust the stack", r"RecursionError\."),
    _server("S13", "encodings that are a number raise later", r"TypeError\.makeoutputstream\."),
    _client("C1", "frames of other types raise", r"ProgrammingError\.onframerecv", "unhandled frame type"),
    _client("C2", "an error that is no CBOR raises", "CBORDecodeError" + _ERROR),
    _client("C3", "an empty error raises", "IndexError" + _ERROR),
    _client("C4", "an error that is no map raises", "TypeError" + _ERROR, "subscriptable|indices"),
    _client("C5a", "an error without a type raises", "KeyError" + _ERROR, "type"),
    _client("C5b", "an error without a message raises", "KeyError" + _ERROR, "message"),
    _client("C6", "broken zlib data raise", r"error\.decode\."),
    _client("C7", "broken zstd data raise", r"ZstdError\.decode\."),
    _client("C8a", "a negative number as a chunk raises", "ValueError" + _ERROR),
    _client("C8b", "a number above all memory as a chunk raises", "OverflowError" + _ERROR),
    _client("C8c", "a number as a chunk of an error takes that much memory", "memory-bound" + _ERROR),
    _client("C8d", "a number as a chunk of settings takes that much memory", r"memory-bound\.caught\.type-9"),
    _client("C9", "a response with no or both flags is delivered", r"response-flags\."),
    _client("C10a", "a bomb of zstd is decoded", r"memory-bound\.decode\."),
    _client("C10b", "a bomb of zlib is decoded", r"memory-bound\.caught\.type-3"),
    Known(
        label="H1",
        what="a frame above 64 KiB is mistaken for a small one",
        target="header",
        bucket=r"header-read\.length\.",
    ),
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of a known fault.

    Attributes:
        known: the fault.
        seconds: when it was first found; None: never.
        roots: root causes that its findings were sorted into.
        lines: buckets.
        frames: of the smallest finding.
    """

    known: Known
    seconds: float | None = None
    roots: int = 0
    lines: int = 0
    frames: int = 0

    @property
    def is_well(self) -> bool:
        """Whether it was found and is minimal."""
        return self.seconds is not None and self.frames <= _MAX_FRAMES


def rows(directory: Path, summaries: Mapping[str, RunSummary]) -> Iterator[Row]:
    """Look for every known fault.

    Args:
        directory: of the campaign; its inputs have been minimized.
        summaries: what was found, by target.
    """
    for known in KNOWN:
        summary = summaries[known.target]
        hits = [bucket for bucket in summary.buckets if known.matches(known.target, bucket)]
        if not hits:
            yield Row(known=known)
            continue
        files = [directory / known.target / f"{bucket.id}.bin" for bucket in hits]
        frames = [len(decode_input(file.read_bytes()).frames) for file in files if file.exists()]
        yield Row(
            known=known,
            seconds=min(bucket.first_seconds for bucket in hits),
            roots=len({bucket.root for bucket in hits}),
            lines=len(hits),
            frames=min(frames, default=0),
        )


def _run(directory: Path, seconds: float, workers: int, seed: int) -> None:
    subject = str(ROOT / "implementations" / "mercurial")
    path = os.pathsep.join(filter(None, [subject, os.environ.get("PYTHONPATH", "")]))
    fuzz = [sys.executable, "-m", "hgframing_fuzz.cli"]
    chosen = [part for name in TARGETS for part in ("--target", name)]
    attached = ["--implementation", "direct:fuzz_subject:both"]
    budget = ["--seconds", str(seconds), "--workers", str(workers), "--seed", str(seed)]
    commands = (
        ["run", *chosen, *attached, *budget, "--directory", str(directory)],
        ["minimize", "--directory", str(directory)],
    )
    for command in commands:
        done = subprocess.run(  # noqa: S603 -- our own command
            [*fuzz, *command],
            env={**os.environ, "PYTHONPATH": path},
            stdout=sys.stderr,
            check=False,
        )
        if done.returncode not in (0, 1):
            raise SystemExit(f"{command[0]} ended with status {done.returncode}")


def _report(found: Sequence[Row], summaries: Mapping[str, RunSummary]) -> Iterator[str]:
    yield "| fault | | first found | root causes | lines | frames |"
    yield "|---|---|--:|--:|--:|--:|"
    for row in found:
        when = "never" if row.seconds is None else f"{row.seconds:.1f} s"
        yield f"| {row.known.label} | {row.known.what} | {when} | {row.roots} | {row.lines} | {row.frames} |"
    yield ""
    hits = [row.seconds for row in found if row.seconds is not None]
    yield f"{len(hits)} of {len(found)} found, the last one after {max(hits, default=0):.1f} s"
    for name, summary in summaries.items():
        roots = {bucket.root for bucket in summary.buckets}
        yield f"{name}: {summary.executions} inputs, {len(summary.buckets)} lines of {len(roots)} root causes"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 if a fault was not found, or not cut down."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--directory", type=Path, help="of the campaign, to keep it; must not exist")
    parser.add_argument("--read", action="store_true", help="read a campaign that was run before")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="known-faults-") as temporary:
        directory = options.directory or Path(temporary) / "campaign"
        if not options.read:
            if directory.exists():
                parser.error(f"{directory} exists, and the corpus must be empty")
            _run(directory, options.seconds, options.workers, options.seed)
        summaries = {
            name: msgspec.json.decode((directory / name / "summary.json").read_bytes(), type=RunSummary)
            for name in TARGETS
        }
        found = list(rows(directory, summaries))
    for line in _report(found, summaries):
        print(line)
    return 0 if all(row.is_well for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
