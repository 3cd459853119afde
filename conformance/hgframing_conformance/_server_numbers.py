"""The part of the generator `boundaries` that is about numbers which a client sends: at their ends and beyond.

What is in range comes as a table, a request for each number. What is not is a case each, `should` where the text rules
it out for clients.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from hgframing import (
    REVISIONS,
    Feature,
    Frame,
    FrameInput,
    Revision,
    ServerRequestState,
    encode_value,
    format_notation,
)
from hgframing_conformance._decisions import deviations_of, requirements_of
from hgframing_conformance._server_conversation import Asked, ServerConversation
from hgframing_conformance._stored_blocks import StoredBlocks


__all__ = ["CBOR_NUMBERS", "generate_server_numbers", "number_form"]

_F: Final = FrameInput
_OPEN: Final = "The text forbids it to clients, and does not say what a receiver does."
_ENCODED: Final = 0x04
#: Where the head of a CBOR value gets longer, and where it ends (RFC 8949 §3).
_WIDTHS: Final = (0, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1)
CBOR_NUMBERS: Final = (*_WIDTHS, *(-1 - number for number in _WIDTHS))
_LENGTHS: Final = (0, 1, 23, 24, 255, 256)
#: Beyond what every reader of JSON keeps (docs/vector-format.md, "Values").
_SAFE: Final = 2**53
_COMMAND: Final = b"mycommand"
#: Windows of 7.5, 8 and 9 MiB, as a zstd frame says them (RFC 8878 §3.1.1.1.2).
_WINDOWS: Final = {"below": b"\x67", "at": b"\x68", "above": b"\x69"}

_Step = dict[str, Any]


def number_form(number: int) -> Any:
    """Write a number as vectors do."""
    return number if abs(number) < _SAFE else {"int": str(number)}


def generate_server_numbers() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield one suite for each revision: its name, and its content in the form of a suite file."""
    for revision in REVISIONS.values():
        cases = list(_Numbers(revision).cases())
        name = f"server/generated-boundaries-numbers-{revision.key}"
        yield (
            name,
            {
                "format": 1,
                "suite": name,
                "title": f"Numbers that a client of {revision.key} sends: at their ends, one below and one above",
                "layer": "server",
                "revisions": [revision.key],
                "cases": cases,
            },
        )


def _argument_payload(name: int, value: int) -> bytes:
    """Write an argument of so many octets (ARG-002)."""
    return name.to_bytes(2, "little") + value.to_bytes(2, "little") + b"n" * name + b"v" * value


class _Numbers:
    """The cases of one revision."""

    def __init__(self, revision: Revision) -> None:
        self._revision = revision
        self._is_cbor = Feature.CBOR_REQUESTS in revision.features
        self._whole = _F.NEW if self._is_cbor else _F.NAME
        self._request = 1 if Feature.REQUEST_IDS in revision.features else 0

    def cases(self) -> Iterator[dict[str, Any]]:
        """Yield all cases."""
        if Feature.REQUEST_IDS in self._revision.features:
            yield from self._ids()
        if Feature.STREAMS in self._revision.features:
            yield from self._streams()
        if self._is_cbor:
            yield from self._values()
        else:
            yield from self._arguments()
        if Feature.CONTENT_ENCODINGS in self._revision.features:
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
            "id": f"server-boundary-{self._revision.key}-{label}",
            "title": title,
            "level": level,
            **({"requirements": found} if found else {}),
            **({"violates": found} if violates and found else {}),
            **({"deviations": known} if known else {}),
            "source": "generated:boundaries",
            **({"comment": _OPEN} if violates else {}),
            **more,
            "tier": "full",
            "steps": steps,
        }

    def _refusal(self, frame: Frame, code: str, *also: str) -> _Step:
        error: dict[str, Any] = {"code": code, **({"also": list(also)} if also else {})}
        text = format_notation(frame, self._revision)
        return {"receive": [text], "expect": [{"error": error}], "never": ["run-command"]}

    def _bare(self, request: int, stream: int, stream_flags: int = 1) -> Frame:
        asked = Asked(request, self._whole, stream, stream_flags)
        conversation = ServerConversation(self._revision)
        return conversation.frame(asked, conversation.payload(asked))

    # Numbers of the header.

    def _ids(self) -> Iterator[dict[str, Any]]:
        conversation = ServerConversation(self._revision)
        steps = [conversation.receive(Asked(request, self._whole)) for request in (1, 3, 65533, 65535)]
        yield self._case(
            "request-ids", "Odd request IDs are run, from 1 to 65535", steps, ("FRAME-006", "RID-001")
        )
        for request in (0, 2, 65534):
            step = self._refusal(self._bare(request, 1), "bad-request-parity", "bad-request-state")
            title = f"The request ID {request} is the server's"
            yield self._case(
                f"request-id-{request}", title, [step], ("RID-001",), violates=True, deviations=("D24",)
            )

    def _streams(self) -> Iterator[dict[str, Any]]:
        conversation = ServerConversation(self._revision)
        steps = [
            conversation.receive(Asked(1 + 2 * number, self._whole, stream))
            for number, stream in enumerate((1, 3, 253, 255))
        ]
        title = "Odd stream IDs are the client's, from 1 to 255"
        yield self._case("stream-ids", title, steps, ("FRAME-007", "STREAM-001"))
        for stream in (0, 2, 254):
            step = self._refusal(self._bare(1, stream), "bad-stream-parity")
            title = f"The stream ID {stream} is the server's"
            yield self._case(f"stream-id-{stream}", title, [step], ("STREAM-001",), violates=True)

    # Numbers in requests.

    def _table(self, values: list[tuple[Any, Any]]) -> list[_Step]:
        """One request for each argument: its value, and its form in vectors."""
        steps = []
        for number, (value, form) in enumerate(values):
            request = 1 + 2 * number
            payload = encode_value({b"name": _COMMAND, b"args": {b"k": value}}, self._revision.cbor)
            asked = Asked(request, _F.NEW, 1, 0 if number else 1)
            frame = ServerConversation(self._revision).frame(asked, payload)
            run = {"request": request, "command": _COMMAND.decode(), "args": {"k": form}}
            steps.append(
                {"receive": [format_notation(frame, self._revision)], "expect": [{"run-command": run}]}
            )
        return steps

    def _values(self) -> Iterator[dict[str, Any]]:
        numbers = [(number, number_form(number)) for number in CBOR_NUMBERS]
        title = "Integers come through, wherever their heads get longer"
        yield self._case("cbor-integers", title, self._table(numbers), ("CBOR-001", "REQ-002"))
        octets = [(b"a" * length, "a" * length) for length in _LENGTHS]
        title = "Bytestrings come through, wherever their heads get longer"
        yield self._case("cbor-bytestrings", title, self._table(octets), ("CBOR-001", "REQ-002"))
        arrays = [([0] * length, [0] * length) for length in _LENGTHS]
        title = "Arrays come through, wherever their heads get longer"
        yield self._case("cbor-arrays", title, self._table(arrays), ("CBOR-003", "REQ-002"))
        maps = [
            (dict.fromkeys(range(length), 0), {"map": [[number, 0] for number in range(length)]})
            for length in _LENGTHS
        ]
        title = "Maps come through, wherever their heads get longer"
        yield self._case("cbor-maps", title, self._table(maps), ("CBOR-003", "REQ-002"))
        yield self._case("cbor-names", "Commands have names of any length", self._names(), ("REQ-001",))

    def _names(self) -> list[_Step]:
        steps = []
        for number, length in enumerate(_LENGTHS[1:]):
            request, name = 1 + 2 * number, b"n" * length
            payload = encode_value({b"name": name}, self._revision.cbor)
            frame = ServerConversation(self._revision).frame(
                Asked(request, _F.NEW, 1, 0 if number else 1), payload
            )
            run = {"run-command": {"request": request, "command": name.decode()}}
            steps.append({"receive": [format_notation(frame, self._revision)], "expect": [run]})
        return steps

    def _arguments(self) -> Iterator[dict[str, Any]]:
        for label, what, sizes in (
            ("names", "Names", [(length, 3) for length in (1, 255, 256)]),
            ("values", "Values", [(3, length) for length in (0, 1, 255, 256)]),
        ):
            conversation = ServerConversation(self._revision)
            steps: list[_Step] = []
            for number, (name, value) in enumerate(sizes):
                request = self._request + 2 * number if self._request else 0
                begin, frame = self._argument(conversation, request, _argument_payload(name, value))
                # The conversation is told that the request is whole.
                conversation.requests[request] = ServerRequestState.ACTIVE
                named = {"request": request} if request else {}
                run = {**named, "command": f"c{request}", "args": {"n" * name: "v" * value}}
                last = {"receive": [format_notation(frame, self._revision)], "expect": [{"run-command": run}]}
                steps += [begin, last]
            title = f"{what} of arguments have any length that two octets can say"
            yield self._case(f"argument-{label}", title, steps, ("ARG-002", "ARG-006"))
        for label, title, payload, rule in (
            ("value-short", "has an octet less", _argument_payload(3, 3)[:-1], "ARG-007"),
            ("value-long", "has an octet more", _argument_payload(3, 3) + b"x", "ARG-007"),
            ("name-short", "without its value has an octet less", _argument_payload(3, 0)[:-1], "ARG-003"),
        ):
            begin, frame = self._argument(ServerConversation(self._revision), self._request, payload)
            text = f"An argument that {title} than it says is refused"
            step = self._refusal(frame, "malformed-argument")
            yield self._case(f"argument-{label}", text, [begin, step], (rule,), violates=True)

    def _argument(
        self, conversation: ServerConversation, request: int, payload: bytes
    ) -> tuple[_Step, Frame]:
        """A command name, and the frame of its one argument."""
        begin = conversation.receive(Asked(request, _F.NAME_ARGUMENTS))
        return begin, conversation.frame(Asked(request, _F.ARGUMENT_LAST), payload)

    # The window of zstd.

    def _windows(self) -> Iterator[dict[str, Any]]:
        for label, window in _WINDOWS.items():
            conversation = ServerConversation(self._revision)
            settings = conversation.frame(
                Asked(1, _F.STREAM_SETTINGS_LAST), encode_value(b"zstd-8mb", self._revision.cbor)
            )
            first = {"receive": [format_notation(settings, self._revision)], "expect": []}
            whole = Asked(1, _F.NEW, 1, _ENCODED)
            plain = conversation.payload(whole)
            frame = conversation.frame(whole, StoredBlocks("zstd-8mb", window).encode(plain))
            run = {"request": 1, "command": "c1", "args": {"k": "v1"}}
            last: _Step = {
                "receive": [format_notation(frame, self._revision)],
                "expect": [{"run-command": run}],
            }
            if label == "above":
                last = self._refusal(frame, "bad-encoding", "limit-exceeded")
            yield self._case(
                f"zstd-window-{label}",
                {
                    "below": "A zstd window of 7.5 MiB is allowed",
                    "at": "A zstd window of 8 MiB is allowed",
                    "above": "A zstd window of 9 MiB is refused",
                }[label],
                [first, last],
                ("ENC-009",),
                violates=label == "above",
                deviations=("D49",),
                requires={"encodings": ["zstd-8mb"]},
                setup={"accept-encodings": ["identity", "zstd-8mb"]},
            )
