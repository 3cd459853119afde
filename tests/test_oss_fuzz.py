"""The folders for other engines say the same thing, and the script that tries them out would notice what is wrong."""

from __future__ import annotations

import os
import subprocess

from pathlib import Path
from typing import Final

import pytest
import yaml

from hgframing_fuzz._engine_files import executable_name
from hgframing_fuzz.targets import TARGETS
from tests.oss_fuzz import DEFAULT, SCRIPTS, main, problems_of_run, write_stand_ins


ROOT: Final = Path(__file__).resolve().parents[1]
FOLDERS: Final = (ROOT / "fuzz" / "oss-fuzz", ROOT / ".clusterfuzzlite")

DONE: Final = "#512\tINITED cov: 300 ft: 1\n#900\tDONE   cov: 812 ft: 2690 corp: 348/55Kb\n"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_folder_is_what_the_engine_reads(folder: Path) -> None:
    """A project in Python on the image for Python, with a build script that is one."""
    project = yaml.safe_load((folder / "project.yaml").read_text(encoding="utf-8"))
    build = folder / "build.sh"

    assert project["language"] == "python"
    assert "FROM gcr.io/oss-fuzz-base/base-builder-python\n" in (folder / "Dockerfile").read_text(
        encoding="utf-8"
    )
    assert os.access(build, os.X_OK)
    assert subprocess.run(["/bin/bash", "-n", str(build)], check=False).returncode == 0


def test_every_target_is_a_script_that_the_build_finds() -> None:
    """The build takes all scripts of a name; each is a target, and each target is one."""
    assert {file.stem for file in SCRIPTS.glob("*_fuzzer.py")} == set(map(executable_name, TARGETS.values()))
    assert {f"{name}_fuzzer" for name in DEFAULT} <= set(map(executable_name, TARGETS.values()))


@pytest.mark.parametrize(
    ("status", "output", "problem"),
    [
        (77, DONE, "status 77"),
        (0, "Done 1 runs\n", "nothing of coverage"),
        (0, "#2\tDONE   cov: 4 ft: 4\n", "not instrumented"),
        (0, DONE + "ERROR: no interesting inputs were found\n", "interesting"),
    ],
)
def test_problems_of_run_names_what_is_wrong(status: int, output: str, problem: str) -> None:
    """A fuzzer that covers nothing runs millions of inputs and finds nothing, and looks well."""
    [found] = problems_of_run(status, output)

    assert problem in found


def test_problems_of_run_that_is_well() -> None:
    """Nothing."""
    assert [*problems_of_run(0, DONE)] == []


def test_stand_ins_are_programs(tmp_path: Path) -> None:
    """What the image has, and the planted fault, which is Python."""
    programs = write_stand_ins(tmp_path)

    assert {file.name for file in programs.iterdir()} == {"compile_python_fuzzer", "pip3"}
    for file in programs.iterdir():
        assert subprocess.run(["/bin/sh", "-n", str(file)], check=False).returncode == 0
    compile((tmp_path / "planted" / "planted.py").read_text(encoding="utf-8"), "planted.py", "exec")


def test_main_refuses_an_unknown_fuzzer(capsys: pytest.CaptureFixture[str]) -> None:
    """With the names that there are."""
    with pytest.raises(SystemExit) as caught:
        main(["no_such"])

    assert caught.value.code == 2
    assert "server_reactor" in capsys.readouterr().err
