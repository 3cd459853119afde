"""`hgframing serve`: a real process, real requests, and clients that misbehave."""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import subprocess
import sys
import time
import urllib.parse

from collections.abc import Callable, Iterator

import pytest

from hgframing import REVISIONS, FrameBuffer, parse_notation

from .zoo.commands import run


LAST = REVISIONS["0006"]
BRANCHMAP = LAST.header.encode(
    parse_notation("1 1 stream-begin command-request new cbor:{b'name': b'branchmap'}", LAST)
)
HEADERS = {"Accept": LAST.media_type, "Content-Type": LAST.media_type}

Serve = Callable[..., "Server"]


class Server:
    """A running `hgframing serve`."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hgframing_conformance.cli", "serve", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = urllib.parse.urlsplit(self.process.stdout.readline().strip())
        assert self.url.port, self.process.communicate()
        self.address = ("127.0.0.1", self.url.port)

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, str | None, bytes]:
        """Send a request below the API; return status, content type and body."""
        connection = http.client.HTTPConnection(*self.address, timeout=20)
        try:
            connection.request(method, self.url.path + path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers["Content-Type"], response.read()
        finally:
            connection.close()

    def stop(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Stop it; return its exit code and what it wrote on standard error."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            _, errors = self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            _, errors = self.process.communicate()
        return self.process.returncode, errors


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers, and stop them whatever happens."""
    servers: list[Server] = []

    def start(*arguments: str) -> Server:
        servers.append(Server(*arguments))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def test_serve_answers_frames_until_it_is_interrupted(serve: Serve) -> None:
    """The URL that it prints is the API's; an interrupt ends it cleanly and without a word."""
    server = serve()
    status, media_type, body = server.ask("POST", "/ro/branchmap", BRANCHMAP, HEADERS)

    assert (status, media_type) == (200, LAST.media_type)
    buffer = FrameBuffer(LAST)
    buffer.feed(body)
    assert buffer.end() is None
    assert len(list(buffer)) == 1
    assert server.ask("GET", "") == (200, "text/plain", b"HTTP version 2 API handler")
    assert server.stop() == (0, "")


def test_serve_stops_cleanly_when_it_is_terminated(serve: Serve) -> None:
    """What a process manager sends is no different."""
    assert serve().stop(signal.SIGTERM) == (0, "")


def test_serve_speaks_the_revision_that_is_asked_for(serve: Serve) -> None:
    """Reflection of the first revision has no request ID; the API has its name."""
    server = serve("--revision", "0001")

    status, _, body = server.ask("POST", "/ro/debugreflect", b"\x01\x00\x00\x11c")

    assert server.url.path == "/api/exp-http-v2-0001"
    assert status == 200
    assert body.splitlines()[0] == b"received: 1 1 c"


def test_serve_refuses_writers_where_it_is_read_only(serve: Serve) -> None:
    """HTTP-004: 403 for the whole prefix; requests are logged where that is wished."""
    server = serve("--read-only", "--log")

    assert server.ask("POST", "/rw/branchmap", BRANCHMAP, HEADERS) == (
        403,
        "text/plain",
        b"permission denied",
    )
    assert server.ask("POST", "/ro/branchmap", BRANCHMAP, HEADERS)[0] == 200
    code, errors = server.stop()
    assert code == 0
    assert [line.split('"')[2].split()[0] for line in errors.splitlines()] == ["403", "200"]


def test_serve_answers_a_body_that_it_does_not_read(serve: Serve) -> None:
    """The answer reaches a client that is still sending: no reset takes it away."""
    server = serve()
    body = b"x" * (20 * 1024 * 1024)

    assert server.ask("POST", "/ro/branchmap", body, HEADERS)[0] == 413
    assert server.ask("POST", "/ro/nope", body, HEADERS)[0] == 404


def test_serve_outlives_clients_that_misbehave(serve: Serve) -> None:
    """Silence, half a body, garbage and a reset cost nobody else anything."""
    server = serve("--timeout", "0.5")
    head = f"POST {server.url.path}/ro/branchmap HTTP/1.1\r\nAccept: {LAST.media_type}\r\n"
    half = f"{head}Content-Type: {LAST.media_type}\r\nContent-Length: 50\r\n\r\nhalf".encode()
    silent, stuck, garbage, gone = (socket.create_connection(server.address, timeout=20) for _ in range(4))
    stuck.sendall(half)
    garbage.sendall(b"\x00\xff" * 100 + b"\r\n\r\n")
    gone.sendall(half)
    gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    gone.close()

    started = time.monotonic()
    assert server.ask("POST", "/ro/branchmap", BRANCHMAP, HEADERS)[0] == 200
    assert stuck.makefile("rb").readline().split()[1] == b"408"
    assert b"400" in garbage.makefile("rb").read()
    assert silent.recv(1) == b""
    assert time.monotonic() - started < 15
    for each in (silent, stuck, garbage):
        each.close()
    code, errors = server.stop()
    assert code == 0
    assert "Traceback" not in errors


def test_serve_gives_up_on_a_client_that_does_not_read(serve: Serve) -> None:
    """More is sent than buffers between two processes hold; the client's time-out ends it, without a traceback."""
    server = serve("--timeout", "0.5")
    line = "{} 1 {} command-request new cbor:{{b'name': b'count', b'args': {{b'count': 1000000}}}}"
    numbers = [(2 * number + 1, "0" if number else "stream-begin") for number in range(10)]
    body = b"".join(LAST.header.encode(parse_notation(line.format(*pair), LAST)) for pair in numbers)
    head = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    with socket.create_connection(server.address, timeout=20) as lazy:
        length = f"Content-Length: {len(body)}\r\n\r\n"
        url = f"{server.url.path}/ro/multirequest"
        lazy.sendall(f"POST {url} HTTP/1.1\r\n{head}{length}".encode() + body)
        assert lazy.recv(12).endswith(b"200")
        time.sleep(3)
        with contextlib.suppress(ConnectionResetError):
            received = sum(map(len, iter(lambda: lazy.recv(1 << 20), b"")))
            assert received < 30_000_000

    assert server.stop() == (0, "")


def test_serve_refuses_a_request_line_without_end(serve: Serve) -> None:
    """414, and the next client is served."""
    server = serve()
    with socket.create_connection(server.address, timeout=20) as endless:
        endless.sendall(b"GET /" + b"a" * 100_000)
        assert b" 414 " in endless.makefile("rb").readline()

    assert server.ask("GET", "")[0] == 200


def test_serve_says_that_a_port_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    """One line, and the code for usage."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert run("serve", "--port", str(taken.getsockname()[1])) == 2

    errors = capsys.readouterr().err
    assert len(errors.splitlines()) == 1
    assert "in use" in errors
