"""A live server is checked as a harness is: each case has its end, and the run goes on."""

from __future__ import annotations

import time

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hgframing_conformance._adapters import AdapterOptions, Answered, NotRun
from hgframing_conformance._cases import Layer
from hgframing_conformance._http_adapter import HttpAdapter
from hgframing_conformance._http_forms import parse_request
from hgframing_conformance._locators import connect
from hgframing_conformance._messages import case_message
from hgframing_conformance._outcomes import Outcome, OutcomeKind
from hgframing_conformance._run import Engine, RunOptions
from hgframing_conformance._select import items
from hgframing_conformance._suites import load_suites

from .web import Site, site
from .zoo.commands import run
from .zoo.servers import VICES, serving


SUITE = """\
format: 1
suite: http/bites
title: Small
layer: http
revisions: ["0006"]
cases:
  - id: http-bites
    title: One
    level: must
    source: by hand
    steps:
      - request: {path: "ro/branchmap", commands: [{command: "branchmap"}]}
        expect: [{response: {status: 200, answers: {"1": response}}}]
      - request: {path: "ro/bite"}
        expect: [{response: {status: 404}}]
  - id: http-goes-on
    title: Two
    level: must
    source: by hand
    requires: {commands: [capabilities]}
    steps:
      - request: {path: "ro/capabilities", commands: [{command: "capabilities"}]}
        expect: [{response: {status: 200, answers: {"1": response}}}]
"""


def suite(directory: Path) -> Path:
    """Write the suite."""
    file = directory / "suites" / "http" / "bites.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(SUITE)
    (directory / "ids.txt").write_text("http-bites\nhttp-goes-on\n")
    return file


def outcomes(address: str, file: Path, *, timeout: float = 0.5) -> Sequence[Outcome]:
    """Check a server with the suite."""
    adapter = connect(f"http://{address}/", AdapterOptions(timeout=timeout))
    cases = load_suites([file])
    found = list(Engine(adapter, RunOptions()).run(item for case in cases for item in items(case)))
    assert adapter.close() == ()
    return found


@pytest.mark.parametrize(
    ("vice", "kind", "reason"),
    [
        ("silent", OutcomeKind.TIMED_OUT, "0.5 s"),
        ("drip", OutcomeKind.TIMED_OUT, "0.5 s"),
        ("drip-body", OutcomeKind.TIMED_OUT, "0.5 s"),
        ("endless-continue", OutcomeKind.TIMED_OUT, "0.5 s"),
        ("endless-headers", OutcomeKind.BAD_REPLY, "100 headers"),
        ("huge-header", OutcomeKind.BAD_REPLY, "LineTooLong"),
        ("garbage", OutcomeKind.BAD_REPLY, "no HTTP response"),
        ("other-version", OutcomeKind.BAD_REPLY, "UnknownProtocol"),
        ("bad-status", OutcomeKind.BAD_REPLY, "no HTTP response"),
        ("truncated", OutcomeKind.BAD_REPLY, "91 octets too early"),
        ("bad-chunk", OutcomeKind.BAD_REPLY, "inside a chunk"),
        ("closes", OutcomeKind.CRASHED, "closed before a response"),
        ("closes-in-headers", OutcomeKind.BAD_REPLY, "no HTTP response"),
        ("resets", OutcomeKind.CRASHED, "the connection broke"),
        ("redirects", OutcomeKind.FAILED, "expected status 404, got 302"),
        ("negative-length", OutcomeKind.FAILED, "expected status 404, got 200"),
    ],
)
def test_server_with_a_vice_costs_one_case(vice: str, kind: OutcomeKind, reason: str, tmp_path: Path) -> None:
    """The outcome names the step and what happened; what follows passes."""
    started = time.monotonic()
    with serving(vice) as address:
        bitten, after = outcomes(address, suite(tmp_path))

    assert (bitten.kind, after.kind) == (kind, OutcomeKind.PASSED)
    assert reason in bitten.reason
    if kind is not OutcomeKind.BAD_REPLY:
        assert bitten.step == 1
    assert time.monotonic() - started < 5


def test_every_vice_has_its_outcome_or_its_bound() -> None:
    """The two that are missing above need a longer deadline; test_exchange.py has them."""
    (mark,) = test_server_with_a_vice_costs_one_case.pytestmark  # type: ignore[attr-defined]

    assert set(VICES) - {row[0] for row in mark.args[1]} == {"endless-body", "endless-chunks"}


@pytest.mark.parametrize("vice", ["silent", "garbage", "closes", "resets", "endless-headers", "truncated"])
def test_server_that_breaks_at_once_is_a_setup_error(
    vice: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line for people, and exit status 2."""
    file = suite(tmp_path)
    with serving(vice, "") as address:
        status = run("check", f"http://{address}/", "--suites", str(file), "--timeout", "0.5")

    told = capsys.readouterr().err
    assert status == 2
    assert told.startswith(f"hgframing: http://{address}/: GET /api: ")
    assert "Traceback" not in told


def test_server_that_fails_too_often_is_left_alone(tmp_path: Path) -> None:
    """As a harness that dies too often."""
    case = load_suites([suite(tmp_path)])[0]
    bite = case_message(revision="0006", layer=Layer.HTTP, setup={}, steps=[{"request": case.steps[1].value}])
    with serving("closes") as address:
        adapter = HttpAdapter(f"//{address}/", AdapterOptions(max_restarts=1))
        observed = list(adapter.run([bite] * 4))

    assert observed[2:] == [NotRun(reason="the server failed 2 times")] * 2


def test_server_that_went_away_is_a_crash(tmp_path: Path) -> None:
    """Nothing listens any more."""
    case = load_suites([suite(tmp_path)])[1]
    with serving("closes") as address:
        adapter = connect(f"http://{address}/", AdapterOptions())
    (outcome,) = Engine(adapter, RunOptions()).run(items(case))

    assert outcome.kind is OutcomeKind.CRASHED
    assert "cannot connect to" in outcome.reason


def test_hello_says_what_the_server_said() -> None:
    """Layer, revisions and commands; what is not among them is unsupported."""
    web = Site()
    web.mount("0002", "")
    with site(web) as address:
        hello = connect(f"http://{address}#name=Mine", AdapterOptions()).hello

    assert (hello.name, hello.version, hello.language) == ("Mine", "1.5", "HTTP")
    assert (hello.layers, hello.revisions) == ([Layer.HTTP], ["0002"])
    assert "pushkey" in hello.capabilities.commands
    assert [verb.value for verb in hello.capabilities.steps or ()] == ["request"]


def test_steps_of_a_case_are_requests_in_order() -> None:
    """What is asked is what the case says, and its responses come back as they were."""
    web = Site()
    web.mount("0006", "")
    requests: list[dict[str, Any]] = [
        {"request": parse_request({"method": method, "path": path}, "0006")[0]}
        for method, path in (("GET", ""), ("PUT", "ro/nope"))
    ]
    message = case_message(revision="0006", layer=Layer.HTTP, setup={}, steps=requests)
    with site(web) as address:
        adapter = connect(f"http://{address}", AdapterOptions())
        web.asked.clear()
        (observed,) = adapter.run([message])

    assert web.asked == ["GET /api/exp-http-v2-0003", "PUT /api/exp-http-v2-0003/ro/nope"]
    assert isinstance(observed, Answered)
    assert [step[0]["response"]["status"] for step in observed.steps] == [200, 405]
