"""What two implementations did, reduced to what they must have in common.

The rules are the suite's own (docs/vector-format.md, "Actions"): `want-frame`, `noop` and an empty `send-frames` say
nothing; adjacent errors are one, so are adjacent pieces of one response; sent frames are decoded, joined and sorted by
request before they are compared; an error frame beside or after an `error` tells the peer and is not compared; the code
of the first error counts where it is declared, its message does not.

Values of different implementations come in different types (a bytearray, a list, a mapping of the harness protocol).
Here they become one, in which true is not 1 and text is not octets.
"""

from __future__ import annotations

import reprlib

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from hgframing import Atom, Frame, FrameType, Revision
from hgframing_conformance._sent import OutputStreams, difference, parts
from hgframing_conformance._values import MapValue, SetValue, TagValue, Text
from hgframing_fuzz._outcome import Kind, Observed
from hgframing_fuzz._record import Told


__all__ = ["Comparison", "freeze", "show_value", "tell"]

_QUIET: Final = frozenset({Kind.WANT_FRAME, Kind.NOOP})
_LOUDEST: Final = (Kind.ERROR, Kind.RAISED, Kind.REFUSED)
_ATOM_FIELDS: Final = ("msg", "args", "labels")
#: Containers around a value that are looked into: more than the reference lets through, less than a stack holds.
_MAX_DEPTH: Final = 100


def freeze(value: Any, depth: int = 0) -> Any:
    """Make a value comparable, whoever decoded it.

    Args:
        value: anything; a type that no rule knows stands for its `repr`.
        depth: containers around it; what lies deeper than 100 is all the same.

    Returns:
        A hashable value that is equal for values which mean the same.
    """
    if depth > _MAX_DEPTH:
        return "deeper"
    match value:
        case bytes() | bytearray() | memoryview():
            return bytes(value)
        case Text() | str():
            return "text", value.text if isinstance(value, Text) else value
        case MapValue() | Mapping():
            return _frozen_map(value.pairs if isinstance(value, MapValue) else value.items(), depth)
        case SetValue() | set() | frozenset():
            items = value.items if isinstance(value, SetValue) else value
            return "set", frozenset(freeze(item, depth + 1) for item in items)
        case TagValue():
            return "tag", value.tag, freeze(value.value, depth + 1)
        case list() | tuple():
            return "array", tuple(freeze(item, depth + 1) for item in value)
        case _:
            # Numbers too: 1, 1.0 and true are equal in Python, and not here.
            return type(value).__name__, repr(value)


def _frozen_map(pairs: Iterable[tuple[Any, Any]], depth: int) -> Any:
    return "map", frozenset((freeze(key, depth + 1), freeze(item, depth + 1)) for key, item in pairs)


def _frozen_atoms(atoms: Any) -> Any:
    """Atoms of the reference, and atoms as somebody decoded them, are the same atoms; `args` and `labels` may lack."""
    if not isinstance(atoms, list | tuple):
        return freeze(atoms)
    return tuple(_frozen_atom(atom) for atom in atoms)


def _frozen_atom(atom: Any) -> Any:
    if isinstance(atom, Atom):
        return atom.msg, freeze(atom.args), freeze(atom.labels)
    pairs = atom.pairs if isinstance(atom, MapValue) else atom.items() if isinstance(atom, Mapping) else None
    if pairs is None:
        return freeze(atom)
    fields = {_name(key): freeze(item) for key, item in pairs}
    # What else an atom holds means nothing to the protocol.
    return fields.get("msg"), *(fields.get(name, freeze(())) for name in _ATOM_FIELDS[1:])


def _name(key: Any) -> str:
    """A name, octets or text; whatever else stands in its place is the name of nothing."""
    if isinstance(key, bytes | str):
        return key.decode("latin-1") if isinstance(key, bytes) else key
    return f"({type(key).__name__})"


def _fields(value: Any) -> dict[str, Any]:
    """The fields of an action of the reference, or of the harness protocol."""
    if isinstance(value, msgspec.Struct):
        return {name: getattr(value, name) for name in value.__struct_fields__}
    return dict(value)


def tell(observed: Iterable[Observed]) -> Told:
    """Say in a word what actions amount to; an error or an exception says more than what comes with it."""
    loud = [one for one in observed if one.kind not in _QUIET]
    for wanted in (*_LOUDEST, *(one.kind for one in loud)):
        for one in loud:
            if one.kind is wanted:
                return _told(one)
    return Told()


def _told(one: Observed) -> Told:
    kind, value = one.kind.value, one.value
    match one.kind:
        case Kind.ERROR:
            return Told(kind, code=_word(value, 0), message=_word(value, 1))
        case Kind.RAISED:
            return Told(kind, type=_word(value, 0), message=_word(value, 1))
        case _:
            return Told(kind)


def _word(value: Any, index: int) -> str:
    """A part of a value that is a pair of strings, if it is."""
    part = value[index] if isinstance(value, tuple) and len(value) > index else ""
    return part.decode("latin-1") if isinstance(part, bytes) else str(part)


def _pair(value: Any) -> tuple[Any, Any]:
    """A value that `Observed` says is a pair."""
    first, second = value
    return first, second


def _join(plain: list[tuple[Any, ...]], one: tuple[Any, ...]) -> None:
    """Add an action in its comparable form; what adjacent ones say together is one."""
    last = plain[-1] if plain else None
    if last is not None and last[0] is one[0]:
        if one[0] in (Kind.ERROR, Kind.RAISED):
            return
        if one[0] is Kind.RESPONSE_DATA and last[1] == one[1] and last[3] is False:
            plain[-1] = (one[0], one[1], last[2] + one[2], one[3])
            return
    plain.append(one)


class Comparison:
    """Compares what two sides do, one step after the other.

    Args:
        revision: of the conversation.
        codes: whether the code of an error counts.
    """

    def __init__(self, revision: Revision, *, codes: bool) -> None:
        self._revision = revision
        self._codes = codes
        self._streams = OutputStreams(revision), OutputStreams(revision)
        self._reports = revision.type_ids.get(FrameType.ERROR_RESPONSE)
        self._errored = False

    def differ(self, ours: Sequence[Observed], theirs: Sequence[Observed]) -> dict[int | None, str]:
        """Say where a step differs.

        Call it for every step in order: content encodings have a state.

        Returns:
            For each request whose frames differ, what differs; under None what differs in the other actions.
        """
        found: dict[int | None, str] = {}
        left, right = self._plain(ours), self._plain(theirs)
        # From here on errors have no code that matters; what tells the peer may leave later than the error is seen.
        self._errored |= any(one.kind is Kind.ERROR for one in ours)
        if left != right:
            found[None] = f"{_show(left)} against {_show(right)}"
        sent = [
            parts(streams.decode(self._frames(side)), self._revision)
            for streams, side in zip(self._streams, (ours, theirs), strict=True)
        ]
        for request in sent[0].keys() | sent[1].keys():
            one, other = ({request: side[request]} if request in side else {} for side in sent)
            detail = difference(one, other, self._revision)
            if detail:
                found[request] = detail
        return found

    def _plain(self, observed: Iterable[Observed]) -> list[tuple[Any, ...]]:
        plain: list[tuple[Any, ...]] = []
        for one in observed:
            if one.kind not in _QUIET and one.kind is not Kind.SEND_FRAMES:
                _join(plain, self._comparable(one))
        return plain

    def _comparable(self, one: Observed) -> tuple[Any, ...]:
        kind, request, value = one.kind, one.request, one.value
        match kind:
            case Kind.ERROR:
                return kind, _word(value, 0) if self._codes and not self._errored else ""
            case Kind.RAISED:
                return kind, _word(value, 0)
            case Kind.REFUSED:
                return (kind,)
            case Kind.RESPONSE_DATA:
                data, eos = _pair(value)
                return kind, request, bytes(data), eos
            case Kind.ERROR_RESPONSE:
                name, atoms = _pair(value)
                return kind, request, _name(name), _frozen_atoms(atoms)
            case Kind.TEXT_OUTPUT:
                return kind, request, _frozen_atoms(_fields(value)["atoms"])
            case Kind.PROGRESS:
                fields = _fields(value)
                wanted = ("topic", "pos", "total", "label", "item")
                return kind, request, *(freeze(fields.get(name)) for name in wanted)
            case _:
                return kind, request, freeze(value)

    def _frames(self, observed: Sequence[Observed]) -> Iterable[Frame]:
        for one in observed:
            if one.kind is Kind.SEND_FRAMES:
                sent: Any = one.value
                yield from (frame for frame in sent if not (self._errored and frame.type_id == self._reports))


def _show(plain: Sequence[tuple[Any, ...]]) -> str:
    if not plain:
        return "nothing"
    return ", ".join(" ".join([one[0].value, *(_short(part) for part in one[1:])]).strip() for one in plain)


class _Short(reprlib.Repr):
    """Shows values that a peer may have made as large as memory holds."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 5

    def repr_bytes(self, octets: bytes, _level: int) -> str:
        return repr(octets) if len(octets) <= 100 else f"{octets[:100]!r}… ({len(octets)} octets)"


_SHORT: Final = _Short()
#: Characters of a value that are shown.
_SHOWN: Final = 500


def show_value(value: Any) -> str:
    """Write a value for people, in a few hundred characters, however large it is."""
    text = _SHORT.repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _short(part: Any) -> str:
    return "" if part is None or part == "" else show_value(part)
