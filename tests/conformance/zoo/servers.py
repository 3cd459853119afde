"""A zoo of HTTP servers on loopback: each is right but for its one vice, which shows where a path has `bite` in it.

What is right about them is the reference's binding. Their vices are written to the socket octet by octet.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time

from collections.abc import Callable, Iterator

from hgframing import REVISIONS
from hgframing_conformance._reference_http import exchange


LAST = REVISIONS["0006"]
ROOT = f"/api/{LAST.api}"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
#: What a vice has left of the world: the connection, and when to give up.
Vice = Callable[[socket.socket], None]


def forever(connection: socket.socket, octets: bytes, pause: float = 0) -> None:
    """Send without end, until the other side has had enough."""
    while True:
        connection.sendall(octets)
        time.sleep(pause)


def _silent(connection: socket.socket) -> None:
    connection.settimeout(20)
    connection.recv(1)


def _drip(connection: socket.socket) -> None:
    forever(connection, b"H", 0.02)


def _drip_body(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: 100000\r\n\r\n")
    forever(connection, b"x", 0.02)


def _endless_body(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"\r\n")
    forever(connection, b"x" * 65536)


def _endless_chunks(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    forever(connection, b"10000\r\n" + b"x" * 65536 + b"\r\n")


def _endless_headers(connection: socket.socket) -> None:
    connection.sendall(HEAD)
    forever(connection, b"X-More: and more\r\n")


def _endless_continue(connection: socket.socket) -> None:
    forever(connection, b"HTTP/1.1 100 Continue\r\n\r\n", 0.001)


def _huge_header(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"X-Huge: " + b"x" * 1_000_000 + b"\r\n\r\n")


def _garbage(connection: socket.socket) -> None:
    connection.sendall(b"\x00\xff\x1b[2J nothing that anybody knows\r\n\r\n")


def _other_version(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/9.9 200 OK\r\n\r\n")


def _bad_status(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 many OK\r\n\r\n")


def _truncated(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: 100\r\n\r\nonly this")


def _bad_chunk(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n")


def _closes(_connection: socket.socket) -> None:
    """Do nothing: the connection is closed behind this."""


def _closes_in_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 20")


def _resets(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _redirects(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /api\r\nContent-Length: 0\r\n\r\n")


def _negative_length(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: -5\r\n\r\nabc")


VICES: dict[str, Vice] = {
    "silent": _silent,
    "drip": _drip,
    "drip-body": _drip_body,
    "endless-body": _endless_body,
    "endless-chunks": _endless_chunks,
    "endless-headers": _endless_headers,
    "endless-continue": _endless_continue,
    "huge-header": _huge_header,
    "garbage": _garbage,
    "other-version": _other_version,
    "bad-status": _bad_status,
    "truncated": _truncated,
    "bad-chunk": _bad_chunk,
    "closes": _closes,
    "closes-in-headers": _closes_in_headers,
    "resets": _resets,
    "redirects": _redirects,
    "negative-length": _negative_length,
}


def _read_request(connection: socket.socket) -> tuple[str, str, list[list[str]], bytes]:
    octets = b""
    while b"\r\n\r\n" not in octets:
        octets += _received(connection)
    head, _, body = octets.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = [[part.strip() for part in line.split(":", 1)] for line in lines]
    length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
    while len(body) < length:
        body += _received(connection)
    own = [[name.lower(), value] for name, value in headers]
    return (
        method,
        target,
        [pair for pair in own if pair[0] not in {"content-length", "host", "connection"}],
        body,
    )


def _received(connection: socket.socket) -> bytes:
    octets = connection.recv(65536)
    if not octets:
        raise ConnectionError
    return octets


def _answer(connection: socket.socket, vice: Vice, trigger: str) -> None:
    connection.settimeout(20)
    method, target, headers, body = _read_request(connection)
    if trigger in target:
        vice(connection)
        return
    if target == "/api":
        connection.sendall(HEAD + f"Content-Length: {len(LAST.api)}\r\n\r\n{LAST.api}".encode())
        return
    path = target.removeprefix(ROOT).removeprefix("/")
    request = {"method": method, "path": path, "headers": headers, "body": {"hex": body.hex()}}
    response = exchange(request, LAST)["response"]
    octets = bytes.fromhex(response["body"]["hex"])
    lines = [f"HTTP/1.1 {response['status']} Whatever", "Server: Zoo/1.0", f"Content-Length: {len(octets)}"]
    lines += [f"{name}: {value}" for name, value in response["headers"] if name != "content-length"]
    connection.sendall("\r\n".join([*lines, "", ""]).encode() + octets)


@contextlib.contextmanager
def serving(vice: str, trigger: str = "bite") -> Iterator[str]:
    """Run a server with a vice; yields `host:port`.

    Args:
        vice: a key of `VICES`.
        trigger: what a request's path has where the vice shows; empty: everything has it.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            _answer(connection, VICES[vice], trigger)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while not stopped.is_set():
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield "{}:{}".format(*listener.getsockname())
    finally:
        stopped.set()
        # A thread that waits in `accept` is woken by a connection.
        with contextlib.suppress(OSError), socket.create_connection(listener.getsockname(), timeout=1):
            pass
        thread.join(5)
        listener.close()
