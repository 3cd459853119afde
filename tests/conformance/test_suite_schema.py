"""The JSON Schema of suites is fresh, accepts what ships and refuses what the loader refuses."""

from __future__ import annotations

import copy
import json

from typing import Any

import jsonschema
import pytest

import hgframing_vectors

from hgframing_conformance._cases import ActionKind, Verb
from hgframing_conformance._suite_schema import schema_text, suite_schema
from hgframing_conformance._yaml import read_yaml


CASE: dict[str, Any] = {
    "id": "server-some-case",
    "title": "Something must happen",
    "level": "must",
    "source": "by hand",
    "steps": [
        {
            "receive": ["1 1 0 1 1", {"frame": "1 1 0 1 1", "repeat": {"hex": "61", "times": 3}}],
            "receive-hex": ["00"],
            "expect": [
                {"run-command": {"request": 1, "command": "c", "args": {"a": [1, {"set": [{"text": "é"}]}]}}}
            ],
        },
        {"respond": {"objects": [{"map": [["k", None]]}]}, "any-of": [[], [{"send-frames": ["1 2 0 3 2"]}]]},
        {"end-input": None, "never": ["run-command"]},
        {
            "fail": {"request": 1, "kind": "command", "message": "m"},
            "expect": [{"noop": None}, {"want-frame": {}}],
        },
        {"end-input": None, "expect": [{"error": {"code": "bad-flags", "also": ["bad-cbor"]}}]},
    ],
}
SUITE: dict[str, Any] = {
    "format": 1,
    "suite": "server/some",
    "title": "Some",
    "layer": "server",
    "revisions": {"features": ["streams"]},
    "cases": [CASE],
}


@pytest.fixture(scope="module")
def validator() -> Any:
    """Return a validator of the generated schema, which is itself valid."""
    schema = suite_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def changed(path: list[Any], value: Any) -> dict[str, Any]:
    """Copy the valid suite with one place changed; `...` removes it."""
    suite = copy.deepcopy(SUITE)
    node: Any = suite
    for part in path[:-1]:
        node = node[part]
    if value is ...:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return suite


def test_committed_schema_is_fresh() -> None:
    """`python -m hgframing_conformance._suite_schema` writes the file that ships."""
    file = hgframing_vectors.root().joinpath("schemas", "suite.schema.json")
    assert file.read_text(encoding="utf-8") == schema_text(), (
        "write it anew: python -m hgframing_conformance._suite_schema > …/schemas/suite.schema.json"
    )


@pytest.mark.parametrize("name", list(hgframing_vectors.suite_files()))
def test_schema_accepts_every_suite_that_ships(validator: Any, name: str) -> None:
    """What the loader accepts the schema accepts."""
    document = read_yaml(hgframing_vectors.suite_files()[name].read_bytes(), name)
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document.root)] == []


def test_schema_accepts_one_of_everything(validator: Any) -> None:
    """The suite that the mistakes below are made in is right."""
    assert list(validator.iter_errors(SUITE)) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["format"], 2),
        (["layer"], "servr"),
        (["title"], ...),
        (["extra"], 1),
        (["revisions"], {"feature": ["streams"]}),
        (["revisions"], {"features": ["stream"]}),
        (["revisions"], ["0003"]),
        (["cases"], []),
        (["cases", 0, "id"], "Some"),
        (["cases", 0, "level"], ...),
        (["cases", 0, "titel"], "x"),
        (["cases", 0, "deviations"], ["D1a"]),
        (["cases", 0, "setup"], {"defer-ouput": True}),
        (["cases", 0, "chunkings"], ["bytes"]),
        (["cases", 0, "steps"], []),
        (["cases", 0, "steps", 0, "receive"], "1 1 0 1 1"),
        (["cases", 0, "steps", 0, "receive", 1, "times"], 1),
        (["cases", 0, "steps", 0, "receive", 1, "repeat", "hex"], "6"),
        (["cases", 0, "steps", 0, "receive-hex"], [0]),
        (["cases", 0, "steps", 0, "end-input"], None),
        (["cases", 0, "steps", 0, "expect"], ...),
        (["cases", 0, "steps", 0, "any-of"], [[], []]),
        (["cases", 0, "steps", 0, "expect", 0, "noop"], {}),
        (["cases", 0, "steps", 0, "expect", 0, "run-command", "command"], ...),
        (["cases", 0, "steps", 0, "expect", 0, "run-command", "command"], "é"),
        (["cases", 0, "steps", 0, "expect", 0, "run-command", "args", "a"], 1.5),
        (["cases", 0, "steps", 0, "expect", 0, "run-command", "args", "a", 1], {"unknown": 1}),
        (["cases", 0, "steps", 0, "expect", 0], {"run-comand": {}}),
        (["cases", 0, "steps", 1, "respond"], ...),
        (["cases", 0, "steps", 1, "respond", "object"], []),
        (["cases", 0, "steps", 1, "any-of"], [[]]),
        (["cases", 0, "steps", 2, "never"], ["run-comand"]),
        (["cases", 0, "steps", 3, "fail", "kind"], "comand"),
        (["cases", 0, "steps", 3, "fail", "message"], ...),
        (["cases", 0, "steps", 4, "expect", 0, "error", "code"], "bad-flag"),
        (["cases", 0, "steps", 4, "expect", 0, "error", "also"], "bad-cbor"),
        (["cases", 0, "steps", 3, "fail", "request"], 65536),
        (["cases", 0, "steps", 3, "fail", "request"], -1),
        (["cases", 0, "steps", 3, "fail", "stream"], -1),
    ],
)
def test_schema_refuses_a_mistake(validator: Any, path: list[Any], value: Any) -> None:
    """Editors show the mistakes that need no knowledge of revisions."""
    assert list(validator.iter_errors(changed(path, value))) != []


def test_schema_describes_every_verb_and_action() -> None:
    """Nothing of the tables is forgotten."""
    definitions = suite_schema()["$defs"]
    assert set(definitions["Action"]["properties"]) == {kind.value for kind in ActionKind}
    assert {verb.value for verb in Verb} <= set(definitions["Step"]["properties"])
    text = json.dumps(suite_schema())
    assert all(f'"#/$defs/{name}"' in text for name in definitions)
