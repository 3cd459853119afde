"""Planting a fault: found by the next import, unknown to those before, and never in a file."""

from __future__ import annotations

import subprocess
import sys

from pathlib import Path

import pytest

from hgframing_conformance._planting import (
    PlantingError,
    dependents,
    harness_files,
    import_graph,
    module_files,
)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a package of three modules, of which one imports another."""
    directory = tmp_path / "planted"
    directory.mkdir()
    (directory / "__init__.py").write_text("")
    (directory / "low.py").write_text("LIMIT = 1\n")
    (directory / "high.py").write_text("def limit():\n    from planted.low import LIMIT\n    return LIMIT\n")
    (directory / "aside.py").write_text("import os\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return directory


def test_module_files_finds_every_module(package: Path) -> None:
    """Names are dotted, and the package itself is one of them."""
    assert module_files("planted") == {
        "planted": package / "__init__.py",
        "planted.aside": package / "aside.py",
        "planted.high": package / "high.py",
        "planted.low": package / "low.py",
    }


@pytest.mark.parametrize("name", ["there.is.none", "os"])
def test_module_files_of_no_package_is_one_clear_error(name: str) -> None:
    """What cannot be found, or is a single module, is named."""
    with pytest.raises(PlantingError, match=name):
        module_files(name)


def test_dependents_follows_imports_inside_of_functions(package: Path) -> None:
    """Who imports the module sees the change, also if it does so late."""
    graph = import_graph(module_files(package.name))

    assert dependents("planted.low", graph) == {"planted.low", "planted.high"}
    assert dependents("planted.aside", graph) == {"planted.aside"}


def test_plant_reaches_new_imports_only(package: Path) -> None:
    """What was imported before stays as it was; the file does too."""
    program = (
        "import planted.low as before\n"
        "from hgframing_conformance._planting import plant\n"
        "plant({'planted.low': compile('LIMIT = 2', before.__file__, 'exec')})\n"
        "import importlib\n"
        "after = importlib.import_module('planted.low')\n"
        "print(before.LIMIT, after.LIMIT, after.__file__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=package.parent, capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["1", "2", str(package / "low.py")]
    assert (package / "low.py").read_text() == "LIMIT = 1\n"


def test_import_graph_follows_relative_imports(package: Path) -> None:
    """Mercurial writes them so."""
    (package / "deep").mkdir()
    (package / "deep" / "__init__.py").write_text("from ..low import LIMIT\n")
    (package / "deep" / "end.py").write_text("from .. import (aside,\n    high)\nfrom . import other\n")
    (package / "deep" / "other.py").write_text("")
    graph = import_graph(module_files(package.name))

    assert graph["planted.deep"] == {"planted.low"}
    assert graph["planted.deep.end"] == {
        "planted",
        "planted.aside",
        "planted.high",
        "planted.deep",
        "planted.deep.other",
    }


def test_harness_files_takes_a_single_module(package: Path) -> None:
    """A harness may be a file beside its implementation."""
    file = package.parent / "planted_harness.py"
    file.write_text("from planted import low\n")

    assert harness_files("planted_harness") == {"planted_harness": file}
    assert harness_files("planted.high") == module_files("planted")
    with pytest.raises(PlantingError, match="there"):
        harness_files("there.is.none")


def test_plant_is_found_by_an_import_from_the_package(package: Path) -> None:
    """`from package import module` takes the package's attribute where there is one."""
    program = (
        "from planted import low as before\n"
        "from hgframing_conformance._planting import plant\n"
        "plant({'planted.low': compile('LIMIT = 2', before.__file__, 'exec')})\n"
        "from planted import low as after\n"
        "print(before.LIMIT, after.LIMIT)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=package.parent, capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["1", "2"]


def test_plant_reads_no_file_again(package: Path) -> None:
    """Who edits the files while a measurement goes on does not change what is measured."""
    program = (
        "import planted.high\n"
        "from hgframing_conformance._planting import plant\n"
        "sources = {'planted.low': 'LIMIT = 3', 'planted.high': open(planted.high.__file__).read()}\n"
        "open(planted.high.__file__, 'w').write('1 / 0')\n"
        "plant({name: compile(text, name, 'exec') for name, text in sources.items()})\n"
        "from planted.high import limit\n"
        "print(limit())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=package.parent, capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["3"]
