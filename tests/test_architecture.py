"""The shape of the house, checked without the tool that also checks it.

`docs/architecture.md` states the rules; import-linter enforces those about imports with its own reading of
the code (`tox run -e layers`). This module reads the sources with `ast` alone, so that a mistake in one
configuration cannot hide a broken rule.
"""

from __future__ import annotations

import ast
import importlib.machinery
import os
import re

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import pytest


ROOT: Final = Path(__file__).resolve().parent.parent

#: Top-level directory -> the one package in it.
PACKAGES: Final = {
    "reference": "hgframing",
    "vectors": "hgframing_vectors",
    "conformance": "hgframing_conformance",
    "fuzz": "hgframing_fuzz",
}

#: Package -> the packages of this distribution that it may import.
MAY_IMPORT: Final = {
    "hgframing": frozenset[str](),
    "hgframing_vectors": frozenset[str](),
    "hgframing_conformance": frozenset({"hgframing", "hgframing_vectors"}),
    "hgframing_fuzz": frozenset({"hgframing", "hgframing_vectors", "hgframing_conformance"}),
}

#: What would make the reference do input, output or waiting, or import behind this test's back.
NOT_SANS_IO: Final = frozenset(
    {"asyncio", "importlib", "logging", "os", "select", "selectors", "signal", "socket", "ssl", "subprocess"}
    | {"threading", "time"},
)

#: The reference from the bottom to the top. A module imports modules of lower rows only.
LEVELS: Final = (
    ("_errors",),
    ("_frames", "_cbor", "_limits"),
    ("_states",),
    ("_revisions",),
    ("_notation", "_buffer", "_encodings", "_faults", "_maps", "_settings", "_text"),
    ("_streams", "_commands", "_responses", "_progress"),
    ("_actions", "_reader"),
    ("_requests", "_answers"),
    ("_server", "_client"),
    ("_http_commands", "_reflection"),
    ("_http",),
    ("__init__",),
)

#: The server and its two halves. The client never comes near them.
SERVER_SIDE: Final = frozenset({"_server", "_requests", "_answers"})

#: Modules that compare or report, and so must not share code with what they judge.
JUDGES: Final = ("_suites", "_select", "_compare", "_discipline", "_outcomes", "_expectations", "_report")
REACTORS: Final = frozenset({"_client", "_server", "ClientReactor", "ServerReactor"})

MAX_MODULE_LINES: Final = 400
MAX_FUNCTION_LINES: Final = 50

#: Names that say nothing about what is in the file.
NAMELESS: Final = frozenset({"base", "common", "helper", "helpers", "misc", "util", "utils"})

#: Modules that have no test module of their own, and why.
WITHOUT_OWN_TESTS: Final = {
    "__init__": "re-exports",
    "__main__": "one call of the command line, tested as a command",
    "test_vectors": "a docstring, in whose place the pytest plugin collects the vectors",
}

#: Directories that tools make.
GENERATED: Final = frozenset({"build", "dist", "__pycache__"})

#: Hidden directories that are ours; others belong to tools.
VISIBLE: Final = frozenset({".ci", ".clusterfuzzlite"})


def module_files(package: str) -> list[Path]:
    """List the modules of a package, in subpackages too."""
    [directory] = [directory for directory, name in PACKAGES.items() if name == package]
    return sorted((ROOT / directory / package).rglob("*.py"))


def module_name(path: Path) -> str:
    """Name the module in a file, `hgframing_fuzz.targets.server` for instance; `__init__` keeps its name."""
    [package_root] = [ROOT / directory for directory in PACKAGES if (ROOT / directory) in path.parents]
    return ".".join(path.relative_to(package_root).with_suffix("").parts)


def all_modules() -> list[Path]:
    """List the modules of all packages."""
    return [path for package in PACKAGES.values() for path in module_files(package)]


def imports(path: Path) -> Iterator[str]:
    """Yield the dotted name of everything that a module imports, also inside of functions and for typing only.

    `from a import b` yields `a.b`: whether `b` is a module or a name in one is for the caller to see.
    """
    package = module_name(path).split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            prefix = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{prefix}.{alias.name}" for alias in node.names)


def imported_siblings(path: Path, package: str) -> set[str]:
    """Name the top-level modules of its own package that a module imports; `__init__` for the package itself."""
    known = {file.stem for file in module_files(package)}
    siblings = set()
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == package:
            siblings.add(parts[1] if len(parts) > 1 and parts[1] in known else "__init__")
    return siblings


def reachable(start: Iterable[str], package: str) -> set[str]:
    """Name the modules of a package that some of its modules import, directly or not, and these themselves."""
    files = {path.stem: path for path in module_files(package)}
    pending = list(start)
    reached: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in reached and name != "__init__":
            reached.add(name)
            pending.extend(imported_siblings(files[name], package))
    return reached


def identifiers(path: Path) -> set[str]:
    """Collect every name that a module's code mentions: names, attributes and parts of imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                found.add(name)
            case ast.alias(name=name):
                found.update(name.split("."))
            case ast.ImportFrom(module=str(name)):
                found.update(name.split("."))
            case _:
                pass
    return found


def sizes_over_the_rule() -> dict[str, int]:
    """Measure what is over the rule: `package.module` or `package.module:Class.function` -> lines."""
    over: dict[str, int] = {}

    def visit(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{prefix}{child.name}"
                lines = (child.end_lineno or child.lineno) - child.lineno + 1
                if lines > MAX_FUNCTION_LINES and not isinstance(child, ast.ClassDef):
                    over[name] = lines
                visit(child, f"{name}.")
            else:
                visit(child, prefix)

    for path in all_modules():
        text = path.read_text(encoding="utf-8")
        if (lines := len(text.splitlines())) > MAX_MODULE_LINES:
            over[module_name(path)] = lines
        visit(ast.parse(text), f"{module_name(path)}:")
    return over


def stated_sizes() -> dict[str, tuple[int, str]]:
    """Read the table "Sizes above the rule" of docs/architecture.md: name -> (at most so many lines, reason)."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = text.partition("## Sizes above the rule")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \| (\d+) \| (.*?) \|$", section, re.MULTILINE)
    return {name: (int(lines), reason.strip()) for name, lines, reason in rows}


def repository_texts() -> Iterator[tuple[Path, str]]:
    """Yield every file of the repository that is text, without what tools have made."""
    for directory, directories, names in os.walk(ROOT):
        directories[:] = [
            name
            for name in directories
            if name not in GENERATED and (name in VISIBLE or not name.startswith("."))
        ]
        # In a work tree that `git worktree` made, `.git` is a file.
        texts = (name for name in names if name != ".git" and not name.startswith(".coverage"))
        for path in (Path(directory, name) for name in texts):
            try:
                yield path, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def test_readers_of_sources_find_imports_of_every_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader behind this file's rules sees plain, aliased, relative, nested and typing-only imports."""
    package = tmp_path / "reference" / "hgframing"
    package.mkdir(parents=True)
    (package / "_frames.py").touch()
    sample = package / "_sample.py"
    sample.write_text(
        "import os.path as p\nfrom . import _frames\nfrom ._errors import Fault\nfrom hgframing import REVISIONS\n"
        "if TYPE_CHECKING:\n    import socket\ndef f():\n    from time import sleep\n",
        encoding="utf-8",
    )
    monkeypatch.setattr("tests.test_architecture.ROOT", tmp_path)

    assert set(imports(sample)) == {
        "os.path",
        "hgframing._frames",
        "hgframing._errors.Fault",
        "hgframing.REVISIONS",
        "socket",
        "time.sleep",
    }
    assert imported_siblings(sample, "hgframing") == {"_frames", "__init__"}


@pytest.mark.parametrize("directory", PACKAGES)
def test_directory_of_a_package_holds_nothing_else_importable(directory: str) -> None:
    """An editable install puts these directories on the path, so anything importable in them leaks to the top."""
    suffixes = tuple(importlib.machinery.all_suffixes())

    importable = {
        path.relative_to(ROOT / directory).parts[0]
        for path in (ROOT / directory).rglob("*")
        if path.name.endswith(suffixes) and "__pycache__" not in path.parts
    }

    assert importable == {PACKAGES[directory]}
    assert (ROOT / directory / PACKAGES[directory] / "__init__.py").is_file()


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_packages_import_only_what_lies_below_them(package: str) -> None:
    """The fuzzer imports the conformance runner, that one the reference and the vectors, never back."""
    forbidden = set(MAY_IMPORT) - MAY_IMPORT[package] - {package}

    broken = [
        f"{module_name(path)} imports {name}"
        for path in module_files(package)
        for name in imports(path)
        if name.split(".")[0] in forbidden
    ]

    assert broken == []


def test_no_package_imports_the_tests() -> None:
    """What is installed cannot need what is not."""
    outside = {"tests", "bench", "implementations"}

    assert [path for path in all_modules() for name in imports(path) if name.split(".")[0] in outside] == []


def test_reference_imports_nothing_that_does_io() -> None:
    """The reference is sans-I/O: no sockets, threads, processes, clocks, logs or environment."""
    broken = [
        f"{module_name(path)} imports {name}"
        for path in module_files("hgframing")
        for name in imports(path)
        if name.split(".")[0] in NOT_SANS_IO
    ]

    assert broken == []
    assert [path for path in module_files("hgframing") if "__import__" in identifiers(path)] == []


def test_every_module_of_the_reference_has_a_level() -> None:
    """A new module says where it stands before it is imported."""
    placed = {name for level in LEVELS for name in level}

    assert {path.stem for path in module_files("hgframing")} <= placed


def test_rows_of_the_document_are_the_levels() -> None:
    """Who reads docs/architecture.md sees the order that is enforced, module by module."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| ((?:`\w+` ?)+) \|", text, re.MULTILINE)
    stated = {int(number): set(re.findall(r"\w+", modules)) for number, modules in rows}

    assert stated == {number: set(level) for number, level in enumerate(LEVELS, start=1)}


def test_modules_of_the_reference_import_strictly_downwards() -> None:
    """Every import inside the reference goes to a lower level."""
    height = {name: number for number, level in enumerate(LEVELS) for name in level}

    broken = [
        f"{path.stem} imports {name}"
        for path in module_files("hgframing")
        for name in imported_siblings(path, "hgframing")
        if height[name] >= height[path.stem]
    ]

    assert broken == []


def test_atheris_is_never_imported_with_a_module() -> None:
    """Atheris exists for few platforms: it is imported where it is used, and everything else works without it."""
    eager = [
        module_name(path)
        for path in all_modules()
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        for name in ast.walk(node)
        if not isinstance(node, ast.FunctionDef | ast.ClassDef)
        and isinstance(name, ast.Import | ast.ImportFrom)
        and "atheris" in {*(alias.name for alias in name.names), getattr(name, "module", None)}
    ]

    assert eager == []


def test_server_and_client_never_meet() -> None:
    """Neither role's code is reachable from the other's, over any number of modules."""
    assert SERVER_SIDE & reachable(["_client"], "hgframing") == set()
    assert "_client" not in reachable(SERVER_SIDE, "hgframing")


def test_judges_never_reach_a_reactor() -> None:
    """What decides a verdict mentions no reactor, and neither does any module of the runner that it imports."""
    files = {path.stem: path for path in module_files("hgframing_conformance")}
    reached = reachable([name for name in files if name.startswith(JUDGES)], "hgframing_conformance")

    assert {name: found for name in reached if (found := identifiers(files[name]) & REACTORS)} == {}


def test_judges_exist() -> None:
    """The rule above is about modules that are there."""
    names = [path.stem for path in module_files("hgframing_conformance")]

    assert [judge for judge in JUDGES if not any(name.startswith(judge) for name in names)] == []


def test_sizes_above_the_rule_are_listed_with_a_reason() -> None:
    """A module over 400 lines and a function over 50 stand in the table, and the table lists nothing else."""
    assert set(sizes_over_the_rule()) == set(stated_sizes())
    assert [name for name, (_, reason) in stated_sizes().items() if len(reason.split()) < 3] == []


def test_sizes_above_the_rule_do_not_outgrow_the_table() -> None:
    """The table's figure is a ceiling: growing past it is a decision, not an accident."""
    stated = stated_sizes()

    assert {
        name: lines
        for name, lines in sizes_over_the_rule().items()
        if name in stated and lines > stated[name][0]
    } == {}


def test_file_names_are_nouns_of_the_protocol() -> None:
    """No module is named for being useful."""
    roots = [*PACKAGES, "implementations", "bench"]
    files = [path for root in roots for path in (ROOT / root).rglob("*.py")]

    assert [path for path in files if path.stem.strip("_") in NAMELESS] == []


@pytest.mark.parametrize("directory", PACKAGES)
def test_every_module_has_its_own_tests(directory: str) -> None:
    """The tests of `hgframing/_buffer.py` are in `tests/reference/test_buffer.py`."""
    package = PACKAGES[directory]
    missing = []
    for path in module_files(package):
        if path.stem in WITHOUT_OWN_TESTS:
            continue
        parts = path.relative_to(ROOT / directory / package).with_suffix("").parts
        test = "_".join(part.strip("_") for part in parts)
        if not (ROOT / "tests" / directory / f"test_{test}.py").is_file():
            missing.append(f"tests/{directory}/test_{test}.py")

    assert missing == []


def test_no_text_names_a_place_on_somebodys_machine() -> None:
    """Paths of one machine mean nothing on another."""
    places = ["work", "tmp", "root", "home", "opt", "Users"]
    pattern = re.compile(rf"(?<![\w.:/>}}-])/(?:{'|'.join(places)})/")

    found = [
        f"{path.relative_to(ROOT)}:{text[: match.start()].count(chr(10)) + 1}"
        for path, text in repository_texts()
        for match in pattern.finditer(text)
    ]

    assert found == []
