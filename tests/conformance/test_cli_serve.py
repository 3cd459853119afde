"""`hgframing serve`: a real process, real requests, and clients that misbehave."""

from __future__ import annotations

import contextlib
import http.client
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from random import Random

import msgspec
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


@pytest.mark.parametrize("start", ["", "POST {path}/ro/branchmap HTTP/1.1\r\nContent-Length: 100000\r\n\r\n"])
def test_serve_gives_up_on_a_client_that_sends_an_octet_at_a_time(serve: Serve, start: str) -> None:
    """A request has its time as a whole: neither its head nor its body may drip for ever."""
    server = serve("--timeout", "0.5")
    started = time.monotonic()
    with socket.create_connection(server.address, timeout=20) as slow:
        slow.sendall(start.format(path=server.url.path).encode())
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - started < 10:
                slow.sendall(b"x")
                time.sleep(0.05)

    assert time.monotonic() - started < 8
    assert server.ask("POST", "/ro/branchmap", BRANCHMAP, HEADERS)[0] == 200
    code, errors = server.stop()
    assert (code, "Traceback" in errors) == (0, False)


def test_serve_gives_up_on_a_client_that_does_not_read(serve: Serve) -> None:
    """More is sent than buffers between two processes hold; the client's time-out ends it, without a traceback."""
    server = serve("--timeout", "2")
    pieces = 230
    lines = ["1 1 stream-begin command-request new|have-data cbor:{b'name': b'echo'}"]
    lines += [
        f"1 1 0 command-data {'eos' if number == 1 else 'continuation'}" for number in range(pieces, 0, -1)
    ]
    frames = [parse_notation(line, LAST) for line in lines]
    filled = [frames[0], *(msgspec.structs.replace(frame, payload=b"x" * 65535) for frame in frames[1:])]
    body = b"".join(map(LAST.header.encode, filled))
    head = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    with socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.settimeout(20)
        lazy.connect(server.address)
        length = f"Content-Length: {len(body)}\r\n\r\n"
        lazy.sendall(f"POST {server.url.path}/ro/echo HTTP/1.1\r\n{head}{length}".encode() + body)
        assert lazy.recv(12).endswith(b"200")
        time.sleep(5)
        received = 0
        with contextlib.suppress(ConnectionResetError):
            for octets in iter(lambda: lazy.recv(1 << 20), b""):
                received += len(octets)
        assert received < pieces * 65535

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


def test_serve_passes_every_vector_of_the_layer_by_its_url(
    serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    """Over sockets as in process; the reactor behind it passes by reflection."""
    server = serve()

    assert run("check", server.url.geturl(), "--layer", "http", "--strict", "--quiet") == 0
    assert (
        run("check", f"reflect:{server.url.geturl()}", "--layer", "server", "--strict", "--quiet", "-k", "id")
        == 0
    )
    assert "failed" not in capsys.readouterr().out
    code, errors = server.stop()
    assert (code, errors) == (0, "")


WORDS = ("GET", "POST", "HEAD", "PUT", "FROB", "", "p", "\x7f", "P OST")
PATHS = (
    "",
    "/",
    "//",
    "/ro",
    "/ro/branchmap",
    "/ro/pushkey",
    "/rw/pushkey",
    "/ro/multirequest",
    "/ro/debugreflect",
    "/%00",
    "/%ff/..",
    "/?cmd=capabilities",
)
VALUES = (
    LAST.media_type,
    "",
    "*/*",
    "a" * 300,
    "\xff\xfe",
    f"{LAST.media_type};q=0",
    "=?;,",
    "-1",
    "99999999999999999999",
    "chunked",
    "0x10",
    "5",
)
NAMES = (
    "Accept",
    "Content-Type",
    "Content-Length",
    "Transfer-Encoding",
    "Expect",
    "X-HgUpgrade-1",
    "X-HgProto-1",
    "Content_Length",
    "A B",
)
BODIES = (b"", BRANCHMAP, BRANCHMAP[:-1], BRANCHMAP * 3, b"\xff" * 40, b"GET / HTTP/1.1\r\n\r\n")


def anything(random: Random, root: str) -> bytes:
    """Write something like a request; most of it as it should be."""

    def either(usual: str, others: Sequence[str]) -> str:
        return usual if random.random() < 0.8 else random.choice(others)

    target = either(root, ("", "/api", "/x")) + random.choice(PATHS)
    body = random.choice(BODIES)
    lines = [
        f"{random.choice(NAMES)}: {random.choice(VALUES)}" for _ in range(random.choice((0, 0, 0, 1, 2)))
    ]
    lines += [f"{name}: {either(value, VALUES)}" for name, value in HEADERS.items()]
    lines.append(f"Content-Length: {either(str(len(body)), VALUES)}")
    first = f"{either('POST', WORDS)} {target} {either('HTTP/1.1', ('HTTP/1.0', 'HTTP/9', '', 'HTTP/1.1 x'))}"
    return either("\r\n", ("\n",)).join([first, *lines, "", ""]).encode("latin-1") + body


def test_serve_has_no_500_for_anything_that_a_socket_can_say(serve: Serve) -> None:
    """Three thousand requests from a seed, good and bad: each is answered or closed, and none blames the server."""
    server = serve("--timeout", "0.3")
    random = Random(20180414)  # noqa: S311  (the same requests every time)
    statuses: Counter[str] = Counter()
    for _ in range(3000):
        answer = b""
        with socket.create_connection(server.address, timeout=20) as client:
            octets = anything(random, server.url.path)
            with contextlib.suppress(ConnectionError):
                client.sendall(octets)
                client.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionError):
                answer = b"".join(iter(lambda: client.recv(65536), b""))
        found = re.match(rb"HTTP/1\.[01] (\d+) ", answer)
        statuses[found[1].decode() if found else "none"] += 1
        # HTTP itself has 501 and 505 for methods and versions that the server in front does not know.
        assert found is None or int(found[1]) < 500 or found[1] in {b"501", b"505"}, octets
        # What has no version is answered without a status.
        assert found or b"Internal Server Error" not in answer, octets

    assert {"200", "403", "404", "405", "406", "415"} <= set(statuses), statuses
    code, errors = server.stop()
    assert (code, "Traceback" in errors) == (0, False), errors[-2000:]
