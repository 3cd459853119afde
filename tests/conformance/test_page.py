"""The HTML page of runs: what it shows, and what no implementation can make it do."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess

from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path

import pytest

from hgframing_conformance._outcomes import OutcomeKind
from hgframing_conformance._page import page, render, write_page
from hgframing_conformance._results import Run, read_results

from .zoo.animals import EVIL
from .zoo.commands import check, write_suite


class _Reader(HTMLParser):
    """Collects elements, scripts and the text between them."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, Mapping[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        where = self.scripts if self.open and self.open[-1] in {"script", "style"} else self.texts
        where.append(data)


def read(text: str) -> _Reader:
    """Read a page."""
    reader = _Reader()
    reader.feed(text)
    return reader


def runs(tmp_path: Path, *kinds: str) -> list[Run]:
    """Check animals with the small suite and read what was written."""
    suites = write_suite(tmp_path)
    paths = [tmp_path / f"{kind}.jsonl" for kind in kinds]
    for kind, path in zip(kinds, paths, strict=True):
        check(kind, suites, "--jsonl", str(path))
    return read_results(paths)


def test_page_is_a_matrix_of_cases_and_implementations(tmp_path: Path) -> None:
    """A row for each case of a revision, a cell for each run."""
    shown = page(runs(tmp_path, "honest", "wrong", "crash"))
    assert [column.title for column in shown.columns] == [
        "animal 1 (honest)",
        "animal 1 (wrong)",
        "animal 1 (crash)",
    ]
    first, second = shown.rows
    assert [cell.kind for cell in first.cells] == [OutcomeKind.PASSED] * 3
    assert [cell.kind for cell in second.cells] == [
        OutcomeKind.PASSED,
        OutcomeKind.FAILED,
        OutcomeKind.CRASHED,
    ]
    assert (first.fails, first.differs) == (False, False)
    assert (second.fails, second.differs) == (True, True)
    assert [cell.anchor for cell in second.cells] == ["", "d1", "d2"]


def test_page_tells_the_same_failure_once(tmp_path: Path) -> None:
    """Two implementations that fail alike share one story, with a line to repeat it for each."""
    (detail,) = page(runs(tmp_path, "wrong", "wrong")).details
    assert len(detail.told) == 2


def test_page_case_that_a_run_does_not_have_is_an_empty_cell(tmp_path: Path) -> None:
    """A filtered run is not taken for one that passed."""
    both = runs(tmp_path, "honest", "wrong")
    both[0].items.pop()
    assert page(both).rows[1].cells[0].kind is None


def test_page_failure_has_diagram_sentence_difference_and_repro(tmp_path: Path) -> None:
    """What a person needs to understand a failure stands on the page."""
    text = render(page(runs(tmp_path, "wrong")))
    reader = read(text)
    shown = "".join(reader.texts)
    assert [tag for tag, _ in reader.elements].count("svg") == 1
    assert "1 1 0 command-data eos bite" in shown
    assert "expected payload b'bite', got b'\\x00'" in shown
    assert "FRAME-001" in shown
    assert "hgframing replay --suites" in shown


def test_page_of_a_run_that_was_cut_off_says_incomplete(tmp_path: Path) -> None:
    """Half a run must not look like a result."""
    (run,) = runs(tmp_path, "honest")
    run.end = None
    shown = "".join(read(render(page([run]))).texts)
    assert "INCOMPLETE: cut off after 2 of 2 items" in shown


def test_page_fetches_nothing(tmp_path: Path) -> None:
    """It works without a network: no reference leaves the page, and its own policy forbids any."""
    reader = read(render(page(runs(tmp_path, "wrong", "hostile"))))
    for tag, attributes in reader.elements:
        assert tag not in {
            "link",
            "iframe",
            "object",
            "embed",
            "base",
            "img",
            "image",
            "use",
            "foreignobject",
        }
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#")
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
    assert not re.search(r"https?://|url\(|@import|import\s*\(", "".join(reader.scripts))
    policy = [attributes for tag, attributes in reader.elements if "http-equiv" in attributes]
    assert "default-src 'none'" in (policy[0]["content"] or "")


def test_page_nothing_of_an_implementation_is_markup(tmp_path: Path) -> None:
    """Hostile names, messages and standard error add no element, and no control character."""
    tame, hostile = (render(page(runs(tmp_path, kind))) for kind in ("raises", "hostile"))
    reader = read(hostile)
    assert [tag for tag, _ in reader.elements if tag in {"script", "style"}] == ["style", "script"]
    assert reader.scripts == read(tame).scripts
    assert "evil" not in "".join(reader.scripts)
    # Everything hostile is there to be read, with what moves a cursor shown as an escape.
    visible = EVIL.replace("\x1b", "\\x1b").replace("\x00", "\\x00")
    assert f"n{visible} v{visible}" in "".join(reader.texts)
    assert f"last words {visible}" in "".join(reader.texts)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", hostile)
    # Jinja's own syntax is a text like any other.
    assert "{{7*7}}" in "".join(reader.texts)


def test_page_is_the_same_for_the_same_runs(tmp_path: Path) -> None:
    """Nothing of the moment gets into it, so it can be compared and cached."""
    found = runs(tmp_path, "wrong", "crash")
    assert render(page(found)) == render(page(found))


def _browser() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def _dump(browser: str, address: str, directory: Path) -> str:
    """Let a browser load a page, run its script, and write down what became of it."""
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    command += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    command += [f"--user-data-dir={directory}", "--virtual-time-budget=4000", "--dump-dom", address]
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )
    try:
        return child.communicate(timeout=60)[0]
    finally:
        # A browser is many processes.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


@pytest.mark.skipif(_browser() is None, reason="needs Chromium")
def test_page_filters_in_a_browser(tmp_path: Path) -> None:
    """The script of the page runs under its own policy, hides what passed, and nothing hostile runs."""
    path = tmp_path / "page.html"
    write_page(path, runs(tmp_path, "honest", "hostile"))
    browser = _browser()
    assert browser is not None
    reader = read(_dump(browser, path.as_uri(), tmp_path / "profile"))
    rows = {
        attributes["data-case"]: "hidden" in attributes
        for tag, attributes in reader.elements
        if tag == "tr" and "data-case" in attributes
    }
    assert rows == {"zoo-first@0006": True, "zoo-second@0006": False}
    assert "1 of 2 cases shown" in "".join(reader.texts)
    assert [tag for tag, _ in reader.elements if tag in {"script", "img"}] == ["script"]
