"""Tests of `hgframing_fuzz._script`: a target as a program, where atheris is not."""

from __future__ import annotations

import importlib.util

from pathlib import Path

import pytest

from hgframing_fuzz import encode_input
from hgframing_fuzz._script import IMPLEMENTATION_VARIABLE, main
from hgframing_fuzz.targets import TARGETS
from tests.fuzz.miniatures import an_input


SPEC = TARGETS["server-reactor"]
BROKEN = "direct:tests.fuzz.test_targets_server_reactor_fuzzer:broken"


@pytest.fixture(autouse=True)
def _without_atheris(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which atheris cannot be installed."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """A directory with an input that is a finding in the miniature, and one that is none."""
    for name, text in (("a-finding", "command-request new"), ("fine", "command-request new x")):
        (tmp_path / name).write_bytes(encode_input(an_input(f"1 1 stream-begin {text}")))
    return tmp_path


def test_main_directory_is_replayed_and_findings_are_named(
    inputs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each file runs; libFuzzer's options mean nothing."""
    monkeypatch.setenv(IMPLEMENTATION_VARIABLE, BROKEN)

    status = main(SPEC, ["program", "-runs=5", str(inputs)])

    said = capsys.readouterr().out
    assert status == 1
    assert "a-finding: IndexError in on_legal at miniatures-" in said
    assert "fine:" not in said
    assert "2 inputs, 1 findings" in said


def test_main_files_without_finding_are_a_success(inputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The reference is what is driven when nothing else is named."""
    assert main(SPEC, ["program", str(inputs / "a-finding"), str(inputs / "fine")]) == 0
    assert "2 inputs, 0 findings" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["-runs=1"], ["no-such-file"]])
def test_main_nothing_to_replay_is_wrong_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Without atheris there is nothing to do but to replay."""
    assert main(SPEC, ["program", *arguments]) == 2
    assert capsys.readouterr().err.strip()


def test_main_implementation_that_is_not_there_is_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names it."""
    monkeypatch.setenv(IMPLEMENTATION_VARIABLE, "direct:no_such_module:make")

    assert main(SPEC, ["program", "file"]) == 2
    assert "no_such_module" in capsys.readouterr().err
