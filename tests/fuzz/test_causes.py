"""A difference is explained by what is in the frames, and by nothing else."""

from __future__ import annotations

import pytest

from hgframing import REVISIONS, parse_notation
from hgframing_fuzz._causes import causes
from hgframing_fuzz._record import Moment, Record, Told


REVISION = REVISIONS["0006"]
QUIET = Told()
RUN = Told("run-command")


def error(code: str, message: str = "") -> Told:
    """What the reference does with a fault."""
    return Told("error", code, message)


def raised(kind: str, message: str = "") -> Told:
    """What Mercurial does where an exception escapes it."""
    return Told("raised", message=message, type=kind)


def explain(frames: list[str], ours: Told, theirs: Told, layer: str = "server") -> tuple[str, ...]:
    """Name the causes of a difference at the last frame; the others were taken alike."""
    *before, last = [parse_notation(frame, REVISION) for frame in frames]
    record = Record(REVISION, layer)
    for frame in before:
        record.take(frame, QUIET)
    return causes(Moment(record, {"receive": [""]}, last, {}, ours, theirs))


NEW = "1 1 stream-begin command-request new"
MORE = f"{NEW}|more|have-data x"


@pytest.mark.parametrize(
    ("frames", "ours", "theirs", "numbers"),
    [
        ([f"{NEW} \\xff"], error("bad-cbor"), raised("CBORDecodeError"), ("D32",)),
        ([f"{NEW} cbor:5"], error("bad-payload"), raised("TypeError"), ("D33",)),
        ([f"{NEW} cbor:{{b'name': 5}}"], error("bad-payload"), RUN, ("D34",)),
        ([f"{NEW} \\xa1Dname\\x41c\\x01"], error("bad-cbor"), RUN, ("D35",)),
        ([f"{NEW} \\xa2Dname\\x41cDname\\x41d"], error("bad-cbor"), RUN, ("D98",)),
        ([MORE, "1 1 0 command-data eos d"], error("unexpected-frame"), raised("ProgrammingError"), ("D36",)),
        (
            [f"{NEW}|have-data cbor:{{b'name': b'c'}}", "1 1 0 command-data 3 d"],
            error("bad-flags"),
            QUIET,
            ("D11",),
        ),
        (
            ["2 1 stream-begin command-request new cbor:{b'name': b'c'}"],
            error("bad-request-parity"),
            RUN,
            ("D24",),
        ),
        (
            ["1 1 249 command-request new cbor:{b'name': b'c'}"],
            error("bad-flags", "received undefined stream flags: 249"),
            RUN,
            ("D10",),
        ),
        (
            ["1 1 stream-begin sender-protocol-settings eos \\xa0\\xa1"],
            error("bad-cbor"),
            QUIET,
            ("D60",),
        ),
    ],
)
def test_causes_names_the_deviation_in_the_frames(
    frames: list[str],
    ours: Told,
    theirs: Told,
    numbers: tuple[str, ...],
) -> None:
    """The reproductions of docs/mercurial.md are explained by their own number alone."""
    assert explain(frames, ours, theirs) == numbers


@pytest.mark.parametrize(
    ("frames", "ours", "theirs"),
    [
        ([f"{NEW} cbor:{{b'name': b'c'}}"], RUN, QUIET),
        ([f"{NEW} cbor:{{b'name': b'c'}}"], error("bad-cbor"), RUN),
        ([f"{NEW} cbor:{{b'name': b'c'}}"], error("bad-request-parity"), RUN),
        ([f"{NEW} cbor:{{b'name': b'c'}}"], RUN, raised("CBORDecodeError")),
        ([f"{NEW} cbor:{{b'name': b'c'}}"], error("bad-flags", "received undefined stream flags: 1"), RUN),
        ([f"{NEW} cbor:{{b'args': {{}}}}"], error("bad-payload"), RUN),
        ([MORE, "1 1 0 command-request continuation x"], QUIET, error("", "mismatch")),
        (["1 1 stream-begin sender-protocol-settings eos cbor:{}"], error("bad-cbor"), QUIET),
    ],
)
def test_causes_names_nothing_without_a_cause(frames: list[str], ours: Told, theirs: Told) -> None:
    """A difference at conforming frames is a mistake of one side, whatever it looks like."""
    assert explain(frames, ours, theirs) == ()


def test_causes_in_a_client_depend_on_the_outcome() -> None:
    """Text that Mercurial has no code for is D75; the same frame explains nothing else."""
    frames = ["1 2 stream-begin text-output 0 cbor:[{b'msg': b'x'}]"]
    told = Told("text-output")

    unhandled = raised("error.ProgrammingError", "unhandled frame type: 6")
    assert explain(frames, told, unhandled, "client") == ("D75",)
    assert explain(frames, told, raised("KeyError"), "client") == ()
