"""The verbs of steps: which layer has them, what their value is, and what of it a harness is sent.

The table is docs/vector-format.md, "Step". A value is checked here and turned into the canonical form of the harness
protocol at once, so that the runner sends what it finds and knows nothing of fields. Fields that have a default are
always sent, so that a harness never needs to know it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from hgframing import REVISIONS, Revision
from hgframing_conformance._cases import Layer, Verb
from hgframing_conformance._fields import (
    ARGUMENTS,
    BOOLEAN,
    BYTES,
    BYTES_OR_NULL,
    COUNT,
    FAIL_KIND,
    OBJECTS,
    REDIRECT,
    REQUEST,
    VALUE,
    WISHED_ATOMS,
    Field,
    parse_fields,
)
from hgframing_conformance._forms import FormError, Path, describe, parse_hex, parse_list
from hgframing_conformance._frame_forms import (
    encode_frame,
    frame_fields,
    notation_of,
    parse_encode,
    parse_frame,
)
from hgframing_conformance._values import MapValue


__all__ = ["FIELDS", "LATER_VERBS", "LAYERS", "NULL_VERBS", "parse_octets", "parse_step_value"]

_REACTORS: Final = frozenset({Layer.CODEC, Layer.SERVER, Layer.CLIENT})
_SERVER: Final = frozenset({Layer.SERVER})
_CLIENT: Final = frozenset({Layer.CLIENT})

#: Where each verb occurs.
LAYERS: Final[Mapping[Verb, frozenset[Layer]]] = MappingProxyType(
    {
        Verb.RECEIVE: _REACTORS,
        Verb.END_INPUT: _REACTORS,
        Verb.ENCODE: frozenset({Layer.CODEC}),
        Verb.RESPOND: _SERVER,
        Verb.START_RESPONSE: _SERVER,
        Verb.SEND_RESPONSE: _SERVER,
        Verb.FINISH_RESPONSE: _SERVER,
        Verb.FAIL: _SERVER,
        Verb.TEXT_OUTPUT: _SERVER,
        Verb.PROGRESS: _SERVER,
        Verb.SENT: _SERVER,
        Verb.CALL: _CLIENT,
        Verb.FLUSH: _CLIENT,
        Verb.ABANDON: _CLIENT,
        Verb.REQUEST_STATE: _CLIENT,
        Verb.REQUEST: frozenset({Layer.HTTP}),
    }
)

#: Verbs that say all there is to say.
NULL_VERBS: Final = frozenset({Verb.END_INPUT, Verb.FLUSH})

_REQUEST: Final = Field(name="request", type=REQUEST)
_STREAM: Final = Field(name="stream", type=COUNT, optional=True)
#: How the last frame of an answer leaves.
_LEAVING: Final = (
    Field(name="last", type=BOOLEAN, default=False),
    Field(name="unsent", type=BOOLEAN, default=False),
)
_OBJECTS: Final = Field(name="objects", type=OBJECTS, optional=True)
_DATA: Final = Field(name="data", type=VALUE, optional=True)
#: What an answer or a piece of one consists of: exactly one of them.
_CHOICES: Final[Mapping[Verb, tuple[str, ...]]] = MappingProxyType(
    {Verb.RESPOND: ("objects", "data", "redirect"), Verb.SEND_RESPONSE: ("objects", "data", "chunks")}
)
#: Verbs that came after the first release: a harness that lists no `steps` is not asked for them.
LATER_VERBS: Final = frozenset({Verb.START_RESPONSE, Verb.SEND_RESPONSE, Verb.FINISH_RESPONSE, Verb.ABANDON})

#: The fields of each verb whose value is a mapping of fields. What a server's user wishes may have any value, so that
#: the refusal of what cannot be sent can be tested.
FIELDS: Final[Mapping[Verb, tuple[Field, ...]]] = MappingProxyType(
    {
        Verb.RESPOND: (
            _REQUEST,
            _OBJECTS,
            _DATA,
            Field(name="redirect", type=REDIRECT, optional=True),
            _STREAM,
            *_LEAVING,
        ),
        Verb.START_RESPONSE: (_REQUEST, _STREAM),
        Verb.SEND_RESPONSE: (
            _REQUEST,
            _OBJECTS,
            _DATA,
            Field(name="chunks", type=OBJECTS, optional=True),
        ),
        Verb.FINISH_RESPONSE: (_REQUEST, *_LEAVING),
        Verb.FAIL: (
            _REQUEST,
            Field(name="kind", type=FAIL_KIND),
            Field(name="message", type=VALUE),
            Field(name="args", type=OBJECTS, default=()),
            Field(name="after", type=OBJECTS, default=()),
            _STREAM,
            *_LEAVING,
        ),
        Verb.TEXT_OUTPUT: (_REQUEST, Field(name="atoms", type=WISHED_ATOMS)),
        Verb.PROGRESS: (
            _REQUEST,
            Field(name="topic", type=VALUE),
            Field(name="pos", type=VALUE),
            Field(name="total", type=VALUE),
            Field(name="label", type=VALUE, default=None),
            Field(name="item", type=VALUE, default=None),
        ),
        Verb.SENT: (_REQUEST,),
        Verb.CALL: (
            Field(name="command", type=BYTES),
            Field(name="args", type=ARGUMENTS, default=MapValue(())),
            Field(name="data", type=BYTES_OR_NULL, default=None),
            Field(name="redirect", type=VALUE, default=None),
        ),
        Verb.ABANDON: (_REQUEST,),
        Verb.REQUEST_STATE: (_REQUEST,),
    }
)


def parse_step_value(verb: Verb, form: Any, revision: str, path: Path = ()) -> Any:
    """Read the value of a step that is no `receive` and no `request`.

    Args:
        verb: what happens; not `receive`, whose octets `parse_octets` reads, and not `request` (`_http_forms`).
        form: the value as it stands in the suite.
        revision: a key of `hgframing.REVISIONS`.
        path: where `form` lies, for the error.

    Returns:
        the value in the canonical form of the harness protocol.

    Raises:
        FormError: unknown or missing field, wrong type, or fields that exclude each other.
    """
    if verb in NULL_VERBS:
        if form is not None:
            raise FormError(
                f"{describe(form)} where null is needed", path=path, remedy=f"write `{verb}:` alone"
            )
        return None
    spec = REVISIONS[revision]
    if verb is Verb.ENCODE:
        return _encode(form, spec, path)
    fields = FIELDS[verb]
    if not spec.header.has_request and isinstance(form, dict) and _REQUEST in fields:
        form = _without_request(form, path)
    values = parse_fields(form, fields, path)
    if verb in _CHOICES:
        _check_choice(verb, values, path)
    return {field.name: field.type.write(values[field.name]) for field in fields if field.name in values}


def _encode(form: Any, revision: Revision, path: Path) -> dict[str, Any]:
    numbers = parse_encode(form, revision, path)
    return {field.name: field.type.write(numbers[field.name]) for field in frame_fields(revision)}


def _without_request(form: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Fill in the request ID where the header has none; docs/vector-format.md, "Step"."""
    if form.get("request") not in (0, None):
        raise FormError(
            "this revision has no request IDs", path=(*path, "request"), remedy="leave request out"
        )
    return {**form, "request": 0}


def _check_choice(verb: Verb, values: Mapping[str, Any], path: Path) -> None:
    choices = _CHOICES[verb]
    given = [name for name in choices if name in values]
    if len(given) != 1:
        found = " and ".join(given) or "none of them"
        raise FormError(f"{verb} needs exactly one of {', '.join(choices)}, this has {found}", path=path)


def parse_octets(
    frames: Any, octets: Any, revision: str, path: Path = ()
) -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    """Read what arrives: `receive`, `receive-hex`, or both.

    Args:
        frames: the value of `receive`, or `None` where the step has none.
        octets: the value of `receive-hex`, or `None`.
        revision: a key of `hgframing.REVISIONS`; frames are written with its header.
        path: where the step lies, for the error.

    Returns:
        the octets of each frame or hex string in order, and the frames in notation for people.

    Raises:
        FormError: a frame or a hex string cannot be read, or the two do not say the same octets.
    """
    spec = REVISIONS[revision]
    written: tuple[bytes, ...] = ()
    notation: tuple[str, ...] = ()
    if frames is not None:
        place = (*path, "receive")
        forms = list(enumerate(parse_list(frames, place)))
        written = tuple(
            encode_frame(parse_frame(form, spec, (*place, index)), spec, (*place, index))
            for index, form in forms
        )
        notation = tuple(notation_of(form) for _, form in forms)
    if octets is None:
        return written, notation
    place = (*path, "receive-hex")
    raw = tuple(parse_hex(item, (*place, index)) for index, item in enumerate(parse_list(octets, place)))
    if frames is not None:
        _check_agreement(written, raw, place)
    return raw, notation


def _check_agreement(written: tuple[bytes, ...], raw: tuple[bytes, ...], path: Path) -> None:
    if len(written) != len(raw):
        raise FormError(f"receive has {len(written)} frames, receive-hex has {len(raw)}", path=path)
    for index, (frame, octets) in enumerate(zip(written, raw, strict=True)):
        if frame != octets:
            raise FormError(
                f"receive-hex says other octets than the frame beside it, which is {frame.hex()}",
                path=(*path, index),
            )
