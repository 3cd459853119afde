"""The pytest plugin, in a pytest of its own."""

from __future__ import annotations

import re
import subprocess
import sys

from pathlib import Path

import pytest

from .zoo.cases import animal
from .zoo.commands import SUITE, write_suite


@pytest.fixture
def suites(tmp_path: Path) -> Path:
    """Write a suite of two cases."""
    return Path(write_suite(tmp_path))


def run(directory: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run pytest in a directory that knows nothing of us."""
    plain = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
    command = [sys.executable, "-m", "pytest", *plain, *map(str, arguments)]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False, timeout=60)


def vectors(directory: Path, suites: Path, kind: str, *more: object) -> subprocess.CompletedProcess[str]:
    """Check an animal with the small suite."""
    return run(
        directory,
        "--pyargs",
        "hgframing_conformance",
        "--implementation",
        f"exec:{animal(kind)}",
        "--hgframing-suites",
        suites,
        "-rA",
        *more,
    )


def counts(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """Read pytest's last line."""
    last = done.stdout.rstrip().splitlines()[-1]
    return {
        word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|skipped|xfailed|error)", last)
    }


def test_plugin_failure_shows_our_report(tmp_path: Path, suites: Path) -> None:
    """Items have the names of reports; a failing one shows expected and observed, and no traceback of ours."""
    done = vectors(tmp_path, suites, "wrong")
    assert done.returncode == 1
    assert counts(done) == {"passed": 1, "failed": 1}
    assert "::zoo-first@0006[frame]" in done.stdout
    assert "1 1 0 command-data eos bite" in done.stdout
    assert "repro: hgframing replay --suites" in done.stdout
    assert "plugin.py" not in done.stdout


def test_plugin_selection_is_pytests(tmp_path: Path, suites: Path) -> None:
    """`-k` selects items by their names."""
    assert counts(vectors(tmp_path, suites, "wrong", "-k", "zoo-first")) == {"passed": 1}


KNOWN = """\
format: 1
implementation: animal
entries:
  - {cases: [zoo-second], matches: 1, outcome: failed, reason: it bites}
"""


def test_plugin_known_failure_is_xfailed_and_a_stale_entry_fails(tmp_path: Path, suites: Path) -> None:
    """What the file knows is an expected failure; the file is an item itself, which says where it is wrong."""
    known = tmp_path / "known.yaml"
    known.write_text(KNOWN + "  - {cases: [gone], matches: 1, outcome: failed, reason: it was so}\n")
    done = vectors(tmp_path, suites, "wrong", "--expectations", known)
    assert done.returncode == 1
    assert counts(done) == {"passed": 1, "failed": 1, "xfailed": 1}
    assert "known.yaml:5: no case matches gone" in done.stdout


def test_plugin_unexpected_pass_fails(tmp_path: Path, suites: Path) -> None:
    """A case that the file says fails has to fail."""
    known = tmp_path / "known.yaml"
    known.write_text(KNOWN)
    done = vectors(tmp_path, suites, "honest", "--expectations", known)
    assert counts(done) == {"passed": 2, "failed": 1}
    assert "passes, but is expected to fail" in done.stdout


def test_plugin_unsupported_is_skipped(tmp_path: Path, suites: Path) -> None:
    """What an implementation does not declare is skipped, and says what it needs."""
    text = SUITE.replace("chunkings: [frame]", "chunkings: [byte]")
    suites.write_text(text)
    done = vectors(tmp_path, suites, "rigid")
    assert counts(done) == {"skipped": 2}
    assert "unsupported, for want of chunking byte" in done.stdout


def test_plugin_broken_harness_ends_the_run(tmp_path: Path, suites: Path) -> None:
    """A harness that says no hello is told once, with what it printed, and is no success."""
    done = vectors(tmp_path, suites, "quits")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "cannot find my library" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--hgframing-revision", "7"), "unknown revision '7'"),
        (("--expectations", "none.yaml"), "none.yaml"),
        (("--implementation", "nonsense"), "not a locator"),
    ],
)
def test_plugin_usage_errors_are_one_message(
    tmp_path: Path, suites: Path, options: tuple[str, ...], said: str
) -> None:
    """What the user did wrong is said, and nothing passes."""
    done = vectors(tmp_path, suites, "honest", *options)
    assert done.returncode != 0
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_plugin_without_options_checks_the_reference(tmp_path: Path) -> None:
    """The suite's own implementation is the default."""
    done = run(tmp_path, "--pyargs", "hgframing_conformance", "-q", "-k", "server-data-one-frame and 0006")
    assert done.returncode == 0, done.stdout
    assert counts(done) == {"passed": 3}


def test_plugin_not_asked_for_is_cheap_and_silent(tmp_path: Path) -> None:
    """In everybody else's runs nothing of ours is imported but the plugin, and nothing is printed."""
    (tmp_path / "test_other.py").write_text(
        "import sys\n\n\n"
        "def test_imports():\n"
        "    ours = {name for name in sys.modules if name.startswith('hgframing')}\n"
        "    assert ours == {'hgframing_conformance', 'hgframing_conformance.plugin'}\n"
        "    assert not {'msgspec', 'rich', 'click', 'yaml', 'cbor2'} & set(sys.modules)\n"
    )
    (tmp_path / "test_vectors.py").write_text("def test_of_theirs():\n    assert True\n")
    done = run(tmp_path, "-q")
    assert done.returncode == 0, done.stdout
    assert counts(done) == {"passed": 2}
