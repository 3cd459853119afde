"""The types and the fields of HTTP requests and responses, each as an author and as a harness writes it.

`_http_forms` reads whole requests and responses with them; the JSON Schemas are made from them.
"""

from __future__ import annotations

import re

from types import MappingProxyType
from typing import Any, Final

from hgframing_conformance._fields import ARGUMENTS, BYTES, BYTES_OR_NULL, REQUEST, Field, FieldType
from hgframing_conformance._forms import (
    FormError,
    Path,
    describe,
    parse_count,
    parse_list,
    parse_string,
    short,
)
from hgframing_conformance._values import MapValue


__all__ = [
    "AUTHORED_REQUEST",
    "COMMAND_FIELDS",
    "OBSERVED_RESPONSE",
    "REQUEST_FIELDS",
    "RESPONSE_FIELDS",
    "Headers",
]

#: Names and values in order; a value that is None means: there is no such header.
Headers = tuple[tuple[str, str | None], ...]

#: RFC 9110, 5.6.2 and 5.5; a path has no blank and nothing that ends it.
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_HEADER_VALUE: Final = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?\Z|\Z")
_PATH: Final = re.compile(r"(?!/)[\x21\x22\x24-\x7e]*\Z")
_STATUS_CLASS: Final = re.compile(r"[1-5]xx\Z")
#: How a request was answered.
_KINDS: Final = ("response", "error")
_REQUEST_ID: Final = re.compile(r"[0-9]{1,5}\Z")
#: All requests that are not named.
_OTHERS: Final = "*"


def _same(value: Any) -> Any:
    return value


def _matching(pattern: re.Pattern[str], what: str) -> FieldType:
    def parse(form: Any, path: Path) -> str:
        text = parse_string(form, path)
        if not pattern.match(text):
            raise FormError(f"{short(text)} is no {what}", path=path)
        return text

    return FieldType(parse=parse, write=_same, schema={"type": "string"})


def _parse_header(name: Any, value: Any, path: Path) -> tuple[str, str | None]:
    text = parse_string(name, path)
    if not _TOKEN.match(text):
        raise FormError(f"{short(text)} is no name of a header", path=path)
    if value is not None and not _HEADER_VALUE.match(parse_string(value, path)):
        raise FormError(f"{short(value)} is no value of a header", path=path)
    return text.lower(), value


def _parse_headers(form: Any, path: Path) -> Headers:
    """Read a mapping of headers, or pairs of them as the canonical form has."""
    if isinstance(form, dict):
        return tuple(_parse_header(name, value, (*path, str(name))) for name, value in form.items())
    headers = []
    for index, pair in enumerate(parse_list(form, path)):
        if not isinstance(pair, list) or len(pair) != 2:
            raise FormError(f"{describe(pair)} where a name and a value are needed", path=(*path, index))
        headers.append(_parse_header(pair[0], pair[1], (*path, index)))
    return tuple(headers)


def _parse_observed_headers(form: Any, path: Path) -> Headers:
    """Read the headers of a response: whatever a server sends is observed, not refused."""
    headers = []
    for index, pair in enumerate(parse_list(form, path)):
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(item, str) for item in pair):
            raise FormError(f"{describe(pair)} where a name and a value are needed", path=(*path, index))
        headers.append((pair[0].lower(), pair[1]))
    return tuple(headers)


def _parse_status(form: Any, path: Path) -> int:
    status = parse_count(form, path, limit=999)
    if status < 100:
        raise FormError(f"{status} is no status", path=path)
    return status


def _parse_statuses(form: Any, path: Path) -> tuple[int | str, ...]:
    """Read one status, a class such as `4xx`, or a list of these."""
    forms = form if isinstance(form, list) else [form]
    statuses: list[int | str] = []
    for index, item in enumerate(forms):
        place = (*path, index) if isinstance(form, list) else path
        if isinstance(item, str) and _STATUS_CLASS.match(item):
            statuses.append(item)
        elif isinstance(item, str):
            raise FormError(f"{short(item)} is no class of statuses", path=place, remedy="for instance 4xx")
        else:
            statuses.append(_parse_status(item, place))
    if not statuses:
        raise FormError("an empty list allows no status", path=path)
    return tuple(statuses)


def _parse_answers(form: Any, path: Path) -> tuple[tuple[int | None, str], ...]:
    """Read which requests are answered and how; JSON's keys are strings, so IDs are written as such."""
    if not isinstance(form, dict):
        raise FormError(f"{describe(form)} where a mapping of requests is needed", path=path)
    answers: list[tuple[int | None, str]] = []
    for key, kind in form.items():
        if key != _OTHERS and not (isinstance(key, str) and _REQUEST_ID.match(key)):
            raise FormError(f"{short(str(key))} is no request ID", path=path, remedy='write "1": response')
        if kind not in _KINDS:
            raise FormError(
                f"unknown answer {short(str(kind))}", path=(*path, key), remedy="response or error"
            )
        answers.append((None if key == _OTHERS else int(key), kind))
    return tuple(answers)


_HEADER_PAIRS: Final = MappingProxyType(
    {
        "type": "array",
        "items": {
            "type": "array",
            "prefixItems": [{"type": "string"}, {"type": "string"}],
            "minItems": 2,
            "maxItems": 2,
        },
    }
)
_HEADER_MAP: Final = MappingProxyType(
    {"type": "object", "additionalProperties": {"type": ["string", "null"]}}
)
_ONE_STATUS: Final = {
    "anyOf": [
        {"type": "integer", "minimum": 100, "maximum": 999},
        {"type": "string", "pattern": "^[1-5]xx$"},
    ]
}
_METHOD: Final = _matching(_TOKEN, "method")
_PATH_TYPE: Final = _matching(_PATH, "path below the API's root")
_HEADERS: Final = FieldType(
    parse=_parse_headers, write=lambda headers: [list(pair) for pair in headers], schema=_HEADER_MAP
)
_SENT_HEADERS: Final = FieldType(parse=_parse_headers, write=_HEADERS.write, schema=_HEADER_PAIRS)
_OBSERVED_HEADERS: Final = FieldType(
    parse=_parse_observed_headers, write=_HEADERS.write, schema=_HEADER_PAIRS
)
_STATUS: Final = FieldType(
    parse=_parse_status, write=_same, schema={"type": "integer", "minimum": 100, "maximum": 999}
)
_STATUSES: Final = FieldType(
    parse=_parse_statuses,
    write=list,
    schema={"anyOf": [_ONE_STATUS, {"type": "array", "items": _ONE_STATUS, "minItems": 1}]},
)
_ANSWERS: Final = FieldType(
    parse=_parse_answers,
    write=lambda answers: {_OTHERS if request is None else str(request): kind for request, kind in answers},
    schema={"type": "object", "additionalProperties": {"enum": list(_KINDS)}},
)

#: The fields of a request as a harness gets it.
REQUEST_FIELDS: Final = (
    Field(name="method", type=_METHOD),
    Field(name="path", type=_PATH_TYPE),
    Field(name="headers", type=_SENT_HEADERS),
    Field(name="body", type=BYTES),
)
#: The fields of a response as a harness reports it.
OBSERVED_RESPONSE: Final = (
    Field(name="status", type=_STATUS),
    Field(name="headers", type=_OBSERVED_HEADERS),
    Field(name="body", type=BYTES),
)
#: What an expectation may say of a response, beside `frames`.
RESPONSE_FIELDS: Final = (
    Field(name="status", type=_STATUSES, optional=True),
    Field(name="headers", type=_HEADERS, optional=True),
    Field(name="answers", type=_ANSWERS, optional=True),
    Field(name="body", type=BYTES, optional=True),
)
#: The fields of a request as an author writes it, beside those of `_BODIES`.
AUTHORED_REQUEST: Final = (
    Field(name="method", type=_METHOD, default="POST"),
    Field(name="path", type=_PATH_TYPE),
    Field(name="headers", type=_HEADERS, default=()),
)
#: A command in the body of a request, as an author writes it.
COMMAND_FIELDS: Final = (
    Field(name="request", type=REQUEST, optional=True),
    Field(name="command", type=BYTES),
    Field(name="args", type=ARGUMENTS, default=MapValue(())),
    Field(name="data", type=BYTES_OR_NULL, default=None),
)
