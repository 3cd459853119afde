"""What other engines want beside a fuzzer."""

from __future__ import annotations

import dataclasses
import re
import zipfile

from pathlib import Path

import pytest

from hgframing_fuzz._engine_files import executable_name, write_engine_files
from hgframing_fuzz._spec import TargetSpec
from hgframing_fuzz.targets import TARGETS


SPEC = TARGETS["server-reactor"]


def contents(file: Path) -> list[bytes]:
    """The inputs of a corpus."""
    with zipfile.ZipFile(file) as archive:
        return [archive.read(name) for name in archive.namelist()]


def test_files_have_the_names_that_the_engine_looks_for(tmp_path: Path) -> None:
    """The executable is called as the script is."""
    files = write_engine_files(tmp_path / "out", SPEC, None)

    assert [file.name for file in files] == [
        "server_reactor_fuzzer_seed_corpus.zip",
        "server_reactor_fuzzer.dict",
        "server_reactor_fuzzer.options",
    ]
    assert executable_name(SPEC) == "server_reactor_fuzzer"
    assert "max_len = 100000" in files[2].read_text(encoding="ascii")


def test_corpus_has_what_somebody_thought_of_and_what_the_target_makes(tmp_path: Path) -> None:
    """Inputs of its own directory, seeds of the target, and generated ones, each once."""
    for name, octets in (("server-reactor", b"mine"), ("client-reactor", b"theirs")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "one.bin").write_bytes(octets)
    spec = dataclasses.replace(SPEC, seeds=lambda: (b"seed", b"mine"))

    corpus = contents(write_engine_files(tmp_path / "out", spec, tmp_path)[0])

    assert corpus.count(b"mine") == 1
    assert b"seed" in corpus
    assert b"theirs" not in corpus
    assert len(corpus) > 40
    assert max(map(len, corpus)) <= 4096


@pytest.mark.parametrize("spec", TARGETS.values(), ids=lambda spec: spec.name)
def test_files_are_the_same_each_time(tmp_path: Path, spec: TargetSpec) -> None:
    """And a corpus and a dictionary are there for every target, as libFuzzer reads it."""
    first, second = (write_engine_files(tmp_path / name, spec, None) for name in ("a", "b"))

    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]
    assert contents(first[0])
    lines = first[1].read_text(encoding="ascii").splitlines()
    assert len(lines) > 5
    assert all(re.fullmatch(r'"(\\x[0-9a-f]{2})+"', line) for line in lines)


def test_dictionary_is_the_targets_own_if_it_has_one(tmp_path: Path) -> None:
    """Its words and no others."""
    spec = dataclasses.replace(SPEC, dictionary=(b"a", b"\xff", b"a"))

    _, words, _ = write_engine_files(tmp_path, spec, None)

    assert words.read_text(encoding="ascii") == '"\\x61"\n"\\xff"\n'
