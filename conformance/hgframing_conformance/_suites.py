"""Suites in, cases out: finds the files, reads them strictly, and says everything that is wrong with them at once.

The reading has four layers, each of which can only fail in its own way: `_yaml` (is it the JSON subset?),
`_suite_model` (are the keys and types right?), `_suite_cases` with `_steps` and `_actions` (does it mean something in
every revision it applies to?), and here, what concerns several files: unique ids, the registry, names like paths.

A directory named `suites` with `ids.txt` or `requirements.yaml` beside it is a set of vectors of its own; files
elsewhere are checked against the packaged catalogue and no registry.
"""

from __future__ import annotations

import dataclasses

from collections.abc import Collection, Iterator, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path

import hgframing_vectors

from hgframing_conformance._cases import Case, Tier
from hgframing_conformance._compiled import load_compiled
from hgframing_conformance._forms import FormError
from hgframing_conformance._forms import Path as FormPath
from hgframing_conformance._problems import Problem, SuiteError
from hgframing_conformance._registry import Registry, read_registry
from hgframing_conformance._requirements import Catalogue, load_requirements
from hgframing_conformance._suite_cases import Source, expand_case
from hgframing_conformance._suite_model import Case as CaseModel
from hgframing_conformance._suite_model import Step as StepModel
from hgframing_conformance._suite_model import Suite as SuiteModel
from hgframing_conformance._suite_model import read_model
from hgframing_conformance._yaml import Document, read_yaml


__all__ = ["SuiteError", "load_suites"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A suite file that was found.

    Attributes:
        content: the file.
        label: how cases name it.
        shown: how problems name it: a path that an editor opens.
        name: the name that its path gives the suite, or only the last part of it where nothing is known above.
        whole_name: whether `name` is the whole name.
        root: the directory that may hold catalogue and registry.
    """

    content: Traversable
    label: str
    shown: str
    name: str
    whole_name: bool
    root: Traversable | None


def load_suites(
    paths: Sequence[Path] | None = None, *, tiers: Collection[Tier] = frozenset(Tier)
) -> tuple[Case, ...]:
    """Load cases, one for each revision that a case applies to.

    Args:
        paths: suite files and directories that are searched for them; absent, the packaged suites.
        tiers: cost classes to load. The cases of others are checked in shape only: some of them weigh 100 MiB.

    Returns:
        The cases in the order of suite name, place in the file, and history of revisions.

    Raises:
        SuiteError: something is wrong with the data; it lists all problems of all files.
    """
    compiled = hgframing_vectors.root().joinpath(hgframing_vectors.COMPILED)
    if paths is None and compiled.is_file():
        # A wheel has what the build read from the YAML beside it.
        return load_compiled(compiled.read_bytes(), tiers=tiers)
    problems: list[Problem] = []
    files = _packaged() if paths is None else _given(paths, problems)
    loader = _Loader(problems, tiers)
    for file in files:
        loader.read(file)
    if paths is None:
        loader.check_complete()
    if problems:
        raise SuiteError(problems)
    return tuple(loader.cases)


def _packaged() -> list[_File]:
    root = hgframing_vectors.root()
    return [
        _File(
            content=file,
            label=f"{hgframing_vectors.__name__}/suites/{name}.yaml",
            shown=_shown(file),
            name=name,
            whole_name=True,
            root=root,
        )
        for name, file in hgframing_vectors.suite_files().items()
    ]


def _given(paths: Sequence[Path], problems: list[Problem]) -> list[_File]:
    files: dict[Path, _File] = {}
    for path in paths:
        found = list(_search(path))
        if not found:
            text = "the directory has no suites" if path.is_dir() else "there is no such file"
            problems.append(Problem(str(path), 0, text))
        files.update((file.resolve(), _given_file(file, path)) for file in found)
    return list(files.values())


def _search(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(path.rglob("*.yaml"))
    elif path.is_file():
        yield path


def _given_file(file: Path, given: Path) -> _File:
    resolved = file.resolve()
    top = next((parent for parent in resolved.parents if parent.name == "suites"), None)
    if top is None and given.is_dir():
        name, whole = file.relative_to(given).with_suffix("").as_posix(), True
    elif top is None:
        name, whole = file.stem, False
    else:
        name, whole = resolved.relative_to(top).with_suffix("").as_posix(), True
    return _File(
        content=file,
        label=str(file),
        shown=str(file),
        name=name,
        whole_name=whole,
        root=None if top is None else top.parent,
    )


def _shown(file: Traversable) -> str:
    """Name a packaged file by a path that an editor opens, short where it lies below the working directory."""
    if isinstance(file, Path) and file.is_relative_to(Path.cwd()):
        return str(file.relative_to(Path.cwd()))
    return str(file)


class _Loader:
    """Reads files one after the other and remembers what concerns them all."""

    def __init__(self, problems: list[Problem], tiers: Collection[Tier]) -> None:
        self.cases: list[Case] = []
        self._problems = problems
        self._tiers = tiers
        self._first: dict[str, tuple[str, int]] = {}
        self._registries: dict[str, Registry | None] = {}
        self._catalogues: dict[str, Catalogue | None] = {}

    def read(self, file: _File) -> None:
        try:
            octets = file.content.read_bytes()
        except OSError as error:
            self._problems.append(Problem(file.shown, 0, f"the file cannot be read: {error.strerror}"))
            return
        document = read_yaml(octets, file.shown)
        self._problems += document.problems
        if document.root is None and document.problems:
            return
        suite, errors = read_model(document.root, SuiteModel)
        self._add(document, errors)
        if suite is not None:
            self._check_name(document, suite.suite, file)
        source = None
        if suite is not None:
            catalogue = self._catalogue_of(file.root)
            source = Source(suite=suite, document=document, label=file.label, catalogue=catalogue)
        forms = document.root.get("cases") if isinstance(document.root, dict) else None
        for index, form in enumerate(forms if isinstance(forms, list) else ()):
            self._read_case(document, source, form, ("cases", index), file)

    def check_complete(self) -> None:
        """Find ids of the registries whose cases have vanished."""
        for registry in self._registries.values():
            self._problems += registry.check_complete(self._first) if registry else ()

    def _add(self, document: Document, errors: Sequence[FormError]) -> None:
        self._problems += [
            Problem(document.file, document.line(error.path), error.message, error.remedy) for error in errors
        ]

    def _check_name(self, document: Document, name: str, file: _File) -> None:
        own = name if file.whole_name else name.rsplit("/", maxsplit=1)[-1]
        if own != file.name:
            message = f"the suite is named {name}, its path says {file.name}"
            self._problems.append(
                Problem(document.file, document.line(("suite",)), message, "rename one of the two")
            )

    def _read_case(
        self, document: Document, source: Source | None, form: object, path: FormPath, file: _File
    ) -> None:
        model, errors = read_model(form, CaseModel, path)
        forms = form.get("steps") if isinstance(form, dict) else None
        steps = []
        for index, step in enumerate(forms if isinstance(forms, list) else ()):
            converted, more = read_model(step, StepModel, (*path, "steps", index))
            steps.append(converted)
            errors += more
        if model is not None:
            self._check_id(document, model.id, path, file)
        if model is not None and source is not None and model.tier in self._tiers:
            cases, more = expand_case(source, model, steps, path)
            errors += more
            self.cases += cases
        self._add(document, errors)

    def _check_id(self, document: Document, case_id: str, path: FormPath, file: _File) -> None:
        line = document.line((*path, "id"))
        if case_id in self._first:
            first = ":".join(map(str, self._first[case_id]))
            self._problems.append(
                Problem(
                    document.file, line, f"the id {case_id} is taken", f"it is the id of the case at {first}"
                )
            )
            return
        self._first[case_id] = (document.file, line)
        registry = self._registry_of(file.root)
        if registry is not None:
            self._problems += registry.check(case_id, document.file, line)

    def _registry_of(self, root: Traversable | None) -> Registry | None:
        key = str(root)
        if key not in self._registries:
            file = root and root.joinpath("ids.txt")
            self._registries[key] = None
            if file is not None and file.is_file():
                registry = read_registry(file.read_text(encoding="utf-8"), _shown(file))
                self._registries[key] = registry
                self._problems += registry.problems
        return self._registries[key]

    def _catalogue_of(self, root: Traversable | None) -> Catalogue | None:
        """Find the catalogue that files below a root are checked against: its own, or else the packaged one."""
        key = str(root)
        if key not in self._catalogues:
            try:
                own = load_requirements(root) if root is not None else None
                self._catalogues[key] = own or load_requirements()
            except SuiteError as error:
                self._problems += error.problems
                self._catalogues[key] = None
        return self._catalogues[key]
