"""Actions, expected and observed, read into one normal form.

An expectation is written for people (frames in notation, plain strings, fields left out that do not matter); an
observation is written by a program (frames as octets, every field). Both become `Action` with the same fields in the
same types, so that the judge compares values and never forms. docs/vector-format.md, "Actions", is the table below.

Revision 0001 has no request IDs: there `request` is 0, which may be left out on both sides.
"""

from __future__ import annotations

import dataclasses
import enum

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from hgframing import REVISIONS, Revision
from hgframing_conformance._cases import Action, ActionKind, Layer
from hgframing_conformance._fields import (
    ARGUMENTS,
    ATOMS,
    BOOLEAN,
    BYTES,
    BYTES_OR_NULL,
    CODE,
    CODES,
    ERROR_TYPE,
    REQUEST,
    REQUEST_STATE,
    STRING,
    VALUE,
    Field,
    closest,
    or_value,
    parse_fields,
)
from hgframing_conformance._forms import FormError, Path, describe, parse_bytes, parse_list, short
from hgframing_conformance._frame_forms import (
    encode_frame,
    frame_fields,
    frame_numbers,
    parse_frame,
    parse_whole_frame,
)
from hgframing_conformance._http_forms import display_response, parse_response, write_response
from hgframing_conformance._values import MapValue, display, to_wire


__all__ = [
    "FIELDS",
    "LAYERS",
    "action_to_wire",
    "display_action",
    "observed_fields",
    "parse_compiled",
    "parse_expected",
    "parse_observed",
]

_EVERYWHERE: Final = frozenset(Layer)
_REACTORS: Final = _EVERYWHERE - {Layer.HTTP}
_SERVER: Final = frozenset({Layer.SERVER})
_CLIENT: Final = frozenset({Layer.CLIENT})
_CODEC: Final = frozenset({Layer.CODEC})

#: Where each action occurs.
LAYERS: Final[Mapping[ActionKind, frozenset[Layer]]] = MappingProxyType(
    {
        ActionKind.FRAME: _CODEC,
        ActionKind.OCTETS: _CODEC,
        ActionKind.RUN_COMMAND: _SERVER,
        ActionKind.COMMAND_DATA: _SERVER,
        ActionKind.SEND_FRAMES: _SERVER | _CLIENT,
        ActionKind.RESPONSE_DATA: _CLIENT,
        ActionKind.ERROR_RESPONSE: _CLIENT,
        ActionKind.TEXT_OUTPUT: _CLIENT,
        ActionKind.PROGRESS: _CLIENT,
        ActionKind.REQUEST_STATE: _CLIENT,
        ActionKind.RESPONSE: frozenset({Layer.HTTP}),
        ActionKind.ERROR: _REACTORS,
        ActionKind.REFUSED: _EVERYWHERE,
        ActionKind.RAISED: _EVERYWHERE,
        ActionKind.WANT_FRAME: _REACTORS,
        ActionKind.NOOP: _REACTORS,
    }
)

_REQUEST: Final = Field(name="request", type=REQUEST)
_DATA_FOLLOWS: Final = Field(name="data-follows", type=BOOLEAN, default=False)
#: A piece of a request's or a response's octets.
_PIECE: Final = (_REQUEST, Field(name="data", type=BYTES), Field(name="eos", type=BOOLEAN))

#: The fields of each action that is a mapping of fields; `frame` has those of the revision's header.
FIELDS: Final[Mapping[ActionKind, tuple[Field, ...]]] = MappingProxyType(
    {
        ActionKind.RUN_COMMAND: (
            _REQUEST,
            Field(name="command", type=BYTES),
            Field(name="args", type=ARGUMENTS, default=MapValue(())),
            Field(name="data", type=BYTES_OR_NULL, default=None),
            Field(name="redirect", type=VALUE, default=None),
            _DATA_FOLLOWS,
        ),
        ActionKind.COMMAND_DATA: _PIECE,
        ActionKind.RESPONSE_DATA: _PIECE,
        ActionKind.ERROR_RESPONSE: (
            _REQUEST,
            Field(name="type", type=ERROR_TYPE),
            Field(name="atoms", type=ATOMS),
        ),
        ActionKind.TEXT_OUTPUT: (_REQUEST, Field(name="atoms", type=ATOMS)),
        ActionKind.PROGRESS: (
            _REQUEST,
            Field(name="topic", type=VALUE),
            Field(name="pos", type=VALUE),
            Field(name="total", type=VALUE),
            Field(name="label", type=VALUE, default=None),
            Field(name="item", type=VALUE, default=None),
        ),
        ActionKind.REQUEST_STATE: (_REQUEST, Field(name="state", type=REQUEST_STATE)),
        ActionKind.ERROR: (
            Field(name="code", type=CODE, optional=True),
            Field(name="message", type=STRING, optional=True),
            Field(name="request", type=REQUEST, optional=True),
        ),
        ActionKind.REFUSED: (Field(name="message", type=STRING, optional=True),),
        ActionKind.RAISED: (
            Field(name="type", type=STRING, optional=True),
            Field(name="message", type=STRING, optional=True),
        ),
        ActionKind.WANT_FRAME: (),
        ActionKind.NOOP: (),
    }
)

#: What a peer's octets became. An implementation that does not look hands over anything: no fault of its harness.
_DELIVERED: Final[Mapping[ActionKind, frozenset[str]]] = MappingProxyType(
    {
        ActionKind.RUN_COMMAND: frozenset({"command", "args"}),
        ActionKind.ERROR_RESPONSE: frozenset({"type", "atoms"}),
        ActionKind.TEXT_OUTPUT: frozenset({"atoms"}),
    }
)


def observed_fields(kind: ActionKind) -> tuple[Field, ...]:
    """List the fields of an action as an implementation reports it."""
    delivered = _DELIVERED.get(kind, frozenset())
    return tuple(
        dataclasses.replace(field, type=or_value(field.type)) if field.name in delivered else field
        for field in FIELDS[kind]
    )


#: What an expectation may say beyond what an implementation reports.
_ALSO: Final = Field(name="also", type=CODES, optional=True)
_KINDS: Final = frozenset(ActionKind)


class _Dialect(enum.Enum):
    """Who wrote an action.

    Authors write frames in notation and leave out what does not matter; the compiled form leaves out the same, but has
    octets as the harness protocol has; a harness leaves out nothing.
    """

    AUTHOR = enum.auto()
    COMPILED = enum.auto()
    HARNESS = enum.auto()


def parse_expected(form: Any, layer: Layer, revision: str, path: Path = ()) -> Action:
    """Read an action that an author expects.

    Fields that are left out stay absent and are not compared. `run-command` is always compared whole, so its missing
    `args`, `data` and `redirect` are filled in.

    Args:
        form: `{kind: fields}` as it stands in the suite.
        layer: the suite's; actions of other layers are refused.
        revision: a key of `hgframing.REVISIONS`; frames in notation are read with its names.
        path: where `form` lies, for the error.

    Raises:
        FormError: unknown kind or field, a kind that the layer has not, or a value of the wrong type.
    """
    return _parse(form, layer, REVISIONS[revision], path, _Dialect.AUTHOR)


def parse_observed(form: Any, layer: Layer, revision: str, path: Path = ()) -> Action:
    """Read an action that a harness reports (docs/harness-protocol.md, "Actions on the wire").

    Args:
        form: one element of a step's list in a `result` message.
        layer: the case's.
        revision: the case's revision key.
        path: where `form` lies, for the error.

    Raises:
        FormError: the harness broke its protocol: unknown kind, field or error code, a missing field, a wrong type, or
            octets that are not one whole frame.
    """
    return _parse(form, layer, REVISIONS[revision], path, _Dialect.HARNESS)


def parse_compiled(form: Any, layer: Layer, revision: str, path: Path = ()) -> Action:
    """Read back what `action_to_wire` wrote.

    Raises:
        FormError: it did not write this.
    """
    return _parse(form, layer, REVISIONS[revision], path, _Dialect.COMPILED)


def _parse(form: Any, layer: Layer, revision: Revision, path: Path, dialect: _Dialect) -> Action:
    if not isinstance(form, dict) or len(form) != 1:
        raise FormError(
            f"{describe(form)} is no action",
            path=path,
            remedy="an action is a mapping with one key, its kind",
        )
    ((name, content),) = form.items()
    if name not in _KINDS:
        raise FormError(f"unknown action {short(str(name))}", path=path, remedy=closest(name, _KINDS))
    kind = ActionKind(name)
    if layer not in LAYERS[kind]:
        where = ", ".join(sorted(LAYERS[kind]))
        raise FormError(
            f"the action {kind} does not occur in the layer {layer}", path=path, remedy=f"only in {where}"
        )
    place = (*path, str(name))
    match kind:
        case ActionKind.FRAME:
            fields = _frame(content, revision, place, dialect)
        case ActionKind.OCTETS:
            fields = {"octets": parse_bytes(content, place)}
        case ActionKind.SEND_FRAMES:
            fields = _send_frames(content, revision, place, dialect)
        case ActionKind.RESPONSE:
            fields = parse_response(
                content,
                revision,
                place,
                authored=dialect is _Dialect.AUTHOR,
                observed=dialect is _Dialect.HARNESS,
            )
        case _:
            fields = _fields(kind, content, revision, place, dialect)
    return Action(kind, fields)


def _frame(content: Any, revision: Revision, path: Path, dialect: _Dialect) -> dict[str, Any]:
    if isinstance(content, str) or (isinstance(content, dict) and "frame" in content):
        if dialect is not _Dialect.AUTHOR:
            raise FormError(f"{describe(content)} where a mapping of numbers is needed", path=path)
        return frame_numbers(parse_frame(content, revision, path), revision)
    fields = frame_fields(revision)
    if dialect is _Dialect.HARNESS and isinstance(content, dict):
        # An implementation with one frame type for all revisions reports the fields that this header has not, as 0.
        unused = {"request", "stream", "stream-flags"} - {field.name for field in fields}
        content = {
            name: value for name, value in content.items() if not (name in unused and value in (0, None))
        }
    return parse_fields(content, fields, path, partial=dialect is not _Dialect.HARNESS)


def _send_frames(content: Any, revision: Revision, path: Path, dialect: _Dialect) -> dict[str, Any]:
    read: Callable[[Any, Revision, Path], Any] = (
        parse_frame if dialect is _Dialect.AUTHOR else parse_whole_frame
    )
    frames = tuple(
        read(item, revision, (*path, index)) for index, item in enumerate(parse_list(content, path))
    )
    if dialect is _Dialect.AUTHOR:
        for index, frame in enumerate(frames):
            encode_frame(frame, revision, (*path, index))
    return {"frames": frames}


def _fields(
    kind: ActionKind, content: Any, revision: Revision, path: Path, dialect: _Dialect
) -> dict[str, Any]:
    fields = observed_fields(kind) if dialect is _Dialect.HARNESS else FIELDS[kind]
    if content is None:
        content = {}
    if kind is ActionKind.ERROR and dialect is not _Dialect.HARNESS:
        fields = (*fields, _ALSO)
    whole = kind is ActionKind.RUN_COMMAND
    if whole and not revision.header.has_request and isinstance(content, dict):
        content = _without_request(content, path)
    partial = dialect is not _Dialect.HARNESS and not whole
    if partial:
        # Defaults say what an absent field means in a report; in an expectation it means that nobody compares it.
        fields = tuple(Field(name=field.name, type=field.type, optional=False) for field in fields)
    return parse_fields(content, fields, path, partial=partial)


def _without_request(content: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Fill in the request ID where the header has none."""
    if content.get("request") not in (0, None):
        raise FormError(
            "this revision has no request IDs", path=(*path, "request"), remedy="leave request out"
        )
    return {**content, "request": 0}


def action_to_wire(action: Action, revision: str) -> dict[str, Any]:
    """Write an action in the form of the harness protocol, frames as octets; `parse_compiled` reads it back.

    Raises:
        FormError: a frame of it does not fit the revision's header.
    """
    match action.kind:
        case ActionKind.OCTETS:
            content: Any = to_wire(action.fields["octets"])
        case ActionKind.SEND_FRAMES:
            content = [encode_frame(frame, REVISIONS[revision]).hex() for frame in action.fields["frames"]]
        case ActionKind.RESPONSE:
            content = write_response(action.fields, REVISIONS[revision])
        case ActionKind.FRAME:
            content = _write(frame_fields(REVISIONS[revision]), action.fields)
        case _:
            content = _write((*FIELDS[action.kind], _ALSO), action.fields)
            # It came later than the rest: what was written before has no such field, and means the same.
            if not content.get(_DATA_FOLLOWS.name, True):
                del content[_DATA_FOLLOWS.name]
    return {action.kind.value: content}


def _write(fields: tuple[Field, ...], values: Mapping[str, Any]) -> dict[str, Any]:
    return {field.name: field.type.write(values[field.name]) for field in fields if field.name in values}


def display_action(action: Action) -> str:
    """Write an action on one line for people; frames are counted, because their notation needs a revision."""
    match action.kind:
        case ActionKind.OCTETS:
            return f"octets {display(action.fields['octets'])}"
        case ActionKind.RESPONSE:
            return f"response {display_response(action.fields)}"
        case ActionKind.SEND_FRAMES:
            return f"send-frames ({len(action.fields['frames'])})"
        case _:
            fields = ", ".join(f"{name}: {display(value)}" for name, value in action.fields.items())
            return f"{action.kind} {{{fields}}}" if fields else str(action.kind)
