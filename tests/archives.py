"""What a release's archives must hold; `tox run -e package` builds both and runs this file on them.

The rule for the wheel is equality, not a list: every file of the four packages, what the build makes of the suites, and
nothing else, so that a data file that the build forgets and a directory that it should not take are both seen.

    python tests/archives.py DIRECTORY
"""

from __future__ import annotations

import sys
import tarfile
import zipfile

from collections.abc import Collection, Iterable
from pathlib import Path, PurePosixPath
from typing import Final


__all__ = ["PACKAGE_PATHS", "check_sdist", "check_wheel", "main", "package_files"]

#: Where the packages lie in the repository.
PACKAGE_PATHS: Final = (
    "reference/hgframing",
    "vectors/hgframing_vectors",
    "conformance/hgframing_conformance",
    "fuzz/hgframing_fuzz",
)

#: What a person who has the source archive alone needs to run the tests and to change the code.
SOURCE_FILES: Final = (
    ".ci/run",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "docs/architecture.md",
    "pyproject.toml",
    "tests/test_architecture.py",
    "tox.ini",
)

#: What the build adds to the packages (`hatch_build.py`).
MADE_FILES: Final = frozenset({"hgframing_vectors/compiled.json"})

#: Metadata of a wheel that a build makes itself.
METADATA_FILES: Final = frozenset({"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"})


def package_files(root: Path) -> frozenset[str]:
    """List the files of the four packages as a wheel names them.

    Args:
        root: the repository's root.

    Returns:
        Names such as `hgframing/_frames.py`, without what Python caches.
    """
    return frozenset(
        path.relative_to((root / package).parent).as_posix()
        for package in PACKAGE_PATHS
        for path in (root / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )


def check_wheel(names: Iterable[str], expected: Collection[str]) -> list[str]:
    """Compare the members of a wheel with what it must hold.

    Args:
        names: the members of the wheel.
        expected: the files of the packages, as `package_files` names them.

    Returns:
        One sentence for each member that is missing or too much.
    """
    members, wanted = set(names), MADE_FILES | set(expected)
    metadata = {name for name in members if PurePosixPath(name).parts[0].endswith(".dist-info")}
    found_metadata = {name.partition("/")[2] for name in metadata}
    return [
        *(f"the wheel lacks {name}" for name in sorted(wanted - members)),
        *(f"the wheel holds {name}, which is in no package" for name in sorted(members - metadata - wanted)),
        *(f"the wheel's metadata lacks {name}" for name in sorted(METADATA_FILES - found_metadata)),
    ]


def check_sdist(names: Iterable[str], expected: Collection[str]) -> list[str]:
    """Compare the members of a source archive with what it must hold.

    Args:
        names: the members, all below one directory `hgframing-<version>`.
        expected: the files of the packages, as `package_files` names them.

    Returns:
        One sentence for each member that is missing or that tools have made.
    """
    members = {name.partition("/")[2] for name in names}
    homes = {PurePosixPath(path).name: PurePosixPath(path).parent for path in PACKAGE_PATHS}
    wanted = {*SOURCE_FILES, *(str(homes[name.partition("/")[0]] / name) for name in expected)}
    made = {".coverage", ".git", ".hypothesis", ".tox", ".venv", "__pycache__", "build", "dist"}
    return [
        *(f"the source archive lacks {name}" for name in sorted(wanted - members)),
        *(
            f"the source archive holds {name}"
            for name in sorted(members)
            if made & set(PurePosixPath(name).parts)
        ),
    ]


def main(directory: Path, root: Path) -> int:
    """Check the one wheel and the one source archive of a directory.

    Args:
        directory: where a build put them.
        root: the repository that they were built from.

    Returns:
        0 if both are right, 1 if not, 2 if there is not one of each.
    """
    wheels, sdists = sorted(directory.glob("*.whl")), sorted(directory.glob("*.tar.gz"))
    if len(wheels) != 1 or len(sdists) != 1:
        print(
            f"{directory}: one wheel and one source archive are wanted, not {len(wheels)} and {len(sdists)}"
        )
        return 2
    expected = package_files(root)
    with zipfile.ZipFile(wheels[0]) as wheel, tarfile.open(sdists[0]) as sdist:
        findings = [
            *check_wheel(wheel.namelist(), expected),
            *check_sdist((member.name for member in sdist if member.isfile()), expected),
        ]
    for finding in findings:
        print(finding)
    print(
        f"{wheels[0].name}, {sdists[0].name}: {len(expected)} files of the packages, {len(findings)} findings"
    )
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(__file__).resolve().parent.parent))
