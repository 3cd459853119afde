"""A failing item as a sequence diagram: shapes with coordinates, computed from the strings of a run's events.

Two lifelines: who is peer and who is under test follows from the layer. Frames that travel are arrows between them,
what an implementation does by itself is a note at its lifeline. A step that went as demanded is drawn once; in one
that did not, what was expected is drawn first (dashed) and what was observed below it.

Nothing here knows SVG or HTML. The template writes the shapes, and escapes every string.
"""

from __future__ import annotations

import dataclasses
import enum
import textwrap

from collections.abc import Sequence
from typing import Final

from hgframing_conformance._cases import ActionKind, Layer, Verb
from hgframing_conformance._events import ItemEvent, ShownAction, ShownStep


__all__ = ["Arrow", "Band", "Diagram", "Look", "Note", "Text", "sequence"]

#: The width of a diagram in pixels, and where its two lifelines stand.
WIDTH: Final = 760
_LEFT, _RIGHT = 90, WIDTH - 90
#: Pixels of a line of text, and of one character of it, in the font that the page sets.
_LINE: Final = 15
_CHARACTER: Final = 6.7
#: Lines of one label; the text below the diagram has the whole.
_MOST_LINES: Final = 6
#: Steps drawn; a case with more shows the failing one and those before it.
_STEPS: Final = 24
_SILENT: Final = frozenset({ActionKind.WANT_FRAME.value, ActionKind.NOOP.value})


class Look(enum.StrEnum):
    """Why something is drawn; names a class of the style sheet."""

    GIVEN = "given"
    DONE = "done"
    EXPECTED = "expected"
    OBSERVED = "observed"
    MUTED = "muted"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A line of text; `anchor` is what SVG calls `text-anchor`."""

    x: float
    y: float
    text: str
    look: Look
    anchor: str = "middle"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """A frame that travels from `x1` to `x2`."""

    x1: float
    x2: float
    y: float
    look: Look


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A box behind lines of text."""

    x: float
    y: float
    width: float
    height: float
    look: Look


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The heading of a step, over the whole width."""

    y: float
    text: str
    failing: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Diagram:
    """A whole diagram; shapes in the order in which they are painted."""

    height: float
    left: str
    right: str
    bands: tuple[Band, ...]
    arrows: tuple[Arrow, ...]
    notes: tuple[Note, ...]
    texts: tuple[Text, ...]
    width: int = WIDTH
    left_x: int = _LEFT
    right_x: int = _RIGHT


def sequence(item: ItemEvent) -> Diagram:
    """Draw an item.

    Args:
        item: an item that failed; it has its steps.
    """
    return _Drawing(item).draw()


class _Drawing:
    """Writes from top to bottom."""

    def __init__(self, item: ItemEvent) -> None:
        self._item = item
        self._y = 44.0
        self._bands: list[Band] = []
        self._arrows: list[Arrow] = []
        self._notes: list[Note] = []
        self._texts: list[Text] = []
        match item.layer:
            case Layer.CLIENT:
                self._names, self._home, self._away = ("client (under test)", "server"), _LEFT, _RIGHT
            case Layer.CODEC:
                self._names, self._home, self._away = ("octets", "codec (under test)"), _RIGHT, _LEFT
            case _:
                self._names, self._home, self._away = ("client", "server (under test)"), _RIGHT, _LEFT

    def draw(self) -> Diagram:
        wrong = {failure.step for failure in self._item.failures}
        dead = self._item.step if not self._item.failures else None
        for number, step in enumerate(self._item.steps):
            if number == _STEPS:
                self._label(f"... and {len(self._item.steps) - _STEPS} more steps", Look.MUTED)
                break
            failing = number in wrong or number == dead
            self._heading(f"step {number + 1}: {step.verb.value}", failing=failing)
            self._given(step)
            self._followed(step, failing=number in wrong)
            if number == dead or (step.observed is None and number == len(self._item.steps) - 1):
                self._note([f"{self._item.outcome.value}: {self._item.reason}"], Look.OBSERVED, "observed")
            if number == dead:
                break
        return Diagram(
            height=self._y + 8,
            left=self._names[0],
            right=self._names[1],
            bands=tuple(self._bands),
            arrows=tuple(self._arrows),
            notes=tuple(self._notes),
            texts=tuple(self._texts),
        )

    def _heading(self, text: str, *, failing: bool) -> None:
        self._bands.append(Band(y=self._y, text=text, failing=failing))
        self._y += 32

    def _given(self, step: ShownStep) -> None:
        if step.verb is Verb.END_INPUT:
            self._travel(["end of input"], self._away, self._home, Look.GIVEN)
        elif step.verb is Verb.RECEIVE:
            for frame in step.frames:
                self._travel([frame], self._away, self._home, Look.GIVEN)
            if not step.frames:
                self._label("nothing arrives", Look.MUTED)
        elif step.verb is Verb.REQUEST:
            self._travel([step.text.removeprefix("request ")], self._away, self._home, Look.GIVEN)
            for frame in step.frames:
                self._travel([frame], self._away, self._home, Look.GIVEN)
        else:
            self._note([step.text], Look.GIVEN, "")

    def _followed(self, step: ShownStep, *, failing: bool) -> None:
        if not failing:
            if step.observed is not None:
                self._actions(step.observed, Look.DONE, "")
            return
        if step.expected is None:
            never = f", but never {', '.join(step.never)}" if step.never else ""
            self._note([f"anything{never}"], Look.EXPECTED, "expected")
        else:
            others = len(step.expected) - 1
            self._actions(step.expected[0], Look.EXPECTED, "expected")
            if others:
                self._label(f"or one of {others} other answers, below", Look.MUTED)
        self._actions(step.observed or [], Look.OBSERVED, "observed")

    def _actions(self, actions: Sequence[ShownAction], look: Look, tag: str) -> None:
        told = [action for action in actions if action.kind not in _SILENT]
        if not told and tag:
            self._note(["nothing"], look, tag)
        for action in told:
            if action.kind == ActionKind.SEND_FRAMES:
                for frame in action.frames:
                    self._travel([frame], self._home, self._away, look, tag)
            elif action.kind == ActionKind.RESPONSE:
                self._travel([action.text], self._home, self._away, look, tag)
                for frame in action.frames:
                    self._travel([frame], self._home, self._away, look, tag)
            elif action.kind == ActionKind.OCTETS:
                self._travel([action.text], self._home, self._away, look, tag)
            else:
                self._note([action.text], look, tag)

    def _travel(self, lines: Sequence[str], start: int, end: int, look: Look, tag: str = "") -> None:
        inset = 5 if start < end else -5
        middle = (_LEFT + _RIGHT) / 2
        for line in _wrapped(lines, _RIGHT - _LEFT - 20):
            self._texts.append(Text(x=middle, y=self._y, text=line, look=look))
            self._y += _LINE
        self._tag(tag, look, self._y - 6)
        self._arrows.append(Arrow(x1=start, x2=end - inset, y=self._y - 6, look=look))
        self._y += _LINE

    def _note(self, lines: Sequence[str], look: Look, tag: str) -> None:
        space = _RIGHT - _LEFT - 40
        wrapped = _wrapped(lines, space - 12)
        width = min(space, max(len(line) for line in wrapped) * _CHARACTER + 16)
        # A note hangs over its lifeline a little, so that one sees whose it is.
        left = self._home - width + 24 if self._home == _RIGHT else self._home - 24
        top = self._y - 12
        self._notes.append(
            Note(x=left, y=top, width=width, height=len(wrapped) * _LINE + 8, look=look),
        )
        self._tag(tag, look, self._y + 2)
        for line in wrapped:
            self._texts.append(Text(x=left + 8, y=self._y + 2, text=line, look=look, anchor="start"))
            self._y += _LINE
        self._y += _LINE

    def _label(self, text: str, look: Look) -> None:
        self._texts.append(Text(x=(_LEFT + _RIGHT) / 2, y=self._y, text=text, look=look))
        self._y += _LINE + 5

    def _tag(self, tag: str, look: Look, y: float) -> None:
        if not tag:
            return
        if self._home == _RIGHT:
            self._texts.append(Text(x=_LEFT - 8, y=y, text=tag, look=look, anchor="end"))
        else:
            self._texts.append(Text(x=_RIGHT + 8, y=y, text=tag, look=look, anchor="start"))


def _wrapped(lines: Sequence[str], width: float) -> list[str]:
    """Cut texts into lines that fit; long ones lose their end."""
    wrapped = []
    for line in lines:
        wrapped += textwrap.wrap(line, max(int(width / _CHARACTER), 8), subsequent_indent="  ") or [""]
    if len(wrapped) > _MOST_LINES:
        wrapped = [*wrapped[: _MOST_LINES - 1], f"{wrapped[_MOST_LINES - 1]} ..."]
    return wrapped
