"""What a person gets who installs the distribution, and whether the house's papers tell the truth about it.

These tests look at what is installed: under tox that is the wheel. Archives are built by `tox run -e package` alone;
here their checker is checked.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import re
import subprocess
import sysconfig
import tarfile
import tomllib
import zipfile

from pathlib import Path
from typing import Final

import pytest

import hgframing

from tests import archives


ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGES: Final = ("hgframing", "hgframing_vectors", "hgframing_conformance", "hgframing_fuzz")
ENTRY_POINTS: Final = (
    ("console_scripts", "hgframing"),
    ("console_scripts", "hgframing-fuzz"),
    ("pytest11", "hgframing"),
)


def installed(package: str) -> Path:
    """Return the directory that a package is imported from."""
    [directory] = importlib.import_module(package).__path__
    return Path(directory)


def commands_of_the_readme() -> list[str]:
    """Return the shell blocks of README.md in order, each as it would be pasted."""
    return re.findall(
        r"^```sh\n(.*?)\n```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


def shown_commands() -> dict[tuple[str, ...], set[str]]:
    """Collect what documents tell their readers to type: (program, command) -> the options shown with it."""
    shown: dict[tuple[str, ...], set[str]] = {}
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "implementations").rglob("*.md")]
    for document in documents:
        text = document.read_text(encoding="utf-8").replace("\\\n", " ")
        for block in re.findall(r"^```(?:sh|console|yaml)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            for line in block.splitlines():
                if match := re.search(
                    r"(?:^|[\s/])(hgframing(?:-fuzz)?) ([a-z][a-z-]*)(?=\s|$)([^#]*)", line
                ):
                    program, command, rest = match.groups()
                    options = re.findall(r"(?<=\s)(--[a-z][a-z-]*)", rest.partition(" -- ")[0])
                    shown.setdefault((program, command), set()).update(options)
    return shown


def help_text(program: str, *command: str) -> str:
    """Ask an installed program what it can do."""
    path = Path(sysconfig.get_path("scripts")) / program
    answer = subprocess.run([path, *command, "--help"], capture_output=True, text=True, check=False)
    return answer.stdout if answer.returncode == 0 else ""


@pytest.mark.parametrize(("group", "name"), ENTRY_POINTS)
def test_entry_point_names_something_that_loads(group: str, name: str) -> None:
    """Both commands and the pytest plugin are registered, and their modules are there."""
    [entry_point] = [
        entry_point
        for entry_point in importlib.metadata.distribution("hgframing").entry_points
        if (entry_point.group, entry_point.name) == (group, name)
    ]

    assert entry_point.load() is not None


def test_version_of_the_distribution_is_the_version_of_the_package() -> None:
    """There is one version number."""
    assert importlib.metadata.version("hgframing") == hgframing.__version__


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_are_typed(package: str) -> None:
    """Every package carries the marker without which type checkers ignore its annotations."""
    assert (installed(package) / "py.typed").is_file()


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_come_from_the_wheel_under_tox(package: str) -> None:
    """What tox tests is what it installed, not the working tree."""
    if environment := os.environ.get("TOX_ENV_DIR"):
        assert Path(environment) in installed(package).parents
    else:
        assert (installed(package) / "__init__.py").is_file()


@pytest.mark.parametrize("directory", ["suites", "schemas"])
def test_vectors_and_schemas_are_installed(directory: str) -> None:
    """Whoever installs the distribution has every suite and every schema of the working tree."""
    tree = ROOT / "vectors" / "hgframing_vectors" / directory
    here = {path.relative_to(tree) for path in tree.rglob("*") if path.is_file()}
    there = installed("hgframing_vectors") / directory

    assert here
    assert {path.relative_to(there) for path in there.rglob("*") if path.is_file()} == here


def test_interpreters_of_the_menu_are_those_of_the_metadata() -> None:
    """What the distribution says it runs on is what tox tests."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    stated = re.findall(r"Python :: 3\.(\d+)", " ".join(project["classifiers"]))
    menu = (ROOT / "tox.ini").read_text(encoding="utf-8")

    assert f"py3{{{','.join(stated)}}}-tests" in menu
    assert f"pythons = {', '.join(f'py3{minor}-tests' for minor in stated)}\n" in menu
    # Every run of continuous integration tests the oldest and the newest.
    [ci] = re.findall(r"^    ci = .*$", menu, re.MULTILINE)
    assert all(f"py3{minor}-tests" in ci for minor in (stated[0], stated[-1]))


def test_readme_opens_with_two_commands_of_one_line() -> None:
    """A fresh clone needs one line to be run and one line to be tested."""
    run, test, *_ = commands_of_the_readme()

    assert "\n" not in run
    assert run.startswith("python3.11 -m venv ")
    assert run.endswith("hgframing check")
    assert "\n" not in test
    assert test.startswith("python3.11 -m venv ")


def test_ci_runs_the_second_command_of_the_readme() -> None:
    """Continuous integration and a newcomer run the same line."""
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()

    assert lines[-1] == commands_of_the_readme()[1]


@pytest.mark.parametrize(("program", "command"), sorted(shown_commands()))
def test_command_that_a_document_shows_exists(program: str, command: str) -> None:
    """What a reader is told to type is understood, option by option."""
    text = help_text(program, command)

    assert text, f"{program} has no command {command}"
    assert [name for name in shown_commands()[program, command] if not re.search(rf"{name}\b", text)] == []


def test_case_that_the_readme_shows_exists() -> None:
    """The example of one vector is a vector."""
    [case] = re.findall(
        r"^hgframing show (\S+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )

    subprocess.run([Path(sysconfig.get_path("scripts")) / "hgframing", "show", case], check=True)


def test_documents_that_are_linked_exist() -> None:
    """No document sends its reader to a file that is not there."""
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists()
    ]

    assert broken == []


def test_every_document_is_in_the_index() -> None:
    """What is not in the list of documents is not found."""
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")

    assert [
        path.name
        for path in (ROOT / "docs").glob("*.md")
        if path.name != "index.md" and path.name not in index
    ] == []


def test_licence_is_whole() -> None:
    """The text of the licence has its terms, its end and its appendix."""
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")

    assert re.findall(r"^   (\d+)\. ", text, re.MULTILINE) == ["1", "2", "3", "4", "5", "6", "7", "8", "9"]
    assert "END OF TERMS AND CONDITIONS" in text
    assert text.rstrip().endswith("limitations under the License.")


def test_check_wheel_names_what_is_missing_and_what_is_too_much() -> None:
    """The archive checker sees a forgotten data file, a stray module and missing metadata."""
    names = [f"hgframing-1.dist-info/{name}" for name in archives.METADATA_FILES - {"entry_points.txt"}]

    findings = archives.check_wheel(
        [*names, "hgframing/a.py", "tests/b.py"], {"hgframing/a.py", "hgframing/py.typed"}
    )

    assert findings == [
        "the wheel lacks hgframing/py.typed",
        "the wheel lacks hgframing_vectors/compiled.json",
        "the wheel holds tests/b.py, which is in no package",
        "the wheel's metadata lacks entry_points.txt",
    ]


def test_check_sdist_names_what_is_missing_and_what_tools_made() -> None:
    """The archive checker sees a source archive without a suite, and one that took a cache along."""
    names = [f"hgframing-1/{name}" for name in (*archives.SOURCE_FILES, ".tox/x", "fuzz/hgframing_fuzz/a.py")]

    findings = archives.check_sdist(names, {"hgframing_fuzz/a.py", "hgframing_vectors/suites/a.yaml"})

    assert findings == [
        "the source archive lacks vectors/hgframing_vectors/suites/a.yaml",
        "the source archive holds .tox/x",
    ]


def test_archives_of_a_build_are_read_and_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The checker opens both archives, prints its findings and says by its status whether there are any."""
    root, build = tmp_path / "root", tmp_path / "build"
    for package in archives.PACKAGE_PATHS:
        (root / package).mkdir(parents=True)
        (root / package / "__init__.py").touch()
    build.mkdir()
    assert archives.main(build, root) == 2

    with zipfile.ZipFile(build / "hgframing-1-py3-none-any.whl", "w") as wheel:
        for name in (
            *archives.package_files(root),
            *archives.MADE_FILES,
            *(f"hgframing-1.dist-info/{m}" for m in archives.METADATA_FILES),
        ):
            wheel.writestr(name, "")
    with tarfile.open(build / "hgframing-1.tar.gz", "w:gz") as sdist:
        for name in archives.SOURCE_FILES:
            sdist.addfile(tarfile.TarInfo(f"hgframing-1/{name}"))
        for package in archives.PACKAGE_PATHS:
            sdist.addfile(tarfile.TarInfo(f"hgframing-1/{package}/__init__.py"))
    assert archives.main(build, root) == 0

    (root / "reference" / "hgframing" / "py.typed").touch()
    capsys.readouterr()
    assert archives.main(build, root) == 1
    assert "the wheel lacks hgframing/py.typed" in capsys.readouterr().out
