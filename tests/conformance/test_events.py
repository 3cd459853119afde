"""The JSON Schema of results ships, is fresh, and fits what runs write."""

from __future__ import annotations

import json

from pathlib import Path

import jsonschema
import pytest

import hgframing_vectors

from hgframing_conformance._events import json_schema, schema_text

from .zoo.commands import check, write_suite


def test_schema_shipped_file_is_fresh() -> None:
    """The committed file is what the types say (python -m hgframing_conformance._events)."""
    shipped = hgframing_vectors.root().joinpath("schemas", "results.schema.json")
    assert shipped.read_text(encoding="utf-8") == schema_text()


def test_schema_is_a_schema() -> None:
    """The file is itself valid."""
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("kind", ["honest", "wrong", "crash", "raises", "garbage", "hostile"])
def test_schema_fits_what_a_run_writes(kind: str, tmp_path: Path) -> None:
    """Every line of every kind of run validates."""
    path = tmp_path / "run.jsonl"
    check(kind, write_suite(tmp_path), "--jsonl", str(path))
    validator = jsonschema.Draft202012Validator(json_schema())
    lines = path.read_text().splitlines()
    assert len(lines) == 4
    for line in lines:
        validator.validate(json.loads(line))


@pytest.mark.parametrize(
    "event",
    [
        {"event": "middle"},
        {"event": "begin", "format": 1},
        {"event": "end", "complete": "yes"},
        {"event": "item", "id": "x", "outcome": "skipped"},
    ],
)
def test_schema_refuses_what_no_run_writes(event: object) -> None:
    """Whoever checks a file against the schema learns that it is none."""
    assert not jsonschema.Draft202012Validator(json_schema()).is_valid(event)
