"""A server is asked who it is, and what it does not say a URL may say."""

from __future__ import annotations

import time

import pytest

from hgframing import REVISIONS
from hgframing_conformance._service import find_service, send
from hgframing_conformance.errors import ConnectError, HelloError, LocatorError

from .web import Site, site


API = REVISIONS["0006"].api


@pytest.fixture
def web() -> Site:
    """A site that can be told what to answer."""
    return Site()


def test_service_is_found_by_its_listing(web: Site) -> None:
    """The URL names the directory that has `api/` in it; the capabilities say the commands."""
    web.mount("0006", "/repo")
    with site(web) as address:
        found = find_service("l", f"http://{address}/repo/", 5)

    assert found.roots == {"0006": f"/repo/api/{API}"}
    assert found.commands == ("capabilities", "branchmap", "count", "echo", "fail", "pushkey")
    assert (found.name, found.version) == ("Site", "1.5")


def test_service_is_found_by_the_root_of_an_api(web: Site) -> None:
    """Without a listing."""
    web.mount("0006", "")
    del web.answers["GET /api"]
    with site(web) as address:
        assert find_service("l", f"http://{address}/api/{API}", 5).roots == {"0006": f"/api/{API}"}


@pytest.mark.parametrize("revision", list(REVISIONS))
def test_service_speaks_the_revisions_that_it_answers_in(web: Site, revision: str) -> None:
    """Five revisions share one API's name; a server that speaks one has that, and at most its twin of the same type."""
    web.mount(revision, "")
    with site(web) as address:
        found = find_service("l", f"http://{address}", 5)

    media_type = REVISIONS[revision].media_type
    assert revision in found.roots
    assert all(REVISIONS[key].media_type == media_type for key in found.roots)
    assert "echo" in found.commands


def test_service_may_be_said_instead_of_asked(web: Site) -> None:
    """For servers without the command `capabilities`."""
    web.answers["GET /api"] = (200, [], API.encode())
    with site(web) as address:
        said = "#revision=0006&commands=heads,known&name=Mine"
        found = find_service("l", f"http://{address}{said}", 5)

    assert (found.roots, found.commands, found.name) == (
        {"0006": f"/api/{API}"},
        ("heads", "known"),
        "Mine",
    )


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("https://a/", "write http://host:port/path"),
        ("http:///a", "write http://host:port/path"),
        ("http://u:p@a/", "without user and query"),
        ("http://a/?x=1", "without user and query"),
        ("http://a:99999/", "the port is no number"),
        ("http://a:x/", "the port is no number"),
        ("http://[a/", "write http://host:port/path"),
        ("http://a/#revison=0006", "#revison is unknown; known are commands, name, revision"),
        ("http://a/#revision=0007", "unknown revision '0007'"),
        ("http://a/ü", "have to be written as %XX"),
    ],
)
def test_url_that_means_nothing_is_refused(url: str, part: str) -> None:
    """Before anything is asked."""
    with pytest.raises(LocatorError, match="l: ") as caught:
        find_service("l", url, 5)
    assert part in str(caught.value)


def test_nothing_listens() -> None:
    """The first question is refused."""
    with pytest.raises(ConnectError, match=r"^l: cannot connect to 127.0.0.1:1: "):
        find_service("l", "http://127.0.0.1:1/", 5)


def test_listing_without_an_api_quotes_what_came(web: Site) -> None:
    """An API that is switched off looks like this (sheet r5, "HTTP binding")."""
    web.answers["GET /api"] = (404, [], b"Unknown")
    with site(web) as address, pytest.raises(HelloError) as caught:
        find_service("l", f"http://{address}/", 5)
    assert "/api is answered with status 404 and 'Unknown', and lists none of " in str(caught.value)
    assert "is the API switched on?" in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        ((404, [], b""), "in 0006, expected status 200, got 404"),
        ((200, [("Content-Type", "text/plain")], b""), "expected header content-type"),
        ((302, [("Location", "/")], b""), "got 302"),
        ((200, [("Content-Type", REVISIONS["0006"].media_type)], b"x"), "no sequence of whole frames"),
    ],
)
def test_capabilities_that_are_not_answered_are_a_reason(
    web: Site, answer: tuple[int, list[tuple[str, str]], bytes], part: str
) -> None:
    """Each revision that was tried says why it is not spoken."""
    web.answers["GET /api"] = (200, [], API.encode())
    web.answers[f"POST /api/{API}/ro/capabilities"] = answer
    with site(web) as address, pytest.raises(HelloError) as caught:
        find_service("l", f"http://{address}/", 5)
    assert part in str(caught.value)
    assert "say #revision=" in str(caught.value)


@pytest.mark.parametrize(
    ("payload", "commands"),
    [
        ("cbor:{b'status': b'ok'}", ()),
        ("hex:ff", None),
        ("hex:a146737461747573426f6bff", ()),
    ],
)
def test_capabilities_of_another_form_name_themselves_alone(
    web: Site, payload: str, commands: tuple[str, ...] | None
) -> None:
    """A response that is whole shows that the revision is spoken, whatever it says."""
    web.answers["GET /api"] = (200, [], API.encode())
    web.frames(f"POST /api/{API}/ro/capabilities", f"1 2 stream-begin command-response eos {payload}")
    with site(web) as address:
        if commands is None:
            with pytest.raises(HelloError, match="response without status"):
                find_service("l", f"http://{address}/", 5)
        else:
            assert find_service("l", f"http://{address}/", 5).commands == ("capabilities", *commands)


def test_server_without_a_name_has_one(web: Site) -> None:
    """A report needs something to call it."""
    web.mount("0006", "")
    web.product = ""
    with site(web) as address:
        assert find_service("l", f"http://{address}", 5).name == "HTTP server"


def test_server_that_hangs_is_told_with_the_question(web: Site) -> None:
    """The time that it had stands beside it."""
    web.delay = 3
    with (
        site(web) as address,
        pytest.raises(HelloError, match=r"GET /api: no whole response in time \(0.3 s\)"),
    ):
        find_service("l", f"http://{address}", 0.3)


def test_send_asks_below_the_root(web: Site) -> None:
    """The empty path is the root itself, without a slash behind it."""
    web.mount("0006", "")
    with site(web) as address:
        service = find_service("l", f"http://{address}", 5)
        request = {"method": "GET", "path": "", "headers": [], "body": {"hex": ""}}
        response = send(service.server, service.roots["0006"], request, time.monotonic() + 5)

    assert response.body == b"HTTP version 2 API handler"
