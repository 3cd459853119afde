"""A reactor behind HTTP is judged by the vectors of the layer `server`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hgframing import REVISIONS
from hgframing_conformance._adapters import AdapterOptions, Answered, BadReply, Crashed, NotRun, TimedOut
from hgframing_conformance._cases import Case, Layer
from hgframing_conformance._locators import connect
from hgframing_conformance._outcomes import OutcomeKind
from hgframing_conformance._run import Engine, RunOptions
from hgframing_conformance._select import item_message, items, unsupported
from hgframing_conformance._suites import load_suites
from hgframing_conformance.errors import HelloError, LocatorError

from .web import Answer, Site, site
from .zoo.cases import case
from .zoo.servers import serving


PATH = f"POST /api/{REVISIONS['0006'].api}/ro/debugreflect"
REQUEST = "1300000100010111a1446e616d654c6361706162696c6974696573"


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """What ships for a server of the last revision."""
    return [one for one in load_suites() if one.layer is Layer.SERVER and one.revision == "0006"]


@pytest.fixture
def web() -> Iterator[tuple[Site, str]]:
    """The reference's binding behind a socket."""
    mounted = Site()
    mounted.mount("0006", "")
    with site(mounted) as address:
        yield mounted, address


def ask(address: str, *steps: dict[str, object], timeout: float = 5) -> object:
    """Run one case of these steps."""
    adapter = connect(f"reflect:http://{address}/", AdapterOptions(timeout=timeout))
    (observed,) = adapter.run([{"revision": "0006", "steps": list(steps)}])
    assert adapter.close() == ()
    return observed


def test_reference_behind_reflection_passes_what_it_can_be_asked(
    web: tuple[Site, str], cases: list[Case]
) -> None:
    """Every case that must pass does, and nothing that needs more is asked."""
    adapter = connect(f"reflect:http://{web[1]}/", AdapterOptions())
    chosen = [item for one in cases for item in items(one) if not unsupported(item, adapter.hello)][::4]

    outcomes = list(Engine(adapter, RunOptions(strict=True)).run(chosen))

    assert len(outcomes) > 80
    assert [outcome.item.name for outcome in outcomes if outcome.gating] == []


def test_hello_says_what_the_endpoint_cannot_show(web: tuple[Site, str], cases: list[Case]) -> None:
    """What follows from it makes cases unsupported, with the reason."""
    hello = connect(f"reflect:http://{web[1]}/#name=Mine", AdapterOptions()).hello
    reasons = {unsupported(item, hello) for one in cases for item in items(one)}

    assert (hello.name, hello.layers, hello.revisions) == ("Mine", [Layer.SERVER], ["0006"])
    assert {"", "step respond", "step fail", "chunking byte", "setup defer-output", "values set"} <= reasons


def test_actions_are_dealt_out_to_the_steps(web: tuple[Site, str]) -> None:
    """Two frames in one step, one in the next, and the end of input in the last."""
    more = "010000010001002278"

    observed = ask(
        web[1],
        {"receive": [REQUEST.replace("0111a1", "0119a1"), more]},
        {"receive": []},
        {"receive": [more]},
        {"end-input": None},
    )

    assert isinstance(observed, Answered)
    kinds = [[next(iter(action)) for action in step] for step in observed.steps]
    assert kinds[0] == ["want-frame", "run-command"]
    assert kinds[1] == []
    assert kinds[2][0] == "error"
    assert kinds[3]


def test_reactor_that_throws_is_found_by_asking_again(web: tuple[Site, str]) -> None:
    """The steps before it keep their actions, those behind it have none."""
    mounted, address = web
    adapter = connect(f"reflect:http://{address}/", AdapterOptions())
    whole = mounted.answer

    def throwing(method: str, path: str, headers: list[list[str]], body: bytes) -> object:
        if b"boom" in body:
            return 500, [], b"Internal \x1bServer Error"
        return whole(method, path, headers, body)

    mounted.answer = throwing  # type: ignore[method-assign,assignment]
    boom = "040000030001002278".replace("78", b"boom".hex())
    steps = [{"receive": [REQUEST]}, {"receive": [boom]}, {"receive": [boom]}, {"end-input": None}]
    (observed,) = adapter.run([{"revision": "0006", "steps": steps}])

    assert isinstance(observed, Answered)
    assert "run-command" in observed.steps[0][0]
    assert observed.steps[1:] == [
        [{"raised": {"type": "status 500", "message": "Internal \\x1bServer Error"}}],
        [],
        [],
    ]


def test_reactor_that_throws_only_once_is_a_bad_reply(web: tuple[Site, str]) -> None:
    """The same octets have the same answer."""
    mounted, address = web
    adapter = connect(f"reflect:http://{address}/", AdapterOptions())
    whole = mounted.answer
    answers: Iterator[Answer] = iter([(500, [], b"")])
    mounted.answer = lambda *asked: next(answers, None) or whole(*asked)  # type: ignore[method-assign]

    (observed,) = adapter.run([{"revision": "0006", "steps": [{"receive": [REQUEST]}]}])

    assert observed == BadReply(problem="the reactor threw, and did not when it was asked again", quoted="")


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((404, [], b"gone"), "status 404: 'gone'"),
        ((200, [], b"<html>"), "frame 1 is not told as it was sent"),
    ],
)
def test_answer_that_is_no_reflection_is_a_bad_reply(
    web: tuple[Site, str], answer: tuple[int, list[tuple[str, str]], bytes], problem: str
) -> None:
    """After it once was one."""
    mounted, address = web
    adapter = connect(f"reflect:http://{address}/", AdapterOptions())
    mounted.answers[PATH] = answer

    (observed,) = adapter.run([{"revision": "0006", "steps": [{"receive": [REQUEST]}]}])

    assert isinstance(observed, BadReply)
    assert problem in observed.problem


def test_what_follows_the_end_of_input_is_not_run(web: tuple[Site, str]) -> None:
    """One body has one end; nobody pretends."""
    observed = ask(web[1], {"end-input": None}, {"receive": [REQUEST]})

    assert observed == NotRun(reason="the endpoint cannot show what follows the end of input")


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        (
            (404, [], b"debugreflect service not available"),
            "status 404: 'debugreflect service not available'",
        ),
        ((500, [], b""), "status 500"),
        ((200, [], b"<html>"), "where the input ends there is '<html>'"),
    ],
)
def test_endpoint_that_is_off_is_a_setup_error(
    web: tuple[Site, str], answer: tuple[int, list[tuple[str, str]], bytes], part: str
) -> None:
    """Sheet r1, "HTTP binding": 404 unless it is switched on."""
    web[0].answers[PATH] = answer

    with pytest.raises(HelloError) as caught:
        connect(f"reflect:http://{web[1]}/", AdapterOptions())
    assert "does not reflect in 0006" in str(caught.value)
    assert part in str(caught.value)
    assert "is it switched on?" in str(caught.value)


@pytest.mark.parametrize(
    ("vice", "part"),
    [("silent", "no answer in 0.5 s"), ("closes", "closed before"), ("garbage", "no HTTP response")],
)
def test_server_that_breaks_at_reflection_is_a_setup_error(vice: str, part: str) -> None:
    """In bounded time."""
    with serving(vice, "debugreflect") as address, pytest.raises(HelloError, match=part):
        connect(f"reflect:http://{address}/", AdapterOptions(timeout=0.5))


def test_server_that_fails_too_often_is_left_alone(web: tuple[Site, str]) -> None:
    """A time-out costs its case, and too many of them the rest."""
    mounted, address = web
    adapter = connect(f"reflect:http://{address}/", AdapterOptions(timeout=0.2, max_restarts=1))
    mounted.delay = 0.6
    message = {"revision": "0006", "steps": [{"receive": [REQUEST]}]}

    first, second, third = adapter.run([message] * 3)

    assert first == second == TimedOut(seconds=0.2, step=0)
    assert third == NotRun(reason="the server failed 2 times")


def test_server_that_went_away_is_a_crash() -> None:
    """Nothing listens any more."""
    mounted = Site()
    mounted.mount("0006", "")
    with site(mounted) as address:
        adapter = connect(f"reflect:http://{address}/", AdapterOptions())
    (observed,) = adapter.run([{"revision": "0006", "steps": [{"receive": [REQUEST]}]}])

    assert isinstance(observed, Crashed)


def test_locator_needs_a_url() -> None:
    """`reflect:` is followed by a whole URL."""
    with pytest.raises(LocatorError, match="reflect:nonsense: write http://host:port/path"):
        connect("reflect:nonsense")


def test_zoo_case_of_another_layer_is_unsupported(web: tuple[Site, str]) -> None:
    """The endpoint has a reactor and nothing else."""
    adapter = connect(f"reflect:http://{web[1]}/", AdapterOptions())
    (outcome, *_) = Engine(adapter, RunOptions()).run(items(case("a")))

    assert (outcome.kind, outcome.reason) == (OutcomeKind.UNSUPPORTED, "layer codec")
    assert item_message(outcome.item.case, outcome.item.chunking)["steps"] == []
