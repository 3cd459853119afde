"""The shape of a suite file, typed: suite, case and step as their authors write them.

These types are the format: the loader converts through them, and the JSON Schema is generated from them. What a type
cannot say (which fields go with which verb, what a frame means in a revision) is checked by `_steps`, `_actions` and
`_suites`, and described in the schema by references into the tables of those modules.

Nested lists are left unconverted here, so that each case and each step is converted on its own and every mistake of a
file is found in one run.
"""

from __future__ import annotations

import re

from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar

import msgspec

from msgspec import UNSET, Meta, UnsetType

from hgframing import REVISIONS, Feature
from hgframing_conformance._cases import ActionKind, Chunking, Layer, Level, Tier
from hgframing_conformance._fields import closest
from hgframing_conformance._forms import FormError, Path, describe, names, short


__all__ = [
    "Case",
    "Requires",
    "Revisions",
    "Selection",
    "Setup",
    "Step",
    "Suite",
    "read_model",
]

_Model = TypeVar("_Model")


def _any(reference: str) -> Meta:
    return Meta(extra_json_schema={"$ref": f"#/$defs/{reference}"})


#: What a string must look like, and how a person says it.
_PATTERNS: Final[dict[str, str]] = {
    r"^[^\n]+$": "one line of text",
    r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$": "kebab-case: lowercase letters, digits and single hyphens",
    r"^[a-z0-9-]+(/[a-z0-9-]+)*$": "a path below suites/ in kebab-case, without .yaml",
    r"^[A-Z][A-Z0-9]*-[0-9]{3}$": "a requirement such as DATA-003",
    r"^D[1-9][0-9]*$": "a deviation such as D11",
    r"^(upstream \S.*|by hand|generated:\S+|fuzz:\S+)$": (
        "`upstream <test>`, `by hand`, `generated:<generator>` or `fuzz:<hash>`"
    ),
}
_LINE, _NAME, _SUITE, _REQUIREMENT, _DEVIATION, _SOURCE = _PATTERNS


def _text(pattern: str) -> Meta:
    return Meta(pattern=pattern, description=_PATTERNS[pattern])


_Line = Annotated[str, _text(_LINE)]
_RevisionKey = Annotated[str, Meta(extra_json_schema={"enum": list(REVISIONS)})]
_Name = Annotated[str, _text(_NAME)]
_Requirement = Annotated[str, _text(_REQUIREMENT)]
_Deviation = Annotated[str, _text(_DEVIATION)]
_Source = Annotated[str, _text(_SOURCE)]
_Frame = Annotated[Any, _any("Frame")]
_Encode = Annotated[Any, _any("Encode")]
_Hex = Annotated[Any, _any("Hex")]


class _Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """A mapping with fixed keys."""


class Selection(_Shape, frozen=True):
    """Revisions by what they have and have not."""

    features: list[Feature] = []
    without: list[Feature] = []


Revisions: TypeAlias = list[_RevisionKey] | Selection


class Requires(_Shape, frozen=True, omit_defaults=True):
    """Capabilities beyond those that follow from the steps; docs/harness-protocol.md, "hello"."""

    encodings: list[str] | UnsetType = UNSET
    error_codes: bool | UnsetType = UNSET
    chunking: bool | UnsetType = UNSET
    request_states: bool | UnsetType = UNSET
    commands: list[str] | UnsetType = UNSET


class Setup(_Shape, frozen=True, omit_defaults=True):
    """How the reactor is made; docs/vector-format.md, "Setup"."""

    defer_output: bool | UnsetType = UNSET
    stream_data: bool | UnsetType = UNSET
    max_frame: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    fragmentation: Literal["joined", "exact"] | UnsetType = UNSET
    buffer_sends: bool | UnsetType = UNSET
    multiple_sends: bool | UnsetType = UNSET
    content_encodings: list[str] | UnsetType = UNSET
    encoding: str | UnsetType = UNSET
    accept_encodings: list[str] | UnsetType = UNSET
    limits: dict[_Name, Annotated[int, Meta(ge=0)]] | UnsetType = UNSET


class Suite(_Shape, frozen=True):
    """One file."""

    format: Literal[1]
    suite: Annotated[str, _text(_SUITE)]
    title: _Line
    layer: Layer
    revisions: Revisions
    cases: Annotated[list[Annotated[Any, _any("Case")]], Meta(min_length=1)]


class Case(_Shape, frozen=True):
    """One case, before it is spread over revisions."""

    id: _Name
    title: _Line
    level: Level
    source: _Source
    steps: Annotated[list[Annotated[Any, _any("Step")]], Meta(min_length=1)]
    rev: Annotated[int, Meta(ge=1)] = 1
    requirements: list[_Requirement] = []
    violates: list[_Requirement] = []
    deviations: list[_Deviation] = []
    comment: str = ""
    requires: Requires = msgspec.field(default_factory=Requires)
    disputed: str = ""
    setup: Setup = msgspec.field(default_factory=Setup)
    chunkings: Annotated[list[Chunking], Meta(min_length=1)] | UnsetType = UNSET
    tier: Tier = Tier.CORE
    revisions: Revisions | UnsetType = UNSET


class Step(_Shape, frozen=True):
    """One step: one verb and what is expected of it."""

    receive: list[_Frame] | UnsetType = UNSET
    receive_hex: list[_Hex] | UnsetType = UNSET
    end_input: UnsetType | None = UNSET
    encode: _Encode | UnsetType = UNSET
    respond: Annotated[Any, _any("respond")] | UnsetType = UNSET
    start_response: Annotated[Any, _any("start-response")] | UnsetType = UNSET
    send_response: Annotated[Any, _any("send-response")] | UnsetType = UNSET
    finish_response: Annotated[Any, _any("finish-response")] | UnsetType = UNSET
    fail: Annotated[Any, _any("fail")] | UnsetType = UNSET
    text_output: Annotated[Any, _any("text-output")] | UnsetType = UNSET
    progress: Annotated[Any, _any("progress")] | UnsetType = UNSET
    sent: Annotated[Any, _any("sent")] | UnsetType = UNSET
    call: Annotated[Any, _any("call")] | UnsetType = UNSET
    flush: UnsetType | None = UNSET
    abandon: Annotated[Any, _any("abandon")] | UnsetType = UNSET
    request_state: Annotated[Any, _any("request-state")] | UnsetType = UNSET
    request: Annotated[Any, _any("request")] | UnsetType = UNSET
    expect: list[Annotated[Any, _any("Action")]] | UnsetType = UNSET
    any_of: Annotated[list[list[Annotated[Any, _any("Action")]]], Meta(min_length=2)] | UnsetType = UNSET
    never: Annotated[list[ActionKind], Meta(min_length=1)] | UnsetType = UNSET


def read_model(form: Any, model: type[_Model], path: Path = ()) -> tuple[_Model | None, list[FormError]]:
    """Convert a form to one of the types above and find the mistakes in it.

    Args:
        form: what the YAML reader returned.
        model: the type.
        path: where `form` lies, for the errors.

    Returns:
        the converted form, or `None` and at least one error; each field that is wrong has one.
    """
    try:
        return msgspec.convert(form, model, strict=True), []
    except msgspec.ValidationError as error:
        # The converter stops at the first mistake; each field on its own gives the first mistake of every field.
        return None, _each_field(form, model, path) or [_translate(error, form, model, path)]


def _each_field(form: Any, model: Any, path: Path) -> list[FormError]:
    if not isinstance(form, dict):
        return [FormError(f"{describe(form)} where a mapping is needed", path=path)]
    fields = {field.encode_name: field for field in msgspec.structs.fields(model)}
    errors = []
    for key, value in form.items():
        if key not in fields:
            errors.append(
                FormError(f"unknown key {short(key)}", path=(*path, key), remedy=closest(key, fields))
            )
            continue
        try:
            msgspec.convert(value, fields[key].type, strict=True)
        except msgspec.ValidationError as error:
            errors.append(_translate(error, value, fields[key].type, (*path, key)))
    missing = [name for name, field in fields.items() if field.required and name not in form]
    if missing:
        errors.append(FormError(f"missing: {names(missing)}", path=path))
    return errors


_PLACE: Final = re.compile(r" - at `(?:key in )?\$(.*)`\Z")
_PART: Final = re.compile(r"\[([0-9]+)\]|\.([A-Za-z0-9_-]+)")
_REGEX: Final = re.compile(r"expected `str` matching regex '(.*)'\Z")


def _translate(error: msgspec.ValidationError, form: Any, kind: Any, path: Path) -> FormError:
    """Turn the converter's sentence into ours: its place becomes a path, its regex a description."""
    text = str(error)
    below: Path = ()
    place = _PLACE.search(text)
    if place is not None:
        text = text[: place.start()]
        below = tuple(int(index) if index else name for index, name in _PART.findall(place[1]))
    value = form
    for part in below:
        value = value[part]
    text = text[0].lower() + text[1:]
    remedy = ""
    pattern = _REGEX.match(text)
    if pattern is not None:
        text = f"{describe(value)} is not {_PATTERNS[pattern[1].replace(chr(92) * 2, chr(92))]}"
    elif text.startswith("invalid enum value"):
        text = f"unknown value {short(str(value))}"
        remedy = closest(value, sorted(_choices(msgspec.inspect.type_info(kind))))
    name = ".".join(map(str, (*path[-1:], *below)))
    return FormError(f"{name}: {text}", path=(*path, *below), remedy=remedy)


def _choices(info: Any) -> set[str]:
    """Collect what the enumerations inside of a type allow."""
    match info:
        case msgspec.inspect.EnumType():
            return {str(member.value) for member in info.cls}
        case msgspec.inspect.LiteralType():
            return {str(value) for value in info.values}
        case msgspec.inspect.ListType():
            return _choices(info.item_type)
        case msgspec.inspect.UnionType():
            return set().union(*map(_choices, info.types))
        case msgspec.inspect.StructType():
            return set().union(*(_choices(field.type) for field in info.fields))
        case msgspec.inspect.Metadata():
            return _choices(info.type)
        case _:
            return set()
