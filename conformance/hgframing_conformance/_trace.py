"""An item's whole story as strings: what was sent, expected and observed, step by step.

This is where actions end and text begins: reports are made from these strings alone. A harness may answer anything,
so a step keeps a bounded number of actions and frames, each of bounded length, with control characters shown as
escapes.
"""

from __future__ import annotations

import functools

from collections.abc import Iterable, Sequence
from typing import Final

from hgframing import REVISIONS, Frame, Revision
from hgframing_conformance._actions import display_action
from hgframing_conformance._cases import Action, ActionKind, Case, Step, Verb
from hgframing_conformance._events import Sentence, ShownAction, ShownStep
from hgframing_conformance._http_forms import display_request
from hgframing_conformance._outcomes import Outcome
from hgframing_conformance._quoting import quote
from hgframing_conformance._requirements import Catalogue, load_requirements
from hgframing_conformance._transcript import response_frames, show_frame


__all__ = ["sentences", "shown_action", "trace"]

#: Actions of a step and frames of an action that are kept. Cases with more repeat themselves.
_KEPT: Final = 40
#: Characters of one action or frame.
_TEXT: Final = 320


def trace(outcome: Outcome) -> list[ShownStep]:
    """Tell an item step by step.

    Args:
        outcome: what became of it; an item that was not answered has no observed actions.
    """
    case = outcome.item.case
    observed: Sequence[Sequence[Action] | None] = outcome.observed or [None] * len(case.steps)
    revision = REVISIONS[case.revision]
    return [_step(step, actions, revision) for step, actions in zip(case.steps, observed, strict=True)]


def sentences(case: Case) -> list[Sentence]:
    """Return the requirements of a case in words, as far as the catalogue that ships has them."""
    catalogue = _catalogue()
    if catalogue is None:
        return []
    entries = (catalogue.find(requirement, case.revision) for requirement in case.requirements)
    return [
        Sentence(id=entry.id, text=entry.text, source=entry.source) for entry in entries if entry is not None
    ]


@functools.cache
def _catalogue() -> Catalogue | None:
    return load_requirements()


def _step(step: Step, observed: Sequence[Action] | None, revision: Revision) -> ShownStep:
    alternatives = step.expectation.alternatives
    return ShownStep(
        verb=step.verb,
        text=_text(step),
        frames=_few([quote(line, limit=_TEXT) for line in step.notation or _hex(step)]),
        expected=None
        if alternatives is None
        else [shown_actions(actions, revision) for actions in alternatives],
        never=sorted(kind.value for kind in step.expectation.never),
        observed=None if observed is None else shown_actions(observed, revision),
    )


def _text(step: Step) -> str:
    match step.verb:
        case Verb.RECEIVE:
            return ""
        case Verb.REQUEST:
            return quote(f"request {', '.join(display_request(step.value))}", limit=_TEXT)
        case _:
            value = "" if step.value is None else f" {quote(str(step.value), limit=_TEXT)}"
            return f"{step.verb.value}{value}"


def _hex(step: Step) -> list[str]:
    if step.verb is Verb.REQUEST:
        return [f"hex:{step.value['body']['hex']}"] if step.value["body"]["hex"] else []
    return [f"hex:{octets.hex()}" for octets in step.octets]


def shown_actions(actions: Sequence[Action], revision: Revision) -> list[ShownAction]:
    """Show actions, the first of them where there are many."""
    shown = [shown_action(action, revision) for action in actions[:_KEPT]]
    if len(actions) > _KEPT:
        shown.append(ShownAction(kind="more", text=f"... and {len(actions) - _KEPT} more actions"))
    return shown


def shown_action(action: Action, revision: Revision) -> ShownAction:
    """Show one action."""
    sent: Sequence[Frame] = ()
    if action.kind is ActionKind.SEND_FRAMES:
        sent = action.fields["frames"]
    elif action.kind is ActionKind.RESPONSE:
        sent = response_frames(action, revision)
    frames = _few([quote(show_frame(frame, revision), limit=_TEXT) for frame in sent[:_KEPT]], len(sent))
    return ShownAction(kind=action.kind.value, text=quote(display_action(action), limit=_TEXT), frames=frames)


def _few(lines: Iterable[str], total: int | None = None) -> list[str]:
    kept = list(lines)
    count = len(kept) if total is None else total
    return kept if count <= _KEPT else [*kept[:_KEPT], f"... and {count - _KEPT} more"]
