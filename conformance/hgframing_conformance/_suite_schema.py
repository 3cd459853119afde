"""The JSON Schema of suite files, generated from the typed model and the field tables.

It ships as `schemas/suite.schema.json` in `hgframing_vectors`, for editors and for those who write suites with other
tools. What it cannot say (that a frame fits a revision, that an id is unique) the loader checks.

`python -m hgframing_conformance._suite_schema` prints it; a test compares it with the committed file.
"""

from __future__ import annotations

import json
import sys

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from hgframing_conformance import _actions, _steps
from hgframing_conformance._cases import ActionKind, Verb
from hgframing_conformance._fields import CODES, COUNT, FLAGS, OCTET, REQUEST, REQUIRED, Field
from hgframing_conformance._http_fields import AUTHORED_REQUEST, COMMAND_FIELDS, RESPONSE_FIELDS
from hgframing_conformance._suite_model import Case, Step, Suite


__all__ = ["schema_text", "suite_schema"]

_ASCII: Final = {"type": "string", "pattern": "^[\\x00-\\x7f]*$"}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


def _one_or_many(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "array", "items": schema}]}


def _object(properties: dict[str, Any], required: Iterable[str] = ()) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    names = list(required)
    return schema | {"required": names} if names else schema


def _typed(**kinds: dict[str, Any]) -> list[dict[str, Any]]:
    return [_object({kind: schema}, [kind]) for kind, schema in kinds.items()]


def _pair(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "prefixItems": [first, second], "minItems": 2, "maxItems": 2}


#: docs/vector-format.md, "Values" and "Frames".
_FORMS: Final[dict[str, Any]] = {
    "Hex": {"description": "octets, two digits each", "type": "string", "pattern": "^([0-9a-fA-F]{2})*$"},
    "Part": _object({"hex": _ref("Hex"), "times": {"type": "integer", "minimum": 0}}, ["hex"]),
    "Parts": _one_or_many(_ref("Part")),
    "Bytes": {
        "description": "a bytestring; a plain string is ASCII",
        "anyOf": [_ASCII, *_typed(hex=_ref("Hex"), ascii=_ASCII, repeat=_ref("Parts"))],
    },
    "Map": _object({"map": {"type": "array", "items": _pair(_ref("Value"), _ref("Value"))}}, ["map"]),
    "Value": {
        "description": "any value of the protocol",
        "anyOf": [
            {"type": ["null", "boolean", "integer"]},
            _ref("Bytes"),
            {"type": "array", "items": _ref("Value")},
            _ref("Map"),
            *_typed(
                int={"type": "string", "pattern": "^-?(0|[1-9][0-9]*)$"},
                text={"type": "string"},
                float={"type": "string"},
                set={"type": "array", "items": _ref("Value")},
                tag=_pair({"type": "integer", "minimum": 0}, _ref("Value")),
            ),
        ],
    },
    "Arguments": {
        "description": "names and values of a command's arguments",
        "anyOf": [_ref("Map"), {"type": "object", "additionalProperties": _ref("Value")}],
    },
    "Frame": {
        "description": "a frame in notation, or one with a long payload",
        "anyOf": [
            {"type": "string", "minLength": 3},
            _object(
                {"frame": {"type": "string", "minLength": 3}, "repeat": _ref("Parts")}, ["frame", "repeat"]
            ),
        ],
    },
    "Encode": {
        "description": "a frame, or raw numbers that need not fit the header's fields",
        "anyOf": [
            _ref("Frame"),
            _object(
                {name: dict(COUNT.schema) for name in ("request", "stream", "stream-flags", "type", "flags")}
                | {"payload": _ref("Bytes")},
                ["type", "flags", "payload"],
            ),
        ],
    },
}


def suite_schema() -> dict[str, Any]:
    """Write down the format of suite files as JSON Schema (draft 2020-12)."""
    (reference,), components = msgspec.json.schema_components([Suite], ref_template="#/$defs/{name}")
    _, more = msgspec.json.schema_components([Case, Step], ref_template="#/$defs/{name}")
    verbs = {verb.value: _fields(fields) for verb, fields in _steps.FIELDS.items()}
    verbs[Verb.REQUEST.value] = _request()
    definitions = {**components, **more, **verbs, **_FORMS, "Action": _action()}
    definitions["Step"] |= _step_rules()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "hgframing vector suite 1",
        "description": "A file of cases; docs/vector-format.md explains every key.",
        **reference,
        "$defs": dict(sorted(definitions.items())),
    }


def _step_rules() -> dict[str, Any]:
    """Say that a step has one verb and one expectation."""
    receives = {"anyOf": [{"required": ["receive"]}, {"required": ["receive-hex"]}]}
    others = [{"required": [verb.value]} for verb in Verb if verb is not Verb.RECEIVE]
    return {
        "oneOf": [receives, *others],
        "anyOf": [{"required": ["expect"]}, {"required": ["any-of"]}, {"required": ["never"]}],
        "not": {"required": ["expect", "any-of"]},
    }


def _fields(fields: Iterable[Field], *, required: Iterable[str] | None = None) -> dict[str, Any]:
    listed = list(fields)
    if required is None:
        # The request ID may be left out where the header has none, and the schema knows no revisions.
        required = [
            field.name
            for field in listed
            if field.default is REQUIRED and not field.optional and field.name != "request"
        ]
    return _object({field.name: dict(field.type.schema) for field in listed}, required)


def _frames() -> dict[str, Any]:
    return {"type": "array", "items": _ref("Frame")}


def _request() -> dict[str, Any]:
    """Describe a request; of the ways to write its body there is one at most."""
    request = _fields(AUTHORED_REQUEST)
    commands = {"type": "array", "items": _fields(COMMAND_FIELDS)}
    request["properties"] |= {"frames": _frames(), "commands": commands, "body": _ref("Bytes")}
    return request


def _response() -> dict[str, Any]:
    response = _fields(RESPONSE_FIELDS)
    response["properties"]["frames"] = _frames()
    return response


def _action() -> dict[str, Any]:
    numbers = {"request": REQUEST, "stream": OCTET, "stream-flags": OCTET, "type": FLAGS, "flags": FLAGS}
    frame = _object({name: dict(kind.schema) for name, kind in numbers.items()} | {"payload": _ref("Bytes")})
    kinds: dict[str, Any] = {
        ActionKind.FRAME: {"anyOf": [_ref("Frame"), frame]},
        ActionKind.OCTETS: _ref("Bytes"),
        ActionKind.SEND_FRAMES: _frames(),
        ActionKind.RESPONSE: _response(),
    }
    for kind, fields in _actions.FIELDS.items():
        required = ["command"] if kind is ActionKind.RUN_COMMAND else []
        schema = _fields(fields, required=required)
        if kind is ActionKind.ERROR:
            schema["properties"]["also"] = dict(CODES.schema)
        kinds[kind] = schema if required else {"anyOf": [schema, {"type": "null"}]}
    ordered = {kind.value: kinds[kind] for kind in ActionKind}
    return _object(ordered) | {"minProperties": 1, "maxProperties": 1}


def schema_text() -> str:
    """Return the schema as the committed file has it."""
    return json.dumps(suite_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
