"""One request and its response, whatever the server does: the right end, in time, and in bounded memory."""

from __future__ import annotations

import socket
import threading
import time
import tracemalloc

import pytest

from hgframing_conformance._exchange import MAX_BODY, Breakdown, ExchangeError, Response, Server, ask

from .zoo.servers import serving


def server(address: str) -> Server:
    """Read `host:port`."""
    host, _, port = address.rpartition(":")
    return Server(host=host, port=int(port))


def ended(vice: str, seconds: float = 0.5) -> tuple[Breakdown, str]:
    """Ask a server with a vice; return how that ended."""
    with serving(vice, "") as address, pytest.raises(ExchangeError) as caught:
        ask(server(address), "POST", "/", body=b"abc", deadline=time.monotonic() + seconds)
    return caught.value.breakdown, caught.value.problem


@pytest.mark.parametrize(
    ("vice", "breakdown", "part"),
    [
        ("silent", Breakdown.LATE, "no whole response in time"),
        ("drip", Breakdown.LATE, "no whole response in time"),
        ("drip-body", Breakdown.LATE, "no whole response in time"),
        ("endless-continue", Breakdown.LATE, "no whole response in time"),
        ("endless-headers", Breakdown.GARBLED, "got more than 100 headers"),
        ("huge-header", Breakdown.GARBLED, "LineTooLong"),
        ("garbage", Breakdown.GARBLED, "BadStatusLine"),
        ("other-version", Breakdown.GARBLED, "UnknownProtocol"),
        ("bad-status", Breakdown.GARBLED, "BadStatusLine"),
        ("truncated", Breakdown.GARBLED, "the body ends 91 octets too early"),
        ("bad-chunk", Breakdown.GARBLED, "the body ends inside a chunk"),
        ("closes", Breakdown.CLOSED, "closed before a response came"),
        ("closes-in-headers", Breakdown.GARBLED, "BadStatusLine"),
        ("resets", Breakdown.CLOSED, "the connection broke"),
    ],
)
def test_server_that_does_not_answer_ends_in_time(vice: str, breakdown: Breakdown, part: str) -> None:
    """Each vice has its end, with a clause that says what it was, and nobody waits for longer than was said."""
    started = time.monotonic()

    found, problem = ended(vice)

    assert time.monotonic() - started < 3
    assert (found, part in problem) == (breakdown, True), problem
    assert "\x1b" not in problem


@pytest.mark.parametrize("vice", ["endless-body", "endless-chunks"])
def test_body_without_end_is_bounded(vice: str) -> None:
    """Nobody keeps more of it than the limit and a few pieces."""
    tracemalloc.start()
    try:
        found, problem = ended(vice, 20)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (found, problem) == (Breakdown.GARBLED, f"the body has more than {MAX_BODY} octets")
    assert peak < 2 * MAX_BODY


def test_redirection_is_a_response() -> None:
    """It is not followed."""
    with serving("redirects", "") as address:
        response = ask(server(address), "GET", "/", deadline=time.monotonic() + 5)

    assert (response.status, response.header("location"), response.body) == (302, "/api", b"")


def test_length_that_is_none_is_read_to_the_end() -> None:
    """The standard library ignores a negative length."""
    with serving("negative-length", "") as address:
        assert ask(server(address), "GET", "/", deadline=time.monotonic() + 5).body == b"abc"


def test_nothing_listens() -> None:
    """A port that was free a moment ago refuses."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(ExchangeError, match="cannot connect to") as caught:
        ask(Server(host="127.0.0.1", port=port), "GET", "/", deadline=time.monotonic() + 5)
    assert caught.value.breakdown is Breakdown.UNREACHABLE


def test_nobody_accepts_in_time() -> None:
    """A deadline that has passed is late, not an accident."""
    with pytest.raises(ExchangeError) as caught:
        ask(Server(host="127.0.0.1", port=1), "GET", "/", deadline=time.monotonic() - 1)
    assert caught.value.breakdown is Breakdown.LATE


def recorded(method: str, body: bytes, answer: bytes) -> tuple[bytes, Response | ExchangeError]:
    """Ask a server that answers at once and closes; return what it had read by then, and what came of it."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            connection, _ = listener.accept()
            with connection:
                heard.append(connection.recv(65536))
                connection.sendall(answer)

        thread = threading.Thread(target=accept)
        thread.start()
        asked = Server(host="127.0.0.1", port=listener.getsockname()[1])
        headers = [("accept", "a"), ("x", "b: c")]
        found: Response | ExchangeError
        try:
            found = ask(asked, method, "/a?b", headers=headers, body=body, deadline=time.monotonic() + 5)
        except ExchangeError as error:
            found = error
        thread.join()
        return heard[0].replace(asked.authority.encode(), b"SERVER"), found


@pytest.mark.parametrize(
    ("method", "body", "length"),
    [("POST", b"", b"Content-Length: 0\r\n"), ("GET", b"", b""), ("GET", b"xy", b"Content-Length: 2\r\n")],
)
def test_request_is_written_as_it_was_ordered(method: str, body: bytes, length: bytes) -> None:
    """Nothing is added but what the transport needs."""
    octets, found = recorded(method, body, b"HTTP/1.0 204 Nothing\r\n\r\n")

    assert octets == (
        method.encode()
        + b" /a?b HTTP/1.1\r\nHost: SERVER\r\nConnection: close\r\naccept: a\r\nx: b: c\r\n"
        + length
        + b"\r\n"
        + body
    )
    assert found == Response(status=204, headers=(), body=b"")


def test_response_to_head_has_no_body() -> None:
    """Its length is that of another response."""
    _, found = recorded("HEAD", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")

    assert isinstance(found, Response)
    assert (found.body, found.header("content-length")) == (b"", "5")


def test_answer_that_comes_before_the_request_is_whole_counts() -> None:
    """A server may refuse a large body by its length; the rest cannot be sent, and the refusal is read if it came."""
    _, found = recorded("POST", b"x" * 50_000_000, b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")

    if isinstance(found, ExchangeError):
        # Octets that nobody read make a reset, which may overtake the answer.
        assert found.breakdown is Breakdown.CLOSED
    else:
        assert found.status == 413


def test_authority_of_an_address_has_brackets() -> None:
    """RFC 3986, 3.2.2."""
    assert Server(host="::1", port=8000).authority == "[::1]:8000"
