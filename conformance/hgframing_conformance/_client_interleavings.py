"""The generator `interleavings` for clients: two answers on one connection, in all pairs of the ways they can differ.

What varies is what each answer consists of, the order of their frames, their streams, the encoding of these, how frames
arrive, how the requests left, and whether the server sends settings first. Each row of a covering array is one
conversation; what must follow is told by the tables, frame by frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from hgframing import REVISIONS, ClientRequestState, Feature, FrameInput, Revision
from hgframing_conformance._client_conversation import Answer, ClientConversation
from hgframing_conformance._decisions import (
    answer_deviations,
    answer_requirements,
    deviations_of,
    requirements_of,
)
from hgframing_conformance._pairs import ORDERS, cover_pairs, interleave


__all__ = ["client_factors", "generate_client_interleavings"]

_F: Final = FrameInput
_FIRST: Final = 1
_SECOND: Final = 3
_STREAMS: Final = (2, 4)
#: For settings of the sender: those of a stream have to begin theirs (ENC-001).
_OTHER_STREAM: Final = 6
_ANSWERS: Final[Mapping[str, tuple[FrameInput, ...]]] = {
    "one frame": (_F.RESPONSE_LAST,),
    "three frames": (_F.RESPONSE_MORE, _F.RESPONSE_MORE, _F.RESPONSE_LAST),
    "an error": (_F.ERROR_RESPONSE,),
    "an error behind a frame": (_F.RESPONSE_MORE, _F.ERROR_RESPONSE),
    "text between frames": (_F.TEXT_OUTPUT, _F.RESPONSE_MORE, _F.TEXT_OUTPUT, _F.RESPONSE_LAST),
    "progress between frames": (_F.PROGRESS, _F.RESPONSE_MORE, _F.PROGRESS, _F.RESPONSE_LAST),
}
_ENCODINGS: Final = ("plain", "zlib", "zstd-8mb", "identity", "half in zlib")
_COMMENT: Final = "The request ID of a settings frame is open."
#: Requirements that are kept because two answers share a connection and its streams.
_SHARED: Final = ("RID-001", "RID-004", "RID-007", "STREAM-001", "STREAM-004", "STREAM-009")
_FINAL_STATES: Final = (ClientRequestState.RECEIVED, ClientRequestState.ERRORED)


def generate_client_interleavings() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield one suite for each revision with request IDs: its name, and its content in the form of a suite file."""
    for revision in REVISIONS.values():
        if Feature.SEVERAL_REQUESTS not in revision.features:
            continue
        name = f"client/generated-interleavings-{revision.key}"
        rows = cover_pairs(client_factors(revision))
        yield (
            name,
            {
                "format": 1,
                "suite": name,
                "title": f"Two answers of {revision.key} on one connection, in all pairs of the ways they can differ",
                "layer": "client",
                "revisions": [revision.key],
                "cases": [_case(revision, number, row) for number, row in enumerate(rows, start=1)],
            },
        )


def client_factors(revision: Revision) -> dict[str, Sequence[str]]:
    """Return what varies in a revision, and its values."""
    legal = frozenset(revision.inputs.values())
    answers = tuple(name for name, inputs in _ANSWERS.items() if legal.issuperset(inputs))
    factors: dict[str, Sequence[str]] = {
        "first": answers,
        "second": answers,
        "order": (*ORDERS, "the second first"),
        "arrival": ("apart", "together"),
        "requests": ("together", "one by one", "the second behind the first answer"),
    }
    if Feature.STREAMS in revision.features:
        factors["streams"] = ("one", "one each", "two in turns", "one each, which ends")
    if Feature.CONTENT_ENCODINGS in revision.features:
        factors["encoding"] = _ENCODINGS
        factors["settings"] = ("none", "in one frame", "in two frames")
    return factors


def _case(revision: Revision, number: int, row: Mapping[str, str]) -> dict[str, Any]:
    inputs = [*_ANSWERS[row["first"]], *_ANSWERS[row["second"]], *_settings(row)]
    encoding = _encoding(row)
    setup: dict[str, Any] = {}
    if row["requests"] != "together":
        setup |= {"buffer-sends": False, "multiple-sends": True}
    if encoding != "plain":
        setup["content-encodings"] = [encoding]
    known = [*answer_deviations(revision, inputs), *(["D39"] if encoding != "plain" else [])]
    deviations = deviations_of(revision, known)
    return {
        "id": f"client-interleaving-{revision.key}-{number}",
        "title": _title(row),
        "level": "must",
        "requirements": _requirements(revision, inputs, row),
        **({"deviations": deviations} if deviations else {}),
        "source": "generated:interleavings",
        **({"comment": _COMMENT, "requires": {"encodings": [encoding]}} if encoding != "plain" else {}),
        **({"setup": setup} if setup else {}),
        "tier": "full",
        "steps": list(_Steps(revision, row).steps()),
        "why": "; ".join(f"{factor}: {value}" for factor, value in row.items()),
    }


def _title(row: Mapping[str, str]) -> str:
    parts = [f"An answer of {row['first']} and one of {row['second']}, {row['order']}"]
    if "streams" in row:
        parts.append(f"streams: {row['streams']}")
    if row.get("encoding", "plain") != "plain":
        parts.append(row["encoding"])
    if row.get("settings", "none") != "none":
        parts.append(f"settings {row['settings']}")
    return "; ".join([*parts, f"requests: {row['requests']}"])


def _encoding(row: Mapping[str, str]) -> str:
    return row.get("encoding", "plain").removeprefix("half in ")


def _settings(row: Mapping[str, str]) -> tuple[FrameInput, ...]:
    both = (_F.SETTINGS_MORE, _F.SETTINGS_LAST)
    return {"none": (), "in one frame": both[1:], "in two frames": both}[row.get("settings", "none")]


def _requirements(revision: Revision, inputs: Sequence[FrameInput], row: Mapping[str, str]) -> list[str]:
    found = [one for what in inputs for one in answer_requirements(revision, what)]
    found += ["STREAM-005"] if row.get("streams") == "one each, which ends" else []
    found += ["SET-005"] if _settings(row) else []
    if (encoding := row.get("encoding", "plain")) != "plain":
        found += ["SET-002", "STREAM-007", "STREAM-011", "ENC-003", "ENC-004"]
        found += ["STREAM-010"] if encoding.startswith("half") else []
        found += {"zlib": ["ENC-010"], "zstd-8mb": ["ENC-009"], "identity": ["ENC-008"]}[_encoding(row)]
    return requirements_of(revision, [*_SHARED, *found])


class _Steps:
    """The conversation of one row."""

    def __init__(self, revision: Revision, row: Mapping[str, str]) -> None:
        self._row = row
        self._is_late = row["requests"] == "the second behind the first answer"
        encoding = _encoding(row)
        self._conversation = ClientConversation(
            revision,
            buffers=row["requests"] == "together",
            offers=() if encoding == "plain" else (encoding,),
        )

    def steps(self) -> Iterator[dict[str, Any]]:
        """Yield all steps: calls, settings, encodings, frames, and the end of input."""
        yield self._conversation.call()
        if not self._is_late:
            yield self._conversation.call()
        if self._row["requests"] == "together":
            yield self._conversation.flush()
        for what in _settings(self._row):
            yield self._conversation.receive(Answer(_FIRST, what, _OTHER_STREAM))
        frames = list(self._frames())
        if (encoding := _encoding(self._row)) != "plain":
            for stream in dict.fromkeys(answer.stream for answer in frames):
                yield self._conversation.set_encoding(_FIRST, stream, encoding)
        yield from self._received(frames)
        yield {"end-input": None, "expect": []}

    def _received(self, frames: Sequence[Answer]) -> Iterator[dict[str, Any]]:
        if self._is_late:
            first = [answer for answer in frames if answer.request == _FIRST]
            yield from self._arrive(first)
            yield self._conversation.call()
            yield from self._arrive([answer for answer in frames if answer.request == _SECOND])
        else:
            yield from self._arrive(frames)

    def _arrive(self, frames: Sequence[Answer]) -> Iterator[dict[str, Any]]:
        if self._row["arrival"] == "together":
            yield self._conversation.receive(*frames)
            return
        for answer in frames:
            yield self._conversation.receive(answer)
            if self._conversation.requests[answer.request] in _FINAL_STATES:
                yield self._conversation.ask(answer.request)

    def _frames(self) -> Iterator[Answer]:
        first = [(_FIRST, what) for what in _ANSWERS[self._row["first"]]]
        second = [(_SECOND, what) for what in _ANSWERS[self._row["second"]]]
        order = ORDERS[0] if self._is_late else self._row["order"]
        both = [*second, *first] if order not in ORDERS else interleave(first, second, order)
        streams = self._row.get("streams", "one")
        lasts = {_FIRST: len(first), _SECOND: len(second)}
        for number, (request, what) in enumerate(both):
            lasts[request] -= 1
            own = _STREAMS[0] if request == _FIRST else _STREAMS[1]
            stream = {"one": _STREAMS[0], "two in turns": _STREAMS[number % 2]}.get(streams, own)
            encoding = self._row.get("encoding", "plain")
            yield Answer(
                request,
                what,
                stream,
                encoded=encoding != "plain" and not (encoding.startswith("half") and number % 2),
                ends=streams == "one each, which ends" and not lasts[request],
            )
