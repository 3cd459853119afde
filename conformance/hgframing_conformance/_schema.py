"""The JSON Schema of the harness protocol, written down from the types of `_messages` and the field tables.

It ships as `schemas/harness.schema.json` in `hgframing_vectors`, for those who write a harness and want to check what
they print. `python -m hgframing_conformance._schema` prints it; a test compares the two.
"""

from __future__ import annotations

import json
import sys

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from hgframing_conformance import _actions, _steps
from hgframing_conformance._cases import ActionKind, Verb
from hgframing_conformance._fields import BYTES, COUNT, FLAGS, OCTET, REQUEST, REQUIRED, Field
from hgframing_conformance._http_fields import OBSERVED_RESPONSE, REQUEST_FIELDS
from hgframing_conformance._messages import PROTOCOL, RECEIVED, SENT
from hgframing_conformance._suite_schema import suite_schema


__all__ = ["json_schema", "schema_text"]

#: What the two formats have in common: the forms of values.
_SHARED: Final = ("Arguments", "Bytes", "Hex", "Map", "Part", "Parts", "Value")
_OCTETS: Final = {
    "description": "octets, two lowercase digits each",
    "type": "string",
    "pattern": "^([0-9a-f]{2})*$",
}
_FRAME: Final = tuple(
    Field(name=name, type=kind)
    for name, kind in (
        ("request", REQUEST),
        ("stream", OCTET),
        ("stream-flags", OCTET),
        ("type", FLAGS),
        ("flags", FLAGS),
        ("payload", BYTES),
    )
)
#: What is to be encoded need not fit.
_WIDE_FRAME: Final = tuple(
    Field(name=field.name, type=BYTES if field.type is BYTES else COUNT) for field in _FRAME
)
#: Fields that the headers of some revisions do not have.
_OF_HEADERS: Final = frozenset({"request", "stream", "stream-flags"})


def json_schema() -> dict[str, Any]:
    """Write the messages down as one JSON Schema (draft 2020-12).

    A line in either direction validates against it; `#/$defs/Request` and `#/$defs/Reply` are the two directions. What
    depends on the revision of a case (its frames' fields, whether there are request IDs) it cannot say.
    """
    kinds = (*SENT, *RECEIVED)
    _, components = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    shared = suite_schema()["$defs"]
    definitions = {
        **components,
        **{name: shared[name] for name in _SHARED},
        "Step": _single({verb.value: _step(verb) for verb in Verb}),
        "Action": _single({kind.value: _action(kind) for kind in ActionKind}),
        "Request": {"anyOf": [{"$ref": f"#/$defs/{kind.__name__}"} for kind in SENT]},
        "Reply": {"anyOf": [{"$ref": f"#/$defs/{kind.__name__}"} for kind in RECEIVED]},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"hgframing harness protocol {PROTOCOL}",
        "description": "One line in either direction. An op that is not listed is answered with op unknown.",
        "anyOf": [{"$ref": "#/$defs/Request"}, {"$ref": "#/$defs/Reply"}],
        "$defs": dict(sorted(definitions.items())),
    }


def _step(verb: Verb) -> Mapping[str, Any]:
    match verb:
        case Verb.RECEIVE:
            return {"type": "array", "items": _OCTETS}
        case Verb.ENCODE:
            return _object(_WIDE_FRAME)
        case Verb.REQUEST:
            return _object(REQUEST_FIELDS)
        case _ if verb in _steps.NULL_VERBS:
            return {"type": "null"}
        case _:
            return _object(_steps.FIELDS[verb])


def _action(kind: ActionKind) -> Mapping[str, Any]:
    match kind:
        case ActionKind.FRAME:
            return _object(_FRAME)
        case ActionKind.OCTETS:
            return BYTES.schema
        case ActionKind.SEND_FRAMES:
            return {"type": "array", "items": _OCTETS}
        case ActionKind.RESPONSE:
            return _object(OBSERVED_RESPONSE)
        case _:
            return _object(_actions.observed_fields(kind))


def _object(fields: Iterable[Field]) -> dict[str, Any]:
    """Describe a mapping of fields; null is as good as absent where a field is optional."""
    properties = {}
    required = []
    for field in fields:
        schema: Mapping[str, Any] = dict(field.type.schema)
        needed = field.default is REQUIRED and not field.optional and field.name not in _OF_HEADERS
        if needed:
            required.append(field.name)
        elif field.optional or field.name in _OF_HEADERS:
            schema = {"anyOf": [schema, {"type": "null"}]}
        properties[field.name] = schema
    described = {"type": "object", "properties": properties, "additionalProperties": False}
    return described | ({"required": required} if required else {})


def _single(kinds: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Describe an object that has exactly one of these keys."""
    return {
        "type": "object",
        "properties": dict(kinds),
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }


def schema_text() -> str:
    """Return the schema as the committed file has it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
