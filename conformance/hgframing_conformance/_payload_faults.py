"""The generator `payloads`: CBOR that is cut off at every octet, goes on too long, lies, or holds the wrong types.

A strict prefix of one CBOR value is never a CBOR value, so that each must be an error is arithmetic. What a receiver
does with the wrong type for a known key is not in the text; the least that it must not do is to act as if it were
right. The cases are `unspecified`, and demand an error and no action that the payload asks for; those in forms that the
subset of 0006 excludes are `should`. What else can be wrong with CBOR is in `_cbor_faults`, with compressed data in
`_encoding_faults`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from hgframing import REVISIONS, Feature, FrameType, Revision, encode_value
from hgframing_conformance._cbor_faults import cbor_faults
from hgframing_conformance._decisions import deviations_of, requirements_of


__all__ = ["GENERATOR", "generate_payload_faults"]

GENERATOR: Final = "payloads"

_COMMENT: Final = "The text does not say what a receiver does with a payload of the wrong form."
_CODES: Final[Mapping[str, Any]] = {"code": "bad-cbor", "also": ["bad-payload", "unsupported-encoding"]}
#: Values of every type that no known key takes everywhere; a key is tried with those that it does not take.
_TYPES: Final[Mapping[str, Any]] = {
    "integer": 1,
    "bytes": b"x",
    "array": [1],
    "map": {b"x": b"y"},
    "null": None,
    "true": True,
}


class _Shape(NamedTuple):
    """A frame that carries one CBOR map or array, and what its receiver does if the payload is right."""

    label: str
    layer: str
    type: FrameType
    flags: int
    value: Any
    #: Known keys of the map, and the labels of the types that each may have.
    keys: Mapping[bytes, frozenset[str]]
    never: str
    feature: Feature
    #: Keys that must be there.
    required: tuple[bytes, ...] = ()
    #: Values that are wrong further inside, by what is wrong.
    wrong: Mapping[str, Any] = MappingProxyType({})


#: What Mercurial does otherwise with payloads that the subset excludes.
_DEVIATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "request": ("D32",),
    "progress": ("D75", "D85"),
    "text": ("D75",),
    "error": ("D77",),
}
_BYTES: Final = frozenset({"bytes"})
_INTEGER: Final = frozenset({"integer"})
_SHAPES: Final = (
    _Shape(
        "request",
        "server",
        FrameType.COMMAND_REQUEST,
        1,
        {b"name": b"mycommand", b"args": {b"k": b"v"}},
        {b"name": _BYTES, b"args": frozenset({"map"})},
        "run-command",
        Feature.CBOR_REQUESTS,
        (b"name",),
        {"an-argument-name-that-is-a-number": {b"name": b"mycommand", b"args": {1: b"v"}}},
    ),
    _Shape(
        "settings",
        "server",
        FrameType.SENDER_SETTINGS,
        2,
        {b"contentencodings": [b"zlib"]},
        {b"contentencodings": frozenset()},
        "run-command",
        Feature.SENDER_SETTINGS,
        (),
        {"an-encoding-that-is-a-number": {b"contentencodings": [1]}},
    ),
    _Shape(
        "stream-settings",
        "server",
        FrameType.STREAM_SETTINGS,
        2,
        b"identity",
        {},
        "run-command",
        Feature.CONTENT_ENCODINGS,
    ),
    _Shape(
        "progress",
        "client",
        FrameType.PROGRESS,
        0,
        {b"topic": b"t", b"pos": 1, b"total": 9, b"label": b"l", b"item": b"i"},
        {b"topic": _BYTES, b"pos": _INTEGER, b"total": _INTEGER, b"label": _BYTES, b"item": _BYTES},
        "progress",
        Feature.PROGRESS,
        (b"topic", b"pos", b"total"),
    ),
    _Shape(
        "error",
        "client",
        FrameType.ERROR_RESPONSE,
        0,
        {b"type": b"server", b"message": [{b"msg": b"no"}]},
        {b"type": _BYTES, b"message": frozenset()},
        "error-response",
        Feature.CBOR_ERRORS,
        (b"type", b"message"),
        {
            "a-type-that-there-is-not": {b"type": b"nothing", b"message": [{b"msg": b"no"}]},
            "an-atom-that-is-no-map": {b"type": b"server", b"message": [b"no"]},
            "an-atom-without-msg": {b"type": b"server", b"message": [{b"args": [b"a"]}]},
            "a-msg-that-is-a-number": {b"type": b"server", b"message": [{b"msg": 1}]},
        },
    ),
    _Shape(
        "text",
        "client",
        FrameType.TEXT_OUTPUT,
        0,
        [{b"msg": b"%s", b"args": [b"a"], b"labels": [b"l"]}],
        {},
        "text-output",
        Feature.STATUS_MAP,
        (),
        {
            "an-atom-that-is-no-map": [b"no"],
            "an-atom-without-msg": [{b"args": [b"a"]}],
            "a-msg-that-is-a-number": [{b"msg": 1}],
            "args-that-are-no-array": [{b"msg": b"%s", b"args": b"a"}],
            "an-arg-that-is-a-number": [{b"msg": b"%s", b"args": [1]}],
            "labels-that-are-no-array": [{b"msg": b"m", b"labels": b"l"}],
            "a-label-that-is-a-number": [{b"msg": b"m", b"labels": [1]}],
        },
    ),
)


def generate_payload_faults() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield one suite for each revision and role with such payloads: its name, and its content as a suite file's."""
    for revision in REVISIONS.values():
        for layer in ("server", "client"):
            shapes = [one for one in _SHAPES if one.layer == layer and one.feature in revision.features]
            name = f"{layer}/generated-{GENERATOR}-{revision.key}"
            if shapes:
                yield (
                    name,
                    {
                        "format": 1,
                        "suite": name,
                        "title": f"CBOR payloads of the wrong form in {revision.key}",
                        "layer": layer,
                        "revisions": [revision.key],
                        "cases": [case for shape in shapes for case in _cases(revision, shape)],
                    },
                )


def _cases(revision: Revision, shape: _Shape) -> Iterator[dict[str, Any]]:
    whole = encode_value(shape.value, revision.cbor)
    for size in range(len(whole)):
        yield _case(revision, shape, f"cut-{size}", f"cut off after {size} octets", whole[:size])
    yield _case(revision, shape, "trailing", "with an octet behind its end", whole + b"\x00")
    for label, value in _TYPES.items():
        if type(value) is not type(shape.value):
            payload = encode_value(value, revision.cbor)
            yield _case(revision, shape, f"is-{label}", f"that is of type {label}", payload)
    for key, allowed in shape.keys.items():
        for label, value in _TYPES.items():
            if label in allowed or type(value) is type(shape.value[key]):
                continue
            payload = encode_value(shape.value | {key: value}, revision.cbor)
            name = key.decode()
            yield _case(revision, shape, f"{name}-{label}", f"whose {name} is of type {label}", payload)
    for label, value in shape.wrong.items():
        yield _case(
            revision, shape, label, f"with {label.replace('-', ' ')}", encode_value(value, revision.cbor)
        )
    for fault in cbor_faults(shape.value, shape.required, revision.cbor):
        yield _case(revision, shape, fault.label, fault.what, fault.payload, fault.violated)


def _case(
    revision: Revision, shape: _Shape, label: str, what: str, payload: bytes, violated: str = ""
) -> dict[str, Any]:
    is_server = shape.layer == "server"
    requirements = requirements_of(revision, [violated])
    deviations = deviations_of(revision, _DEVIATIONS.get(shape.label, ()))
    type_id = revision.type_ids[shape.type]
    fields = [1]
    if revision.header.has_stream:
        fields += [1 if is_server else 2, 1]
    frame = " ".join(map(str, [*fields, type_id, shape.flags]))
    asked = [
        {"call": {"command": "mycommand"}, "never": ["error"]},
        {"flush": None, "never": ["error"]},
    ]
    return {
        "id": f"{shape.layer}-payload-{revision.key}-{shape.label}-{label}",
        "title": f"{shape.label} {what} is an error",
        "level": "should" if requirements else "unspecified",
        **({"requirements": requirements, "violates": requirements} if requirements else {}),
        **({"deviations": deviations} if requirements and deviations else {}),
        "source": f"generated:{GENERATOR}",
        "comment": _COMMENT,
        "tier": "full",
        "chunkings": ["frame"],
        "steps": [
            *([] if is_server else asked),
            {
                "receive": [f"{frame} hex:{payload.hex()}"],
                "expect": [{"error": dict(_CODES)}],
                "never": [shape.never],
            },
        ],
    }
