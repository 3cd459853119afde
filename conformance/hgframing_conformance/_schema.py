"""The JSON Schema of the harness protocol, written down from the types of `_messages`.

It ships as `schemas/harness.schema.json` in `hgframing_vectors`, for those who write a harness and want to check what
they print. `python -m hgframing_conformance._schema` prints it; a test compares the two.
"""

from __future__ import annotations

import json
import sys

from typing import Any, Final

import msgspec

from hgframing_conformance._messages import PROTOCOL, RECEIVED, SENT


__all__ = ["json_schema", "schema_text"]

#: docs/vector-format.md, "Values", as far as they travel. A bytestring may be a plain string of ASCII.
_VALUES: Final[dict[str, Any]] = {
    "Bytes": {
        "description": "a bytestring; a plain string is ASCII",
        "anyOf": [
            {"type": "string", "pattern": "^[\\x00-\\x7f]*$"},
            {
                "type": "object",
                "properties": {"hex": {"type": "string", "pattern": "^([0-9a-f][0-9a-f])*$"}},
                "required": ["hex"],
                "additionalProperties": False,
            },
            {
                "type": "object",
                "properties": {"ascii": {"type": "string", "pattern": "^[\\x00-\\x7f]*$"}},
                "required": ["ascii"],
                "additionalProperties": False,
            },
        ],
    },
    "Value": {
        "description": "any value of the protocol",
        "anyOf": [
            {"type": ["null", "boolean", "integer"]},
            {"$ref": "#/$defs/Bytes"},
            {"type": "array", "items": {"$ref": "#/$defs/Value"}},
            *(
                {
                    "type": "object",
                    "properties": {key: value},
                    "required": [key],
                    "additionalProperties": False,
                }
                for key, value in {
                    "int": {"type": "string", "pattern": "^-?(0|[1-9][0-9]*)$"},
                    "text": {"type": "string"},
                    "float": {"type": "string"},
                    "map": {
                        "type": "array",
                        "items": {
                            "type": "array",
                            "prefixItems": [{"$ref": "#/$defs/Value"}, {"$ref": "#/$defs/Value"}],
                            "minItems": 2,
                            "maxItems": 2,
                        },
                    },
                    "set": {"type": "array", "items": {"$ref": "#/$defs/Value"}},
                    "tag": {
                        "type": "array",
                        "prefixItems": [{"type": "integer", "minimum": 0}, {"$ref": "#/$defs/Value"}],
                        "minItems": 2,
                        "maxItems": 2,
                    },
                }.items()
            ),
        ],
    },
}


def json_schema() -> dict[str, Any]:
    """Write the messages down as one JSON Schema (draft 2020-12).

    A line in either direction validates against it; `#/$defs/Request` and `#/$defs/Reply` are the two directions.
    """
    kinds = (*SENT, *RECEIVED)
    _, components = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    for single in ("StepMessage", "ActionMessage"):
        components[single] |= {"minProperties": 1, "maxProperties": 1}
    unions = {
        "Request": {"anyOf": [{"$ref": f"#/$defs/{kind.__name__}"} for kind in SENT]},
        "Reply": {"anyOf": [{"$ref": f"#/$defs/{kind.__name__}"} for kind in RECEIVED]},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"hgframing harness protocol {PROTOCOL}",
        "description": "One line in either direction. An unknown op is answered with op unknown.",
        "anyOf": [{"$ref": "#/$defs/Request"}, {"$ref": "#/$defs/Reply"}],
        "$defs": dict(sorted({**components, **_VALUES, **unions}.items())),
    }


def schema_text() -> str:
    """Return the schema as the committed file has it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
