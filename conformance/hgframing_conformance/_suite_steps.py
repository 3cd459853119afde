"""Steps of a suite file, read for one revision; every mistake in every step is kept.

What a step does and what it expects are read independently, and so is each expected action: an author who misspells
two of them learns of both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from msgspec import UNSET

from hgframing_conformance import _actions, _http_forms, _steps, _suite_model
from hgframing_conformance._cases import Action, ActionKind, Expectation, Layer, Step, Verb
from hgframing_conformance._forms import FormError, Path


__all__ = ["StepReader"]

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

#: The field of a step's model that each verb has.
_ATTRIBUTES: Final = tuple((verb, verb.replace("-", "_")) for verb in Verb)


class StepReader:
    """Reads the steps of one case for one revision.

    Args:
        layer: the suite's.
        revision: a key of `hgframing.REVISIONS`.

    Attributes:
        errors: what was wrong with the steps that were read.
    """

    def __init__(self, layer: Layer, revision: str) -> None:
        self.errors: list[FormError] = []
        self._layer = layer
        self._revision = revision

    def read(self, model: _suite_model.Step, path: Path, line: int) -> Step | None:
        """Read a step.

        Args:
            model: the step, converted.
            path: where it lies in its document.
            line: its line there.

        Returns:
            The step; `None` where something is wrong with it, which is then among `errors`.
        """
        before = len(self.errors)
        done = self._try(self._does, model, path)
        expectation = self._try(self._expects, model, path)
        if done is None or expectation is None or len(self.errors) > before:
            return None
        verb, octets, notation, value = done
        return Step(
            verb=verb, octets=octets, value=value, expectation=expectation, notation=notation, line=line
        )

    def _try(
        self, work: Callable[_Arguments, _Result], *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> _Result | None:
        try:
            return work(*args, **kwargs)
        except FormError as error:
            self.errors.append(error)
            return None

    def _does(
        self, model: _suite_model.Step, path: Path
    ) -> tuple[Verb, tuple[bytes, ...], tuple[str, ...], object]:
        """Read verb, octets, notation and value."""
        verb = _verb(model, path)
        if self._layer not in _steps.LAYERS[verb]:
            raise FormError(
                f"the verb {verb} does not occur in the layer {self._layer}",
                path=path,
                remedy=f"only in {', '.join(sorted(_steps.LAYERS[verb]))}",
            )
        if verb is Verb.RECEIVE:
            frames = None if model.receive is UNSET else model.receive
            raw = None if model.receive_hex is UNSET else model.receive_hex
            return verb, *_steps.parse_octets(frames, raw, self._revision, path), None
        if verb is Verb.REQUEST:
            value, notation = _http_forms.parse_request(model.request, self._revision, (*path, verb.value))
            return verb, (), notation, value
        form = getattr(model, verb.replace("-", "_"))
        return verb, (), (), _steps.parse_step_value(verb, form, self._revision, (*path, verb.value))

    def _expects(self, model: _suite_model.Step, path: Path) -> Expectation:
        lists: list[tuple[Path, list[object]]] = []
        if model.expect is not UNSET:
            lists.append(((*path, "expect"), model.expect))
        if model.any_of is not UNSET:
            if lists:
                raise FormError("expect and any-of exclude each other", path=(*path, "any-of"))
            lists = [((*path, "any-of", index), actions) for index, actions in enumerate(model.any_of)]
        never = frozenset() if model.never is UNSET else frozenset(model.never)
        if not lists and not never:
            remedy = "`expect: []` demands that nothing significant happens"
            raise FormError("the step expects nothing", path=path, remedy=remedy)
        for kind in sorted(never):
            if self._layer not in _actions.LAYERS[kind]:
                message = f"the action {kind} does not occur in the layer {self._layer}"
                raise FormError(message, path=(*path, "never"))
        alternatives = tuple(self._actions(actions, never, place) for place, actions in lists)
        return Expectation(alternatives=alternatives if lists else None, never=never)

    def _actions(self, forms: list[object], never: frozenset[ActionKind], path: Path) -> tuple[Action, ...]:
        read = [self._try(self._action, form, never, (*path, index)) for index, form in enumerate(forms)]
        return tuple(action for action in read if action is not None)

    def _action(self, form: object, never: frozenset[ActionKind], path: Path) -> Action:
        action = _actions.parse_expected(form, self._layer, self._revision, path)
        if action.kind in never:
            raise FormError(f"{action.kind} is expected and forbidden by never in one step", path=path)
        return action


def _verb(model: _suite_model.Step, path: Path) -> Verb:
    verbs = [verb for verb, attribute in _ATTRIBUTES if getattr(model, attribute) is not UNSET]
    if model.receive_hex is not UNSET and Verb.RECEIVE not in verbs:
        verbs.append(Verb.RECEIVE)
    if len(verbs) != 1:
        found = " and ".join(verbs) or "none"
        raise FormError(f"a step has exactly one verb, this has {found}", path=path)
    return verbs[0]
