"""The part of the generator `boundaries` that is about numbers which a server sends: at their ends and beyond.

What is in range comes as a table, a frame for each number. What is not is a case each, `should` where the text rules it
out for servers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from hgframing import REVISIONS, Feature, Frame, FrameInput, Revision, encode_value, format_notation
from hgframing_conformance._client_conversation import Answer, ClientConversation
from hgframing_conformance._decisions import deviations_of, requirements_of
from hgframing_conformance._server_numbers import CBOR_NUMBERS, number_form
from hgframing_conformance._stored_blocks import StoredBlocks


__all__ = ["generate_client_numbers"]

_F: Final = FrameInput
_FORBIDDEN: Final = "The text forbids it to servers, and does not say what a receiver does."
_SILENT: Final = "The text does not say what a client does with an answer to what it did not ask."
_SETTINGS: Final = "The request ID of a settings frame is open."
_NEVER: Final = ("response-data", "error-response", "text-output", "progress")
_ENCODED: Final = 0x04
_PAYLOADS: Final = (0, 1, 255, 256, 65534, 65535)
_OCTET: Final = (0, 1, 254, 255)
_TWO_OCTETS: Final = (0, 1, 255, 256)
#: Windows of 7.5, 8 and 9 MiB, as a zstd frame says them (RFC 8878 §3.1.1.1.2).
_WINDOWS: Final = {"below": b"\x67", "at": b"\x68", "above": b"\x69"}

_Step = dict[str, Any]


def generate_client_numbers() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield one suite for each revision with request IDs: its name, and its content in the form of a suite file."""
    for revision in REVISIONS.values():
        if Feature.REQUEST_IDS not in revision.features:
            continue
        name = f"client/generated-boundaries-numbers-{revision.key}"
        yield (
            name,
            {
                "format": 1,
                "suite": name,
                "title": f"Numbers that a server of {revision.key} sends: at their ends, one below and one above",
                "layer": "client",
                "revisions": [revision.key],
                "cases": list(_Numbers(revision).cases()),
            },
        )


class _Numbers:
    """The cases of one revision."""

    def __init__(self, revision: Revision) -> None:
        self._revision = revision

    def cases(self) -> Iterator[dict[str, Any]]:
        """Yield all cases."""
        features = self._revision.features
        yield from self._ids()
        yield self._payloads()
        if Feature.STREAMS in features:
            yield from self._streams()
        if Feature.PROGRESS in features:
            yield self._progress()
        if Feature.BINARY_TEXT_OUTPUT in features:
            yield from self._text()
        if Feature.CONTENT_ENCODINGS in features:
            yield from self._windows()

    def _case(
        self,
        label: str,
        title: str,
        steps: list[_Step],
        requirements: tuple[str, ...],
        *,
        violates: bool = False,
        deviations: tuple[str, ...] = (),
        **more: Any,
    ) -> dict[str, Any]:
        found = requirements_of(self._revision, requirements)
        level = "unspecified" if not found else "should" if violates else "must"
        known = deviations_of(self._revision, deviations)
        return {
            "id": f"client-boundary-{self._revision.key}-{label}",
            "title": title,
            "level": level,
            **({"requirements": found} if found else {}),
            **({"violates": found} if violates and found else {}),
            **({"deviations": known} if known else {}),
            "source": "generated:boundaries",
            **more,
            "tier": "full",
            "steps": steps,
        }

    def _asked(self, calls: int = 1) -> tuple[list[_Step], ClientConversation]:
        conversation = ClientConversation(self._revision)
        steps = [conversation.call() for _ in range(calls)]
        return [*steps, conversation.flush()], conversation

    def _refusal(self, frame: Frame, code: str, *also: str) -> _Step:
        error: dict[str, Any] = {"code": code, **({"also": list(also)} if also else {})}
        text = format_notation(frame, self._revision)
        return {"receive": [text], "expect": [{"error": error}], "never": list(_NEVER)}

    # Numbers of the header.

    def _ids(self) -> Iterator[dict[str, Any]]:
        for request in (0, 2, 3, 65535):
            steps, conversation = self._asked()
            answer = Answer(request, _F.RESPONSE_LAST)
            steps.append(
                self._refusal(conversation.frame(answer, conversation.payload(answer)), "bad-request-state")
            )
            is_even = request % 2 == 0
            whose = "is not the client's" if is_even else "was not used"
            yield self._case(
                f"request-id-{request}",
                f"An answer under the request ID {request}, which {whose}, is refused",
                steps,
                ("RID-001",) if is_even else (),
                violates=is_even,
                comment=_FORBIDDEN if is_even else _SILENT,
            )

    def _streams(self) -> Iterator[dict[str, Any]]:
        steps, conversation = self._asked(4)
        for request, stream in zip((1, 3, 5, 7), (2, 4, 252, 254), strict=True):
            steps.append(conversation.receive(Answer(request, _F.RESPONSE_LAST, stream)))
        title = "Even stream IDs are the server's, from 2 to 254"
        yield self._case("stream-ids", title, steps, ("FRAME-007", "STREAM-001"))
        for stream in (1, 3, 253, 255):
            steps, conversation = self._asked()
            answer = Answer(1, _F.RESPONSE_LAST, stream)
            steps.append(
                self._refusal(conversation.frame(answer, conversation.payload(answer)), "bad-stream-parity")
            )
            title = f"The stream ID {stream} is the client's"
            yield self._case(
                f"stream-id-{stream}", title, steps, ("STREAM-001",), violates=True, comment=_FORBIDDEN
            )

    def _payloads(self) -> dict[str, Any]:
        """Responses as long as a length of two octets can say; where they are CBOR, one bytestring."""
        steps, conversation = self._asked(len(_PAYLOADS))
        for request, length in zip(conversation.requests, _PAYLOADS, strict=True):
            is_cbor = Feature.STATUS_MAP in self._revision.features and length > len(b"\x59\x00\x00")
            head = b"\x59" + (length - 3).to_bytes(2) if is_cbor else b""
            parts: list[dict[str, Any]] = [{"hex": head.hex()}] if head else []
            parts += [{"hex": "61", "times": length - len(head)}] if length else []
            frame = conversation.frame(
                Answer(request, _F.RESPONSE_LAST, stream_flags=0 if request > 1 else 1), b""
            )
            text = format_notation(frame, self._revision).rstrip()
            data = {"repeat": parts} if parts else ""
            told = {"request": request, "data": data, "eos": True}
            steps.append(
                {
                    "receive": [{"frame": text, "repeat": parts} if parts else text],
                    "expect": [{"response-data": told}],
                }
            )
        title = f"Payloads have {', '.join(map(str, _PAYLOADS))} octets"
        return self._case(
            "payload-lengths", title, steps, ("FRAME-002", "FRAME-003"), chunkings=["frame", "whole"]
        )

    # Numbers in answers.

    def _progress(self) -> dict[str, Any]:
        numbers = [number for number in CBOR_NUMBERS if number >= -1]
        steps, conversation = self._asked()
        for number in numbers:
            # -1 ends a topic; a total is never negative (sheet r3, "Frame types").
            for position, total in ((number, 9), (1, number)) if number >= 0 else ((number, 9),):
                payload = encode_value(
                    {b"topic": b"t", b"pos": position, b"total": total}, self._revision.cbor
                )
                is_first = number == numbers[0] and position == number
                answer = Answer(1, _F.PROGRESS, stream_flags=1 if is_first else 0)
                told = {"topic": "t", "pos": number_form(position), "total": number_form(total)}
                told = {"request": 1, **told, "label": None, "item": None}
                frame = format_notation(conversation.frame(answer, payload), self._revision)
                steps.append({"receive": [frame], "expect": [{"progress": told}]})
        title = "Positions and totals of progress have any size, and a position may be -1"
        return self._case("progress-numbers", title, steps, ("PROG-001",), deviations=("D75", "D85"))

    def _text(self) -> Iterator[dict[str, Any]]:
        """Every length and count of packed text (TEXT-002)."""
        for label, what, atoms in (
            ("msg", "Formatting strings", [(length, (), ()) for length in _TWO_OCTETS]),
            ("label-count", "Labels of an atom", [(1, (1,) * count, ()) for count in _OCTET]),
            ("label", "Labels", [(1, (length,), ()) for length in _OCTET]),
            ("arg-count", "Arguments of an atom", [(1, (), (1,) * count) for count in _OCTET]),
            ("arg", "Arguments", [(1, (), (length,)) for length in _TWO_OCTETS]),
        ):
            steps, conversation = self._asked()
            for number, (msg, labels, args) in enumerate(atoms):
                answer = Answer(1, _F.TEXT_OUTPUT, stream_flags=0 if number else 1)
                frame = format_notation(
                    conversation.frame(answer, _packed(msg, labels, args)), self._revision
                )
                atom: dict[str, Any] = {"msg": "m" * msg}
                atom |= {"args": ["a" * size for size in args]} if args else {}
                atom |= {"labels": ["l" * size for size in labels]} if labels else {}
                steps.append(
                    {"receive": [frame], "expect": [{"text-output": {"request": 1, "atoms": [atom]}}]}
                )
            title = f"{what} are as many or as long as their field can say"
            yield self._case(f"text-{label}", title, steps, ("TEXT-002",))

    # The window of zstd.

    def _windows(self) -> Iterator[dict[str, Any]]:
        for label, window in _WINDOWS.items():
            conversation = ClientConversation(self._revision)
            settings = Answer(1, _F.STREAM_SETTINGS_LAST)
            first = conversation.frame(settings, encode_value(b"zstd-8mb", self._revision.cbor))
            answer = Answer(1, _F.RESPONSE_LAST, stream_flags=_ENCODED)
            frame = conversation.frame(answer, StoredBlocks("zstd-8mb", window).encode(b"\xf5"))
            last: _Step = {
                "receive": [format_notation(frame, self._revision)],
                "expect": [{"response-data": {"request": 1, "data": {"hex": "f5"}, "eos": True}}],
            }
            is_above = label == "above"
            if is_above:
                last = self._refusal(frame, "bad-encoding", "limit-exceeded")
            size = {"below": "7.5", "at": "8", "above": "9"}[label]
            yield self._case(
                f"zstd-window-{label}",
                f"A zstd window of {size} MiB is {'refused' if is_above else 'allowed'}",
                [
                    {"call": {"command": "mycommand"}, "never": ["error"]},
                    {"flush": None, "never": ["error"]},
                    {"receive": [format_notation(first, self._revision)], "expect": []},
                    last,
                ],
                ("ENC-009",),
                violates=is_above,
                deviations=("D55",) if is_above else (),
                comment=_SETTINGS,
                requires={"encodings": ["zstd-8mb"]},
                setup={"content-encodings": ["zstd-8mb"]},
            )


def _packed(msg: int, labels: Iterable[int], args: Iterable[int]) -> bytes:
    """Write one atom: lengths and counts, then strings of one letter each (TEXT-002)."""
    labels, args = tuple(labels), tuple(args)
    head = msg.to_bytes(2, "little") + bytes([len(labels), len(args), *labels])
    head += b"".join(size.to_bytes(2, "little") for size in args)
    return head + b"m" * msg + b"l" * sum(labels) + b"a" * sum(args)
