"""The types of the fields of steps and actions, each with its three faces: how it is read, sent and described.

A step's value and an action are mappings of named fields (docs/vector-format.md, "Step" and "Actions"). `_steps` and
`_actions` say which fields each has; what a field may hold is said here, once, so that an author's YAML, a harness's
reply and the JSON Schema cannot disagree.

Text output's atoms and a redirect are mappings with fixed keys in YAML and on the wire, because every implementation
has its own structure for them; only what is free-form on the protocol's own wire is a `{map: …}`.
"""

from __future__ import annotations

import dataclasses
import difflib

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from hgframing import FaultCode
from hgframing_conformance._forms import (
    FormError,
    Path,
    describe,
    names,
    parse_ascii,
    parse_bytes,
    parse_count,
    parse_list,
    parse_string,
    short,
)
from hgframing_conformance._values import MapValue, Value, parse_value, to_wire


__all__ = [
    "ARGUMENTS",
    "ATOMS",
    "BOOLEAN",
    "BYTES",
    "BYTES_LIST",
    "BYTES_OR_NULL",
    "CODE",
    "CODES",
    "COUNT",
    "ERROR_TYPE",
    "FAIL_KIND",
    "FLAGS",
    "OBJECTS",
    "OCTET",
    "REDIRECT",
    "REQUEST",
    "REQUEST_STATE",
    "REQUIRED",
    "STRING",
    "VALUE",
    "WISHED_ATOMS",
    "Field",
    "FieldType",
    "closest",
    "or_value",
    "parse_fields",
]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FieldType:
    """What a field may hold.

    Attributes:
        parse: reads a form at a path; raises `FormError`.
        write: turns what `parse` returned into the canonical form of the harness protocol.
        schema: the form as JSON Schema.
    """

    parse: Callable[[Any, Path], Any]
    write: Callable[[Any], Any]
    schema: Mapping[str, Any]


class _Required:
    """The type of `REQUIRED`."""

    def __repr__(self) -> str:
        return "REQUIRED"


#: The default of a field that must be written.
REQUIRED: Final = _Required()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a step or of an action.

    Attributes:
        name: its key.
        type: what it may hold.
        default: what an absent field means; `REQUIRED` where it must be written.
        optional: it may be absent, and then stays absent.
    """

    name: str
    type: FieldType
    default: Any = REQUIRED
    optional: bool = False


def parse_fields(form: Any, fields: Iterable[Field], path: Path, *, partial: bool = False) -> dict[str, Any]:
    """Read a mapping of fields.

    Args:
        form: the mapping.
        fields: what it may and must hold.
        path: where it lies, for the errors.
        partial: fields without default may be left out; nothing is filled in but those with one.

    Returns:
        the parsed fields in the order of `fields`.

    Raises:
        FormError: an unknown or a missing field, or one of the wrong type.
    """
    if not isinstance(form, dict):
        raise FormError(f"{describe(form)} where a mapping of fields is needed", path=path)
    known = {field.name: field for field in fields}
    for name in form:
        if name not in known:
            raise FormError(
                f"unknown field {short(str(name))}", path=(*path, str(name)), remedy=closest(name, known)
            )
    parsed = {}
    for name, field in known.items():
        if name in form:
            # Many JSON writers print null for what is absent; only where null means something is it a value.
            if form[name] is None and field.optional:
                continue
            parsed[name] = field.type.parse(form[name], (*path, name))
        elif field.optional:
            continue
        elif field.default is not REQUIRED:
            parsed[name] = field.default
        elif not partial:
            raise FormError(f"the field {name!r} is missing", path=path, remedy=f"fields are {names(known)}")
    return parsed


def closest(name: Any, known: Iterable[str]) -> str:
    """Say what was meant by an unknown name, or all that is known."""
    candidates = sorted(map(str, known))
    match = difflib.get_close_matches(str(name), candidates, n=1)
    if match:
        return f"did you mean {match[0]!r}?"
    return f"known are {', '.join(candidates)}" if candidates else "none is allowed here"


def or_value(type_: FieldType) -> FieldType:
    """Widen a type to any value of the protocol, for what an implementation hands over without having looked at it."""

    def parse(form: Any, path: Path) -> Any:
        try:
            return type_.parse(form, path)
        except FormError as error:
            try:
                return parse_value(form, path)
            except FormError:
                raise error from None

    schema = {"anyOf": [type_.schema, VALUE.schema]}
    return FieldType(parse=parse, write=type_.write, schema=MappingProxyType(schema))


def _same(value: Any) -> Any:
    return value


def _choice(what: str, choices: Iterable[str]) -> FieldType:
    known = tuple(choices)

    def parse(form: Any, path: Path) -> str:
        text = parse_string(form, path)
        if text not in known:
            raise FormError(f"unknown {what} {short(text)}", path=path, remedy=closest(text, known))
        return text

    return FieldType(parse=parse, write=_same, schema={"enum": list(known)})


def _number(limit: int | None) -> FieldType:
    schema: dict[str, Any] = {"type": "integer", "minimum": 0}
    if limit is not None:
        schema["maximum"] = limit
    return FieldType(
        parse=lambda form, path: parse_count(form, path, limit=limit),
        write=_same,
        schema=MappingProxyType(schema),
    )


def _parse_boolean(form: Any, path: Path) -> bool:
    if not isinstance(form, bool):
        raise FormError(f"{describe(form)} where true or false is needed", path=path)
    return form


def _parse_bytes_or_null(form: Any, path: Path) -> bytes | None:
    return None if form is None else parse_bytes(form, path)


def _parse_bytes_list(form: Any, path: Path) -> tuple[bytes, ...]:
    return tuple(parse_bytes(item, (*path, index)) for index, item in enumerate(parse_list(form, path)))


def _parse_objects(form: Any, path: Path) -> tuple[Value, ...]:
    return tuple(parse_value(item, (*path, index)) for index, item in enumerate(parse_list(form, path)))


def _parse_arguments(form: Any, path: Path) -> MapValue:
    """Read `args`: a plain mapping with ASCII names, or a map value (docs/vector-format.md, "Values")."""
    if not isinstance(form, dict):
        raise FormError(f"{describe(form)} where arguments are needed", path=path, remedy="{name: value}")
    # One key named `map` over a list is the map form; an argument of that name with a list is written in that form.
    if form.keys() == {"map"} and isinstance(form["map"], list):
        value = parse_value(form, path)
        assert isinstance(value, MapValue)  # noqa: S101 - what the form says
        return value
    return MapValue(
        tuple((parse_ascii(name, path), parse_value(item, (*path, name))) for name, item in form.items())
    )


def _parse_codes(form: Any, path: Path) -> tuple[str, ...]:
    codes = (CODE.parse(item, (*path, index)) for index, item in enumerate(parse_list(form, path)))
    return tuple(codes)


BYTES: Final = FieldType(parse=parse_bytes, write=to_wire, schema={"$ref": "#/$defs/Bytes"})
BYTES_OR_NULL: Final = FieldType(
    parse=_parse_bytes_or_null,
    write=to_wire,
    schema={"anyOf": [{"$ref": "#/$defs/Bytes"}, {"type": "null"}]},
)
BYTES_LIST: Final = FieldType(
    parse=_parse_bytes_list, write=to_wire, schema={"type": "array", "items": {"$ref": "#/$defs/Bytes"}}
)
VALUE: Final = FieldType(parse=parse_value, write=to_wire, schema={"$ref": "#/$defs/Value"})
OBJECTS: Final = FieldType(
    parse=_parse_objects, write=to_wire, schema={"type": "array", "items": {"$ref": "#/$defs/Value"}}
)
ARGUMENTS: Final = FieldType(parse=_parse_arguments, write=to_wire, schema={"$ref": "#/$defs/Arguments"})
STRING: Final = FieldType(parse=parse_string, write=_same, schema={"type": "string"})
BOOLEAN: Final = FieldType(parse=_parse_boolean, write=_same, schema={"type": "boolean"})
#: Numbers of a header, as wide as their field (sheet r3, "Header").
REQUEST: Final = _number(0xFFFF)
OCTET: Final = _number(0xFF)
FLAGS: Final = _number(0x0F)
COUNT: Final = _number(None)
CODE: Final = _choice("error code", FaultCode)
CODES: Final = FieldType(parse=_parse_codes, write=list, schema={"type": "array", "items": CODE.schema})
REQUEST_STATE: Final = _choice(
    "request state", ("pending", "sending", "sent", "receiving", "received", "errored", "abandoned")
)
#: Who says that a request failed; the first two are flags of the revisions before CBOR errors.
ERROR_TYPE: Final = _choice("type of error", ("protocol", "application", "server", "command"))
FAIL_KIND: Final = _choice("kind of failure", ("command", "server", "application", "protocol"))


def _structure(
    fields: tuple[Field, ...],
) -> tuple[Callable[[Any, Path], MapValue], Callable[[MapValue], Any]]:
    """Make reader and writer of a mapping with fixed keys; its normal form is the map that the protocol sends."""
    by_key = {field.name.encode("ascii"): field for field in fields}

    def parse(form: Any, path: Path) -> MapValue:
        # A harness may hand on the map as its implementation decoded it.
        if isinstance(form, dict) and form.keys() == {"map"}:
            value = parse_value(form, path)
            assert isinstance(value, MapValue)  # noqa: S101 - what the form says
            form = {
                key.decode("ascii", "backslashreplace") if isinstance(key, bytes) else repr(key): to_wire(
                    item
                )
                for key, item in value.pairs
            }
        parsed = parse_fields(form, fields, path)
        return MapValue(tuple((name.encode("ascii"), item) for name, item in parsed.items()))

    def write(value: MapValue) -> dict[str, Any]:
        return {
            by_key[key].name: by_key[key].type.write(item)
            for key, item in value.pairs
            if isinstance(key, bytes)
        }

    return parse, write


def _structure_schema(fields: tuple[Field, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {field.name: dict(field.type.schema) for field in fields},
        "required": [field.name for field in fields if field.default is REQUIRED and not field.optional],
        "additionalProperties": False,
    }


def _atoms(string: FieldType, strings: FieldType) -> FieldType:
    """Make the type of text for people (sheet r4, "6 text-output"); absent lists are empty ones."""
    fields = (
        Field(name="msg", type=string),
        Field(name="args", type=strings, default=()),
        Field(name="labels", type=strings, default=()),
    )
    parse, write = _structure(fields)
    return FieldType(
        parse=lambda form, path: tuple(
            parse(item, (*path, index)) for index, item in enumerate(parse_list(form, path))
        ),
        write=lambda atoms: [write(atom) for atom in atoms],
        schema={"type": "array", "items": _structure_schema(fields)},
    )


ATOMS: Final = _atoms(BYTES, BYTES_LIST)
#: What a user may ask for by mistake can be written too, so that its refusal can be tested.
WISHED_ATOMS: Final = _atoms(VALUE, OBJECTS)

#: Where a response is to be had instead (sheet r5, "3 command-response"). What a user may ask for by mistake can be
#: written too, so that its refusal can be tested.
_REDIRECT_FIELDS: Final = tuple(
    Field(name=name, type=VALUE, optional=True)
    for name in (
        "url",
        "mediatype",
        "size",
        "fullhashes",
        "fullhashseed",
        "serverdercerts",
        "servercadercerts",
    )
)
_parse_redirect, _write_redirect = _structure(_REDIRECT_FIELDS)
REDIRECT: Final = FieldType(
    parse=_parse_redirect, write=_write_redirect, schema=_structure_schema(_REDIRECT_FIELDS)
)
