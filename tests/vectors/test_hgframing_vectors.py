"""The package of data finds its files, and holds no code but that."""

from __future__ import annotations

from pathlib import Path

import hgframing_vectors


def test_root_is_the_package_itself() -> None:
    """The same place in a checkout and in an installed wheel."""
    assert hgframing_vectors.root().joinpath("suites").is_dir()
    assert hgframing_vectors.root().joinpath("schemas").joinpath("suite.schema.json").is_file()


def test_suite_files_are_all_yaml_files_below_suites_by_name() -> None:
    """Every file is found, sorted, under the name that its path gives it."""
    files = hgframing_vectors.suite_files()
    suites = Path(str(hgframing_vectors.root())) / "suites"
    expected = sorted(file.relative_to(suites).with_suffix("").as_posix() for file in suites.rglob("*.yaml"))
    assert list(files) == expected
    assert files
    assert all(file.read_bytes().startswith((b"format:", b"#")) for file in files.values())


def test_package_holds_no_other_code() -> None:
    """`hgframing_vectors` may become a distribution of its own: it is data."""
    assert [file.name for file in Path(str(hgframing_vectors.root())).rglob("*.py")] == ["__init__.py"]
