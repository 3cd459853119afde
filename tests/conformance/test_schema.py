"""The JSON Schema of the harness protocol ships, is fresh, and fits what is really exchanged."""

from __future__ import annotations

import json

from typing import Any

import jsonschema
import pytest

import hgframing_vectors

from hgframing_conformance import reference
from hgframing_conformance._cases import Chunking
from hgframing_conformance._messages import hello_message
from hgframing_conformance._schema import json_schema, schema_text
from hgframing_conformance._select import item_message, items
from hgframing_conformance._suites import load_suites


def validator(definition: str) -> jsonschema.Draft202012Validator:
    """Make a validator of one direction."""
    return jsonschema.Draft202012Validator(json_schema() | {"anyOf": [{"$ref": f"#/$defs/{definition}"}]})


def test_schema_shipped_file_is_fresh() -> None:
    """The committed file is what the types say (python -m hgframing_conformance._schema)."""
    shipped = hgframing_vectors.root().joinpath("schemas", "harness.schema.json")
    assert shipped.read_text(encoding="utf-8") == schema_text()


def test_schema_is_a_schema() -> None:
    """The file is itself valid."""
    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_schema_fits_every_message_of_the_vectors() -> None:
    """What we send and what the reference answers validates, case by case, for one case of every shape."""
    request, reply = validator("Request"), validator("Reply")
    harness = reference()
    request.validate(hello_message("0.1.0"))
    reply.validate(json.loads(json.dumps(harness.exchange(hello_message("0.1.0")))))
    seen: set[tuple[Any, ...]] = set()
    for case in load_suites():
        shape = (case.revision, case.layer, *sorted({step.verb for step in case.steps}))
        if shape in seen:
            continue
        seen.add(shape)
        message = item_message(items(case)[0].case, Chunking.FRAME)
        request.validate(message)
        reply.validate(json.loads(json.dumps(harness.exchange(message))))


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ("Reply", {"op": "result", "seq": 1, "steps": [[{"explode": {}}]]}),
        ("Reply", {"op": "result", "seq": 1, "steps": [[{"noop": {}, "want-frame": {}}]]}),
        ("Reply", {"op": "result", "seq": 1, "steps": [[{}]]}),
        ("Reply", {"op": "result", "seq": 1, "steps": [[{"send-frames": ["0"]}]]}),
        ("Reply", {"op": "result", "seq": 1, "steps": [[{"send-frames": ["AB"]}]]}),
        ("Reply", {"op": "result", "seq": 1, "steps": [[{"response-data": {"request": 1, "eos": True}}]]}),
        ("Reply", {"op": "result", "seq": -1, "steps": []}),
        ("Reply", {"op": "skipped"}),
        ("Request", {"op": "case", "seq": 1, "revision": "0006", "layer": "server", "steps": [{"skip": 1}]}),
        ("Request", {"op": "case", "seq": 1, "revision": "0006", "layer": "moon", "steps": []}),
    ],
)
def test_schema_refuses_what_the_protocol_does_not_allow(definition: str, message: object) -> None:
    """Whoever checks against the schema is told of the same mistakes as by the runner."""
    assert not validator(definition).is_valid(message)
