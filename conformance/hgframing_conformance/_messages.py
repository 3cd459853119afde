"""The messages of harness protocol 1 (`docs/harness-protocol.md`), typed.

Every message is checked in both directions, always: what we send is converted through the same types as what we
receive, so a mistake in the runner cannot reach a harness as a strange question. The types are the schema: `_schema`
writes them down as `schemas/harness.schema.json`, which ships with the vectors and whose freshness a test checks.

Two things the types cannot say are checked beside them: a step and an action are objects with exactly one key, and a
value (a bytestring, a map, ...) is recursive. Values are checked where they are read (`_values`); the schema describes
them.

A message stays a plain `dict` once it is checked. The judge reads actions with `_actions.parse_observed`, which takes
the same form, and an implementation in Python gets the very object that a child process would get as JSON.
"""

from __future__ import annotations

import enum

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec

from msgspec import UNSET, Meta, Struct, UnsetType

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

_Hex = Annotated[str, Meta(pattern="^([0-9a-f][0-9a-f])*$", description="octets, two lowercase digits each")]
_Value = Annotated[Any, Meta(extra_json_schema={"$ref": "#/$defs/Value"})]
_Bytes = Annotated[Any, Meta(extra_json_schema={"$ref": "#/$defs/Bytes"})]
_BytesOrNull = Annotated[
    Any, Meta(extra_json_schema={"anyOf": [{"type": "null"}, {"$ref": "#/$defs/Bytes"}]})
]
_Id = Annotated[int, Meta(ge=0, le=65535)]
_T = TypeVar("_T")
_Count = Annotated[int, Meta(ge=0)]


class MessageError(ValueError):
    """A message is not what the protocol says; the text names the field and what it should be."""


class _Message(
    Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", omit_defaults=True, tag_field="op"
):
    """A whole line; `op` says which."""


class _Part(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", omit_defaults=True):
    """An object inside of a message."""


class Empty(_Part, frozen=True):
    """`{}`, the value of an action without fields."""


class RawFrame(_Part, frozen=True):
    """A frame in raw numbers, with the fields that the revision's header has."""

    type: Annotated[int, Meta(ge=0, le=15)]
    flags: Annotated[int, Meta(ge=0, le=15)]
    payload: _Bytes
    request: _Id | UnsetType = UNSET
    stream: Annotated[int, Meta(ge=0, le=255)] | UnsetType = UNSET
    stream_flags: Annotated[int, Meta(ge=0, le=255)] | UnsetType = UNSET


class Respond(_Part, frozen=True):
    """`respond`: the local user answers a command."""

    request: _Id
    objects: list[_Value] | UnsetType = UNSET
    data: _Bytes | UnsetType = UNSET
    redirect: _Value | UnsetType = UNSET
    stream: int | UnsetType = UNSET
    last: bool | UnsetType = UNSET
    unsent: bool | UnsetType = UNSET


class Fail(_Part, frozen=True):
    """`fail`: the local user answers a command with an error."""

    request: _Id
    kind: Literal["command", "server", "application", "protocol"]
    message: _Bytes
    args: list[_Bytes] | UnsetType = UNSET
    stream: int | UnsetType = UNSET
    last: bool | UnsetType = UNSET
    unsent: bool | UnsetType = UNSET


class TextOutput(_Part, frozen=True):
    """`text-output`, as a step and as an action."""

    request: _Id
    atoms: _Value


class Progress(_Part, frozen=True):
    """`progress`, as a step and as an action."""

    request: _Id
    topic: _Value
    pos: _Value
    total: _Value
    label: _Value | UnsetType = UNSET
    item: _Value | UnsetType = UNSET


class OfRequest(_Part, frozen=True):
    """`sent` and `request-state`: a step that only names its request."""

    request: _Id


class Call(_Part, frozen=True):
    """`call`: the local user calls a command."""

    command: _Bytes
    args: _Value | UnsetType = UNSET
    data: _BytesOrNull | UnsetType = UNSET
    redirect: _Value | UnsetType = UNSET


class StepMessage(_Part, frozen=True):
    """One step: exactly one of these keys."""

    receive: list[_Hex] | UnsetType = UNSET
    end_input: UnsetType | None = UNSET
    encode: RawFrame | UnsetType = UNSET
    respond: Respond | UnsetType = UNSET
    fail: Fail | UnsetType = UNSET
    text_output: TextOutput | UnsetType = UNSET
    progress: Progress | UnsetType = UNSET
    sent: OfRequest | UnsetType = UNSET
    call: Call | UnsetType = UNSET
    flush: UnsetType | None = UNSET
    request_state: OfRequest | UnsetType = UNSET


class RunCommand(_Part, frozen=True):
    """`run-command`: a whole request has arrived."""

    command: _Bytes
    request: _Id | UnsetType = UNSET
    args: _Value | UnsetType = UNSET
    data: _BytesOrNull | UnsetType = UNSET
    redirect: _Value | UnsetType = UNSET


class ResponseData(_Part, frozen=True):
    """`response-data`: a piece of a response has arrived."""

    request: _Id
    data: _Bytes
    eos: bool


class RequestState(_Part, frozen=True):
    """`request-state`: the answer to the step of that name."""

    request: _Id
    state: Literal["pending", "sending", "sent", "receiving", "received", "errored"]


class Error(_Part, frozen=True):
    """`error`: the peer broke the protocol."""

    code: str | UnsetType = UNSET
    message: str | UnsetType = UNSET
    request: _Id | UnsetType | None = UNSET


class Refused(_Part, frozen=True):
    """`refused`: the implementation declined a wish of its local user."""

    message: str | UnsetType = UNSET


class Raised(_Part, frozen=True):
    """`raised`: the implementation's API threw something that is not its way of saying `error`."""

    type: str | UnsetType = UNSET
    message: str | UnsetType = UNSET


class ActionMessage(_Part, frozen=True):
    """One action: exactly one of these keys."""

    frame: RawFrame | UnsetType = UNSET
    octets: _Bytes | UnsetType = UNSET
    run_command: RunCommand | UnsetType = UNSET
    send_frames: list[_Hex] | UnsetType = UNSET
    response_data: ResponseData | UnsetType = UNSET
    text_output: TextOutput | UnsetType = UNSET
    progress: Progress | UnsetType = UNSET
    request_state: RequestState | UnsetType = UNSET
    error: Error | UnsetType = UNSET
    refused: Refused | UnsetType = UNSET
    raised: Raised | UnsetType = UNSET
    want_frame: Empty | UnsetType = UNSET
    noop: Empty | UnsetType = UNSET


class Capabilities(_Part, frozen=True):
    """What an implementation can do beyond its layers; `docs/harness-protocol.md`, "hello"."""

    encodings: list[str] = msgspec.field(default_factory=lambda: ["identity"])
    error_codes: bool = False
    chunking: bool = True
    steps: list[Verb] | None = None
    setup: list[str] = []
    request_states: bool = False


class HelloMessage(_Message, frozen=True, tag="hello"):
    """The first line to a harness."""

    protocol: int
    suite: str


class CaseMessage(_Message, frozen=True, tag="case"):
    """One case: every step of it."""

    seq: _Count
    revision: str
    layer: Layer
    steps: list[StepMessage]
    setup: dict[str, _Value] = {}


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
    steps: list[list[ActionMessage]]


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
    for index, step in enumerate(message["steps"]):  # type: ignore[arg-type,var-annotated]
        if len(step) != 1:
            raise MessageError(f"Object has {len(step)} keys, a step has exactly one - at `$.steps[{index}]`")
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
    return _check(message, Hello)


def read_result(message: object, *, steps: int) -> tuple[int, list[list[dict[str, Any]]]]:
    """Check the answer to a case.

    Args:
        message: what the harness answered.
        steps: how many steps the case had.

    Returns:
        The `seq` of the answer, and its actions as they were sent.

    Raises:
        MessageError: it is something else, or answers another number of steps.
    """
    result = _check(message, Result)
    if len(result.steps) != steps:
        raise MessageError(
            f"Expected {steps} lists of actions, one per step, got {len(result.steps)} - at `$.steps`"
        )
    actions: list[list[dict[str, Any]]] = message["steps"]  # type: ignore[index]
    for number, step in enumerate(actions):
        for position, action in enumerate(step):
            if len(action) != 1:
                where = f"$.steps[{number}][{position}]"
                raise MessageError(f"Object has {len(action)} keys, an action has exactly one - at `{where}`")
    return result.seq, actions


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
