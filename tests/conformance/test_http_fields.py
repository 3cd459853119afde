"""The tables of requests and responses: what may be written, and what the schemas say of it."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from hgframing_conformance._fields import Field, parse_fields
from hgframing_conformance._forms import FormError
from hgframing_conformance._http_fields import (
    AUTHORED_REQUEST,
    OBSERVED_RESPONSE,
    REQUEST_FIELDS,
    RESPONSE_FIELDS,
)


@pytest.mark.parametrize(
    ("fields", "form"),
    [
        (AUTHORED_REQUEST, {"path": "ro/a", "headers": {"A": "b", "c": None}}),
        (REQUEST_FIELDS, {"method": "GET", "path": "", "headers": [["a", "b"]], "body": {"hex": ""}}),
        (OBSERVED_RESPONSE, {"status": 599, "headers": [["a", "b"]], "body": {"hex": "00"}}),
        (RESPONSE_FIELDS, {"status": [200, "4xx"], "headers": {"a": None}, "answers": {"1": "error"}}),
    ],
)
def test_what_is_read_fits_its_schema_and_is_written_again(
    fields: tuple[Field, ...], form: dict[str, Any]
) -> None:
    """Reader, writer and schema of a field agree."""
    parsed = parse_fields(form, fields, ())
    by_name = {field.name: field.type for field in fields}

    for name, value in form.items():
        if name != "body":
            jsonschema.validate(value, dict(by_name[name].schema))
        written = by_name[name].write(parsed[name])
        assert by_name[name].parse(written, ()) == parsed[name]


@pytest.mark.parametrize(
    ("value", "is_refused"),
    [
        ("a b", False),
        ("", False),
        (" a", True),
        ("a ", True),
        ("a\r\nb", True),
        ("\x7f", True),
        ("ü", True),
        (1, True),
    ],
)
def test_header_values_cannot_end_their_line(value: Any, is_refused: bool) -> None:  # noqa: FBT001
    """RFC 9110, 5.5: visible characters, blanks between them."""
    form = {"path": "", "headers": {"a": value}}

    if is_refused:
        with pytest.raises(FormError):
            parse_fields(form, AUTHORED_REQUEST, ())
    else:
        assert parse_fields(form, AUTHORED_REQUEST, ())["headers"] == (("a", value),)
