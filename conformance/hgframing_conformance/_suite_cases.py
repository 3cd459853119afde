"""One case of a suite file, spread over the revisions it applies to.

A case is written once and holds wherever its `revisions` select; its frames are read anew for each revision, because
type numbers, fields and key order differ. Everything that is wrong is collected, and what is wrong alike in all
revisions is said once.
"""

from __future__ import annotations

import dataclasses

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from msgspec import UNSET, UnsetType

from hgframing import REVISIONS, Limits
from hgframing_conformance import _suite_model
from hgframing_conformance._cases import Case, Chunking, Layer, Step
from hgframing_conformance._deviations import known_numbers
from hgframing_conformance._fields import closest
from hgframing_conformance._forms import FormError, Path
from hgframing_conformance._requirements import Catalogue
from hgframing_conformance._suite_model import Revisions
from hgframing_conformance._suite_steps import StepReader
from hgframing_conformance._yaml import Document


__all__ = ["Source", "expand_case", "select_revisions"]

#: Where each key of `setup` means something; docs/vector-format.md, "Setup".
_SETUP_LAYERS: Final[Mapping[str, frozenset[Layer]]] = {
    "defer-output": frozenset({Layer.SERVER}),
    "stream-data": frozenset({Layer.SERVER}),
    "max-frame": frozenset({Layer.SERVER, Layer.CLIENT}),
    "fragmentation": frozenset({Layer.SERVER, Layer.CLIENT}),
    "buffer-sends": frozenset({Layer.CLIENT}),
    "multiple-sends": frozenset({Layer.CLIENT}),
    "content-encodings": frozenset({Layer.CLIENT}),
    "encoding": frozenset({Layer.CLIENT}),
    "accept-encodings": frozenset({Layer.SERVER}),
    "limits": frozenset(Layer),
}
_LIMITS: Final = frozenset(field.name.replace("_", "-") for field in dataclasses.fields(Limits))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a case inherits from the file it stands in.

    Attributes:
        suite: the suite's header.
        document: the file, which knows the line of everything.
        label: how `Case.file` names the file.
        catalogue: the requirements that may be cited; `None` where there is no catalogue to check against.
    """

    suite: _suite_model.Suite
    document: Document
    label: str
    catalogue: Catalogue | None


def expand_case(
    source: Source, model: _suite_model.Case, steps: Sequence[_suite_model.Step | None], path: Path
) -> tuple[list[Case], list[FormError]]:
    """Spread a case over its revisions.

    Args:
        source: the file it stands in.
        model: the case.
        steps: its steps, converted; `None` for one whose shape is wrong, which is not looked at.
        path: where the case lies in the document.

    Returns:
        One case for each revision, and everything that is wrong. With errors the cases are incomplete.
    """
    revisions, errors = select_revisions(source.suite.revisions, model.revisions, path)
    errors += _check_case(source, model, steps, path)
    errors += _check_citations(source.catalogue, model.requirements, revisions, (*path, "requirements"))
    cases = []
    # Steps that are the same in several revisions are one object: frames of 16 MiB exist, times six.
    known: list[list[Step]] = [[] for _ in steps]
    found: dict[tuple[Path, str, str], list[str]] = {}
    for revision in revisions:
        built: list[Step] = []
        reader = StepReader(source.suite.layer, revision)
        for index, model_step in enumerate(steps):
            place = (*path, "steps", index)
            if model_step is None:
                continue
            step = reader.read(model_step, place, source.document.line(place))
            if step is not None:
                built.append(next((other for other in known[index] if other == step), step))
                known[index].append(built[-1])
        for error in reader.errors:
            found.setdefault((error.path, error.message, error.remedy), []).append(revision)
        cases.append(_case(source, model, tuple(built), revision, source.document.line(path)))
    for (place, message, remedy), where in found.items():
        suffix = "" if len(where) == len(revisions) else f" (in revision {', '.join(where)})"
        errors.append(FormError(message + suffix, path=place, remedy=remedy))
    return cases, errors


def select_revisions(
    suite: Revisions, case: Revisions | UnsetType, path: Path
) -> tuple[tuple[str, ...], list[FormError]]:
    """Work out the revisions of a case: those of its suite, narrowed by its own.

    Args:
        suite: the suite's `revisions`.
        case: the case's, if it has any.
        path: where the case lies.

    Returns:
        Revision keys in the order of history, and what is wrong with the selection.
    """
    place = path if case is UNSET else (*path, "revisions")
    wide = _selected(suite)
    narrow = wide if case is UNSET else _selected(case)
    listed = case if isinstance(case, list) else suite if case is UNSET and isinstance(suite, list) else []
    remedy = f"known are {', '.join(REVISIONS)}"
    errors = [
        FormError(f"unknown revision {key!r}", path=place, remedy=remedy)
        for key in listed
        if key not in REVISIONS
    ]
    if isinstance(case, list):
        outside = [key for key in case if key in REVISIONS and key not in wide]
        errors += [FormError(f"the suite does not apply to revision {key}", path=place) for key in outside]
    chosen = tuple(key for key in REVISIONS if key in wide and key in narrow)
    if not chosen and not errors:
        errors.append(FormError("the case applies to no revision", path=place))
    return chosen, errors


def _selected(revisions: Revisions) -> set[str]:
    if isinstance(revisions, list):
        return set(revisions)
    return {
        key
        for key, revision in REVISIONS.items()
        if revision.features.issuperset(revisions.features)
        and revision.features.isdisjoint(revisions.without)
    }


def _check_case(
    source: Source, model: _suite_model.Case, steps: Sequence[_suite_model.Step | None], path: Path
) -> list[FormError]:
    """Check what concerns the case as a whole."""
    errors = [
        FormError(f"{name}: {item} is listed twice", path=(*path, name))
        for name in ("requirements", "violates", "deviations", "chunkings")
        for item, count in Counter(getattr(model, name) or ()).items()
        if count > 1
    ]
    errors += [
        FormError(
            f"{item} is violated and not among the requirements",
            path=(*path, "violates"),
            remedy="cite it in both",
        )
        for item in model.violates
        if item not in model.requirements
    ]
    errors += [
        FormError(
            f"unknown deviation {number}",
            path=(*path, "deviations", index),
            remedy="docs/mercurial.md lists them",
        )
        for index, number in enumerate(model.deviations)
        if number not in known_numbers()
    ]
    open_ended = any(step and (step.any_of is not UNSET or step.never is not UNSET) for step in steps)
    if open_ended and not model.comment.strip():
        errors.append(
            FormError(
                "any-of and never need a comment",
                path=path,
                remedy="say in `comment` what the text leaves open",
            )
        )
    return errors + _check_setup(model.setup, source.suite.layer, (*path, "setup"))


def _check_citations(
    catalogue: Catalogue | None, items: Sequence[str], revisions: Sequence[str], path: Path
) -> list[FormError]:
    """Find citations that mean nothing; a case over several revisions may cite what some of them lack."""
    if catalogue is None or not revisions:
        return []
    errors = []
    for index, item in enumerate(items):
        if item not in catalogue:
            errors.append(FormError(f"unknown requirement {item}", path=(*path, index)))
        elif not any(catalogue.find(item, revision) for revision in revisions):
            message = f"{item} is no requirement of revision {', '.join(revisions)}"
            errors.append(FormError(message, path=(*path, index)))
    return errors


def _check_setup(setup: _suite_model.Setup, layer: Layer, path: Path) -> list[FormError]:
    errors = [
        FormError(f"setup {key} does not concern the layer {layer}", path=(*path, key))
        for key in msgspec.to_builtins(setup)
        if layer not in _SETUP_LAYERS[key]
    ]
    limits = setup.limits if isinstance(setup.limits, dict) else {}
    errors += [
        FormError(f"unknown limit {name!r}", path=(*path, "limits", name), remedy=closest(name, _LIMITS))
        for name in limits
        if name not in _LIMITS
    ]
    return errors


def _case(
    source: Source, model: _suite_model.Case, steps: tuple[Step, ...], revision: str, line: int
) -> Case:
    layer = source.suite.layer
    # A body is the transport's to cut.
    chunkings = tuple(Chunking) if layer is not Layer.HTTP else (Chunking.FRAME,)
    return Case(
        id=model.id,
        rev=model.rev,
        title=model.title,
        suite=source.suite.suite,
        layer=layer,
        revision=revision,
        level=model.level,
        requirements=_cited(model.requirements, revision, source.catalogue),
        violates=_cited(model.violates, revision, source.catalogue),
        deviations=tuple(model.deviations),
        source=model.source,
        comment=model.comment.strip(),
        requires=msgspec.to_builtins(model.requires),
        disputed=model.disputed,
        setup=msgspec.to_builtins(model.setup),
        chunkings=chunkings if model.chunkings is UNSET else tuple(model.chunkings),
        tier=model.tier,
        steps=steps,
        file=source.label,
        line=line,
    )


def _cited(items: Sequence[str], revision: str, catalogue: Catalogue | None) -> tuple[str, ...]:
    """Keep the citations that mean something in the revision: a case over several cites what some of them lack."""
    return tuple(item for item in items if catalogue is None or catalogue.find(item, revision))
