"""Footprints: the lines that run, and no others."""

from __future__ import annotations

import importlib
import sys

from pathlib import Path

import pytest

from hgframing_conformance._footprints import Watch, lines_of_import


PROGRAM = """\
def outer(flag):
    if flag:
        return [
            inner(number)
            for number in range(2)
        ]
    while True:
        break
    return None

def inner(number):
    return number
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a module that can be imported."""
    path = tmp_path / f"walked_{tmp_path.name.replace('-', '_')}.py"
    path.write_text(PROGRAM)
    monkeypatch.syspath_prepend(str(tmp_path))
    return path


def test_watch_finds_every_line_that_runs(file: Path) -> None:
    """Each time anew, what was known already included; nothing outside of the body of `with`."""
    module = importlib.import_module(file.stem)
    watch = Watch(frozenset({str(file)}))
    found = []
    for flag in (True, True, False):
        with watch:
            module.outer(flag)
        module.outer(flag=False)
        found.append({line for _, line in watch.take()})

    assert found == [{2, 3, 4, 5, 12}, {2, 3, 4, 5, 12}, {2, 7, 8, 9}]
    assert sys.gettrace() is None


def test_watch_goes_on_until_every_line_of_a_function_has_run(file: Path) -> None:
    """The second call takes another way than the first."""
    module = importlib.import_module(file.stem)
    watch = Watch(frozenset({str(file)}))
    with watch:
        module.outer(flag=True)
        module.outer(flag=False)

    assert {line for _, line in watch.take()} == {2, 3, 4, 5, 7, 8, 9, 12}


def test_watch_leaves_other_files_alone(file: Path) -> None:
    """Only what is asked for is looked at."""
    module = importlib.import_module(file.stem)
    watch = Watch(frozenset({"another.py"}))
    with watch:
        module.outer(flag=True)

    assert watch.take() == set()


def test_lines_of_import_are_those_of_the_top(file: Path) -> None:
    """The module is imported again elsewhere, and here it stays what it is."""
    module = importlib.import_module(file.stem)
    lines = lines_of_import(frozenset({str(file)}))

    assert {line for _, line in lines} == {1, 11}
    assert sys.modules[file.stem] is module
