"""Planting a fault: a package is imported anew with one module changed, and the rest of the process keeps the old one.

The judge of the vectors uses the reference too, to read frames and values. It must not use the faulty one, so modules
are never changed in place: those that depend on the faulty module, and only those, are forgotten and imported again by
whoever asks next. What was imported before goes on with what it has. No file is touched, or read again.

That is meant for a process that ends soon (`_strength` forks one for each fault); nothing is put back.
"""

from __future__ import annotations

import ast
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, ModuleType

from hgframing_conformance.errors import ConformanceError


__all__ = ["PlantingError", "dependents", "harness_files", "import_graph", "module_files", "plant"]


class PlantingError(ConformanceError):
    """There is no such package, or it cannot be imported."""


def module_files(package: str) -> Mapping[str, Path]:
    """Find the modules of a package, those of its subpackages too.

    Args:
        package: its dotted name.

    Returns:
        Dotted names and files, sorted by name.

    Raises:
        PlantingError: it cannot be found, or is no package of Python files.
    """
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError) as error:
        raise PlantingError(f"{package}: {error}") from None
    if spec is None or not spec.submodule_search_locations:
        raise PlantingError(f"{package} is not a package that can be imported")
    found = {}
    for place in spec.submodule_search_locations:
        directory = Path(place)
        for file in directory.rglob("*.py"):
            parts = file.relative_to(directory).with_suffix("").parts
            found[".".join((package, *(part for part in parts if part != "__init__")))] = file
    return dict(sorted(found.items()))


def harness_files(module: str) -> Mapping[str, Path]:
    """Find the modules of a harness: of the package that it is in, or itself where it is in none.

    Args:
        module: its dotted name.

    Raises:
        PlantingError: it cannot be found, or is no file of Python.
    """
    package = module.partition(".")[0]
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError) as error:
        raise PlantingError(f"{package}: {error}") from None
    if spec is None or spec.origin is None or spec.submodule_search_locations:
        return module_files(package)
    return {package: Path(spec.origin)}


def import_graph(files: Mapping[str, Path]) -> Mapping[str, frozenset[str]]:
    """Find out which modules import which, inside of functions too.

    Args:
        files: the modules, by their dotted names; others are left out.
    """
    return {name: frozenset(_imports(name, file, files)) for name, file in files.items()}


def dependents(module: str, imports: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Name the modules that would see a change of a module: itself, and who imports it, directly or not.

    Args:
        module: dotted name of the module that changes.
        imports: what `import_graph` says.
    """
    reached = {module}
    while True:
        more = {name for name, imported in imports.items() if imported & reached} - reached
        if not more:
            return frozenset(reached)
        reached |= more


def _imports(name: str, file: Path, known: Collection[str]) -> Iterator[str]:
    """Yield the modules that a file imports, inside of functions too."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = ".".join((*above, *filter(None, [node.module])))
            names = [source, *(f"{source}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from (name for name in names if name in known)


def plant(codes: Mapping[str, CodeType]) -> None:
    """Let the next imports of some modules find other code, and forget who knows the old one.

    Args:
        codes: dotted names of all modules to forget (`dependents`), and what each is to be.
    """
    sys.meta_path.insert(0, _Finder(codes))
    for name in codes:
        old = sys.modules.pop(name, None)
        parent, _, last = name.rpartition(".")
        # `from package import module` looks here before it imports anything.
        if old is not None and vars(sys.modules.get(parent, old)).get(last) is old:
            delattr(sys.modules[parent], last)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds modules in memory: their files may have changed since, while the measurement goes on."""

    def __init__(self, codes: Mapping[str, CodeType]) -> None:
        self._codes = codes

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return a module's spec, with the file and the search path that it really has."""
        code = self._codes.get(fullname)
        if code is None:
            return None
        real = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if real is not None:
            real.loader = _Loader(code)
        return real


class _Loader(importlib.abc.Loader):
    """Runs what it is given instead of the file."""

    def __init__(self, code: CodeType) -> None:
        self._code = code

    def exec_module(self, module: ModuleType) -> None:
        """Run it."""
        exec(self._code, module.__dict__)  # noqa: S102  (as every loader does)
