"""The script that checks every release of Mercurial: what it decides without building one."""

from __future__ import annotations

import argparse
import collections
import importlib.util
import sys

from pathlib import Path
from types import ModuleType

import pytest


FILE = Path(__file__).parents[2] / "implementations" / "mercurial" / "releases.py"


@pytest.fixture
def releases(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Load the script as a module."""
    spec = importlib.util.spec_from_file_location("releases", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "releases", module)
    spec.loader.exec_module(module)
    return module


def test_releases_all_have_an_expectation_file(releases: ModuleType) -> None:
    """What is checked has a list of what is known, and no list lies around unused."""
    files = {file.stem for file in FILE.parent.glob("[0-9]*.yaml") if file.stem.replace(".", "").isdigit()}

    assert files == set(releases.RELEASES)


def test_releases_finds_an_interpreter_that_works(
    releases: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shim that fails is passed over, and what lies behind it is found."""
    shims, home = tmp_path / "shims", tmp_path / "pyenv"
    real = home / "versions" / "2.7.18" / "bin"
    for directory in (shims, real):
        directory.mkdir(parents=True)
    broken, working = shims / "python2.7", real / "python2.7"
    broken.write_text("#!/bin/sh\nexit 127\n")
    working.write_text("#!/bin/sh\nexit 0\n")
    broken.chmod(0o755)
    working.chmod(0o755)
    monkeypatch.setenv("PATH", str(shims))
    monkeypatch.setenv("PYENV_ROOT", str(home))

    assert releases.find_python("4.6.2") == str(working)


def test_releases_without_an_interpreter_says_so(
    releases: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing Python is a reason, not a failure."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    with pytest.raises(releases.LeftOutError, match=r"no python2\.7 with pip"):
        releases.find_python("4.6.2")


def test_releases_that_cannot_be_built_leave_nothing_behind(releases: ModuleType, tmp_path: Path) -> None:
    """The last line of pip is the reason, and half a build does not pass for one."""
    pip = tmp_path / "python"
    pip.write_text(f"#!/bin/sh\nmkdir -p {tmp_path}/mercurial-4.6.2/hgext\necho no compiler >&2\nexit 1\n")
    pip.chmod(0o755)
    with pytest.raises(releases.LeftOutError, match="no compiler"):
        releases.install("4.6.2", str(pip), tmp_path)

    assert not (tmp_path / "mercurial-4.6.2").exists()


def test_check_options_of_every_case_expect_nothing(releases: ModuleType) -> None:
    """What fails there is what the report is for; else it is held to the release's file."""
    every = argparse.Namespace(every_case=True, strict=False)
    core = argparse.Namespace(every_case=False, strict=True)

    assert [*releases.check_options("6.0.3", every)] == ["--tier", "full"]
    assert [*releases.check_options("6.0.3", core)] == [
        *("--expectations", str(FILE.parent / "6.0.3.yaml")),
        "--strict",
    ]


def test_table_shows_what_happened_and_what_was_left_out(releases: ModuleType) -> None:
    """Columns are the outcomes that occurred; deviations stand in the order of their numbers."""
    counts = collections.Counter({"passed": 5, "raised": 2})
    one = releases.Check("6.0.3", "python3.11", 0, counts, frozenset({"D10", "D2"}))
    lines = releases.table([one], {"4.6.2": "no python2.7 with pip"}).splitlines()

    assert lines[0] == "| Mercurial | Python | passed | raised | deviations shown |"
    assert lines[2] == "| 6.0.3 | python3.11 | 5 | 2 | D2 D10 |"
    assert lines[3] == "| 4.6.2 | left out: no python2.7 with pip |"
