"""The generator `interleavings` for servers: two requests on one connection, in all pairs of the ways they can differ.

What varies is the shape of each request, the order of their frames, their streams, the encoding of these, how frames
arrive, when and how each request is answered, and whether output is deferred. Each row of a covering array is one
conversation; what must follow is told by the tables, frame by frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from hgframing import REVISIONS, Feature, FrameInput, Revision, ServerRequestState
from hgframing_conformance._decisions import (
    deviations_of,
    request_deviations,
    request_requirements,
    requirements_of,
)
from hgframing_conformance._pairs import ORDERS, cover_pairs, interleave
from hgframing_conformance._server_conversation import Asked, ServerConversation


__all__ = ["generate_server_interleavings", "server_factors"]

_F: Final = FrameInput
_FIRST: Final = 1
_SECOND: Final = 3

_BY_CBOR: Final[Mapping[str, tuple[FrameInput, ...]]] = {
    "whole": (_F.NEW,),
    "with data": (_F.NEW_DATA, _F.DATA_LAST),
    "in parts": (_F.NEW_MORE, _F.CONTINUATION),
    "in parts with data": (
        _F.NEW_MORE_DATA,
        _F.CONTINUATION_MORE_DATA,
        _F.CONTINUATION_DATA,
        _F.DATA_MORE,
        _F.DATA_LAST,
    ),
}
_BY_ARGUMENTS: Final[Mapping[str, tuple[FrameInput, ...]]] = {
    "whole": (_F.NAME,),
    "with data": (_F.NAME_DATA, _F.DATA_LAST),
    "with arguments": (_F.NAME_ARGUMENTS, _F.ARGUMENT_PART, _F.ARGUMENT, _F.ARGUMENT_LAST),
    "with arguments and data": (
        _F.NAME_ARGUMENTS_DATA,
        _F.ARGUMENT,
        _F.ARGUMENT_LAST,
        _F.DATA_MORE,
        _F.DATA_LAST,
    ),
}
_ENCODINGS: Final = ("plain", "zlib", "zstd-8mb", "identity", "half in zlib")
#: Requirements that are kept because two requests share a connection, its streams and its end.
_SHARED: Final = ("RID-001", "RID-003", "RID-004", "RID-005", "STREAM-001", "STREAM-004", "STREAM-009")


def generate_server_interleavings() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield one suite for each revision with request IDs: its name, and its content in the form of a suite file."""
    for revision in REVISIONS.values():
        if Feature.SEVERAL_REQUESTS not in revision.features:
            continue
        name = f"server/generated-interleavings-{revision.key}"
        rows = cover_pairs(server_factors(revision))
        yield (
            name,
            {
                "format": 1,
                "suite": name,
                "title": f"Two requests of {revision.key} on one connection, in all pairs of the ways they can differ",
                "layer": "server",
                "revisions": [revision.key],
                "cases": [_case(revision, number, row) for number, row in enumerate(rows, start=1)],
            },
        )


def server_factors(revision: Revision) -> dict[str, Sequence[str]]:
    """Return what varies in a revision, and its values."""
    shapes = tuple(_shapes(revision))
    answers = ["response", "error", "text and response"]
    if Feature.PROGRESS in revision.features:
        answers.append("progress and response")
    factors: dict[str, Sequence[str]] = {
        "first": shapes,
        "second": shapes,
        "order": ORDERS,
        "arrival": ("apart", "together"),
        "answer to the first": answers,
        "answer to the second": answers,
        "turn": ("at once", "in order", "the second first", "noted as sent later"),
        "output": ("at once", "deferred"),
    }
    if Feature.STREAMS in revision.features:
        factors["streams"] = ("one", "one each", "two in turns", "one each, which ends")
    if Feature.CONTENT_ENCODINGS in revision.features:
        factors["encoding"] = _ENCODINGS
    return factors


def _shapes(revision: Revision) -> Mapping[str, tuple[FrameInput, ...]]:
    return _BY_CBOR if Feature.CBOR_REQUESTS in revision.features else _BY_ARGUMENTS


def _case(revision: Revision, number: int, row: Mapping[str, str]) -> dict[str, Any]:
    shapes = _shapes(revision)
    inputs = [*shapes[row["first"]], *shapes[row["second"]]]
    encoding = _encoding(row)
    setup: dict[str, Any] = {"defer-output": True} if row["output"] == "deferred" else {}
    if encoding not in ("plain", "identity"):
        setup["accept-encodings"] = ["identity", encoding]
    return {
        "id": f"server-interleaving-{revision.key}-{number}",
        "title": _title(row),
        "level": "must",
        "requirements": _requirements(revision, inputs, row),
        **({"deviations": found} if (found := _deviations(revision, inputs, row)) else {}),
        "source": "generated:interleavings",
        **({"requires": {"encodings": [encoding]}} if encoding != "plain" else {}),
        **({"setup": setup} if setup else {}),
        "tier": "full",
        "steps": list(_Steps(revision, row).steps()),
        "why": "; ".join(f"{factor}: {value}" for factor, value in row.items()),
    }


def _title(row: Mapping[str, str]) -> str:
    parts = [f"A request {row['first']} and one {row['second']}, {row['order']}"]
    if "streams" in row:
        parts.append(f"streams: {row['streams']}")
    if row.get("encoding", "plain") != "plain":
        parts.append(row["encoding"])
    answers = f"{row['answer to the first']} and {row['answer to the second']} {row['turn']}"
    return "; ".join([*parts, answers, *(["deferred"] if row["output"] == "deferred" else [])])


def _encoding(row: Mapping[str, str]) -> str:
    return row.get("encoding", "plain").removeprefix("half in ")


def _requirements(revision: Revision, inputs: Sequence[FrameInput], row: Mapping[str, str]) -> list[str]:
    found = [one for what in inputs for one in request_requirements(revision, what)]
    answers = {row["answer to the first"], row["answer to the second"]}
    found += ["RSP-003", "RSP-006"] if answers != {"error"} else []
    found += ["ERR-001", "ERR-004"] if "error" in answers else []
    found += ["TEXT-002", "TEXT-004"] if "text and response" in answers else []
    found += ["PROG-001"] if "progress and response" in answers else []
    found += ["RID-006"] if row["turn"] == "the second first" else []
    found += ["STREAM-005"] if row.get("streams") == "one each, which ends" else []
    if (encoding := row.get("encoding", "plain")) != "plain":
        found += ["STREAM-007", "STREAM-011", "ENC-003", "ENC-004"]
        found += ["STREAM-010"] if encoding.startswith("half") else []
        found += {"zlib": ["ENC-010"], "zstd-8mb": ["ENC-009"], "identity": ["ENC-008"]}[_encoding(row)]
    return requirements_of(revision, [*_SHARED, *found])


def _deviations(revision: Revision, inputs: Sequence[FrameInput], row: Mapping[str, str]) -> list[str]:
    found = request_deviations(revision, inputs)
    answers = {row["answer to the first"], row["answer to the second"]}
    is_mixed = row["order"] != ORDERS[0]
    return deviations_of(
        revision,
        [
            *found,
            *(["D49"] if _encoding(row) != "plain" else []),
            *(["D22"] if revision.key == "0002" and is_mixed else []),
            *(["D27"] if "error" in answers else []),
            *(["D28"] if "error" in answers and row["output"] == "deferred" else []),
            *(["D111"] if answers - {"response"} else []),
            *(["D107"] if "text and response" in answers else []),
            *(["D85"] if "progress and response" in answers else []),
        ],
    )


class _Steps:
    """The conversation of one row."""

    def __init__(self, revision: Revision, row: Mapping[str, str]) -> None:
        self._row = row
        self._conversation = ServerConversation(revision, defers=row["output"] == "deferred")
        shapes = _shapes(revision)
        self._first = [(_FIRST, what) for what in shapes[row["first"]]]
        self._second = [(_SECOND, what) for what in shapes[row["second"]]]

    def steps(self) -> Iterator[dict[str, Any]]:
        """Yield all steps: encodings, frames, answers, and the end of input."""
        frames = list(self._frames())
        if (encoding := _encoding(self._row)) != "plain":
            for stream in dict.fromkeys(asked.stream for asked in frames):
                yield self._conversation.set_encoding(_FIRST, stream, encoding)
        at_once = self._row["turn"] == "at once" and self._row["arrival"] == "apart"
        if self._row["arrival"] == "together":
            yield self._conversation.receive(*frames)
        else:
            for asked in frames:
                yield self._conversation.receive(asked)
                if at_once and self._conversation.state(asked.request) is ServerRequestState.ACTIVE:
                    yield from self._answer(asked.request)
        if not at_once:
            yield from self._answers()
        yield self._conversation.end_input()

    def _frames(self) -> Iterator[Asked]:
        streams = self._row.get("streams", "one")
        for number, (request, what) in enumerate(interleave(self._first, self._second, self._row["order"])):
            stream = {"one": 1, "two in turns": 1 + number % 2 * 2}.get(streams, request)
            encoding = self._row.get("encoding", "plain")
            yield Asked(
                request,
                what,
                stream,
                encoded=encoding != "plain" and not (encoding.startswith("half") and number % 2),
                ends=streams == "one each, which ends"
                and (request, what) in (self._first[-1], self._second[-1]),
            )

    def _answers(self) -> Iterator[dict[str, Any]]:
        is_later = self._row["turn"] == "noted as sent later" and self._row["output"] != "deferred"
        order = (
            (_SECOND, _FIRST)
            if self._row["turn"] in ("the second first", "noted as sent later")
            else (_FIRST, _SECOND)
        )
        for request in order:
            yield from self._answer(request, unsent=is_later)
        for request in reversed(order) if is_later else ():
            yield self._conversation.sent(request)

    def _answer(self, request: int, *, unsent: bool = False) -> Iterator[dict[str, Any]]:
        kind = self._row["answer to the first" if request == _FIRST else "answer to the second"]
        if kind == "error":
            yield self._conversation.fail(request, unsent=unsent)
            return
        if kind == "text and response":
            yield self._conversation.tell(request)
        if kind == "progress and response":
            yield self._conversation.progress(request)
        yield self._conversation.respond(request, unsent=unsent)
