"""The messages of harness protocol 1 (`docs/harness-protocol.md`), typed.

Every message is checked in both directions, always: what we send goes through the same types as what we receive, so a
mistake in the runner cannot reach a harness as a strange question. These types are the envelopes. What stands inside a
step and an action has one definition, the field tables of `_steps` and `_actions`: a step's value was made by them, and
an action is read by them (`_actions.parse_observed`) before it is judged. `_schema` writes both down together.

A message stays a plain `dict` once it is checked: an implementation in Python gets the very object that a child process
would get as JSON.
"""

from __future__ import annotations

import enum

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec

from msgspec import Meta, Struct

from hgframing import REVISIONS
from hgframing_conformance._cases import Layer, Verb


__all__ = [
    "PROTOCOL",
    "RECEIVED",
    "SENT",
    "Bye",
    "Capabilities",
    "CaseMessage",
    "Hello",
    "HelloMessage",
    "MessageError",
    "Result",
    "Unknown",
    "case_message",
    "hello_message",
    "read_hello",
    "read_line",
    "read_result",
    "read_unknown",
]

#: The version of the harness protocol that this package speaks.
PROTOCOL: Final = 1

_T = TypeVar("_T")
_Count = Annotated[int, Meta(ge=0)]
#: A step and an action: an object with one key, its kind.
StepForm = Annotated[
    dict[str, Any], Meta(min_length=1, max_length=1, extra_json_schema={"$ref": "#/$defs/Step"})
]
ActionForm = Annotated[
    dict[str, Any], Meta(min_length=1, max_length=1, extra_json_schema={"$ref": "#/$defs/Action"})
]


class MessageError(ValueError):
    """A message is not what the protocol says; the text names the field and what it should be."""


class _Message(
    Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", omit_defaults=True, tag_field="op"
):
    """A whole line; `op` says which."""


class _Part(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", omit_defaults=True):
    """An object inside of a message."""


class Capabilities(_Part, frozen=True):
    """What an implementation can do beyond its layers; `docs/harness-protocol.md`, "hello"."""

    encodings: list[str] = msgspec.field(default_factory=lambda: ["identity"])
    error_codes: bool = False
    chunking: bool = True
    steps: list[Verb] | None = None
    setup: list[str] = []
    request_states: bool = False
    commands: list[str] = []
    values: list[str] | None = None
    after_end: bool = True


class HelloMessage(_Message, frozen=True, tag="hello"):
    """The first line to a harness."""

    protocol: int
    suite: str


class CaseMessage(_Message, frozen=True, tag="case"):
    """One case: every step of it."""

    seq: _Count
    revision: str
    layer: Layer
    steps: list[StepForm]
    setup: dict[str, Any] = {}


class Bye(_Message, frozen=True, tag="bye"):
    """The last line to a harness."""


class Hello(_Message, frozen=True, tag="hello"):
    """The first line from a harness: who it is and what it can do."""

    protocol: Literal[1]
    name: Annotated[str, Meta(min_length=1)]
    version: str
    language: str
    revisions: list[str]
    layers: list[Layer]
    capabilities: Capabilities = msgspec.field(default_factory=Capabilities)


class Result(_Message, frozen=True, tag="result"):
    """The answer to a case: one list of actions per step."""

    seq: _Count
    steps: list[list[ActionForm]]


class Unknown(_Message, frozen=True, tag="unknown"):
    """The answer to an `op` that the harness does not know."""


#: What we send.
SENT: Final = (HelloMessage, CaseMessage, Bye)
#: What a harness sends.
RECEIVED: Final = (Hello, Result, Unknown)


def _plain(value: object) -> object:
    """Turn enums into their strings, so that an implementation in Python gets what JSON would give it."""
    return value.value if isinstance(value, enum.Enum) else value


def hello_message(suite: str) -> dict[str, Any]:
    """Build the first message to a harness.

    Args:
        suite: the version of this package.
    """
    return {"op": "hello", "protocol": PROTOCOL, "suite": suite}


def case_message(
    *, revision: str, layer: Layer, setup: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Build the message of one case; `seq` is 0 and is set by the adapter that sends it.

    Args:
        revision: a key of `hgframing.REVISIONS`.
        layer: what of the implementation is exercised.
        setup: the keys of docs/vector-format.md, "Setup", in canonical form.
        steps: one single-key mapping per step, values in canonical form.

    Raises:
        MessageError: the message is not one that the protocol allows; the suite or the runner is at fault.
    """
    message = {
        "op": "case",
        "seq": 0,
        "revision": revision,
        "layer": _plain(layer),
        "setup": dict(setup),
        "steps": [dict(step) for step in steps],
    }
    _check(message, CaseMessage)
    return message


def read_line(line: bytes) -> dict[str, Any]:
    """Read one line from a harness as an object.

    Args:
        line: the octets of the line, without its end.

    Raises:
        MessageError: the line is not JSON, or not an object, or nested too deeply to be read.
    """
    try:
        message = msgspec.json.decode(line)
    except RecursionError:
        raise MessageError("the line is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MessageError(f"the line is not JSON: {error}") from None
    if not isinstance(message, dict):
        raise MessageError(f"the line is a JSON {_json_type(message)}, a message is an object")
    return message


def read_hello(message: object) -> Hello:
    """Check the answer to `hello`.

    Raises:
        MessageError: it is something else; another version of the protocol is named as such.
    """
    if isinstance(message, dict):
        version = message.get("protocol", PROTOCOL)
        if version != PROTOCOL or isinstance(version, bool):
            raise MessageError(f"it speaks harness protocol {version!r}, this suite speaks {PROTOCOL}")
    hello = _check(message, Hello)
    unknown = [key for key in hello.revisions if key not in REVISIONS]
    if unknown:
        # Nothing would ever run in it, and nobody would see why.
        known = ", ".join(REVISIONS)
        raise MessageError(f"Unknown revision {unknown[0]!r}, known are {known} - at `$.revisions`")
    return hello


def read_result(message: object, *, seq: int, steps: int) -> list[list[dict[str, Any]]]:
    """Check the answer to a case.

    Args:
        message: what the harness answered.
        seq: the number of the case.
        steps: how many steps the case had.

    Returns:
        The actions of every step, as they were sent; their fields are still to be read.

    Raises:
        MessageError: it is something else, or answers another case, or another number of steps.
    """
    result = _check(message, Result)
    if result.seq != seq:
        raise MessageError(f"Expected the answer to seq {seq}, got one to seq {result.seq} - at `$.seq`")
    if len(result.steps) != steps:
        raise MessageError(
            f"Expected {steps} lists of actions, one per step, got {len(result.steps)} - at `$.steps`"
        )
    return result.steps


def read_unknown(message: object) -> None:
    """Check the answer to an `op` that nobody can know.

    Raises:
        MessageError: it is anything but `{"op": "unknown"}`.
    """
    _check(message, Unknown)


def _check(message: object, kind: type[_T]) -> _T:
    try:
        return msgspec.convert(message, kind, strict=True)
    except msgspec.ValidationError as error:
        raise MessageError(str(error)) from None
    except RecursionError:
        raise MessageError("the message is nested too deeply") from None


def _json_type(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case _:
            return "array"
