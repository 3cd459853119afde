"""One HTTP request and its response over a socket of its own, whatever the server does.

The request is written octet by octet here, because a suite has to send what a well-behaved library would mend. The
response is read by the standard library, behind a reader that knows the deadline: a server that answers one octet at a
time has no longer than one that answers nothing. What is read is bounded in size too. A redirection is a response.
"""

from __future__ import annotations

import dataclasses
import enum
import http.client
import io
import socket
import time

from collections.abc import Iterable
from typing import IO, Any, Final, cast

from hgframing_conformance._quoting import quote


__all__ = ["Breakdown", "DeadlineReader", "ExchangeError", "Response", "Server", "ask"]

#: Octets of a response body: far above any answer to a case, far below what a machine has.
MAX_BODY: Final = 16 * 1024 * 1024
_PIECE: Final = 65536
#: Methods whose request has a length even if it has no body (RFC 9110, 8.6).
_WITH_BODY: Final = frozenset({"PATCH", "POST", "PUT"})


class Breakdown(enum.Enum):
    """In what way an exchange ended without a response."""

    UNREACHABLE = enum.auto()
    CLOSED = enum.auto()
    LATE = enum.auto()
    GARBLED = enum.auto()


class ExchangeError(Exception):
    """There is no response.

    Attributes:
        breakdown: what kind of end it was.
        problem: what happened, one clause.
    """

    def __init__(self, breakdown: Breakdown, problem: str) -> None:
        super().__init__(problem)
        self.breakdown = breakdown
        self.problem = problem


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where a server listens."""

    host: str
    port: int

    @property
    def authority(self) -> str:
        """What the header `Host` says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What a server answered; names of headers in small letters."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """Return the value of a header; empty: there is none."""
        return next((value for key, value in self.headers if key == name), "")


class DeadlineReader(io.RawIOBase):
    """The octets of a connection until a deadline: whoever sends one at a time has no longer than who sends none.

    Args:
        connection: what is read; its own time-out is as it was after each read.
        deadline: a value of `time.monotonic`; reading after it raises `TimeoutError`.
    """

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        super().__init__()
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        """Say that this is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what comes next."""
        before = self._connection.gettimeout()
        self._connection.settimeout(_left(self._deadline))
        try:
            return self._connection.recv_into(buffer)
        finally:
            self._connection.settimeout(before)


@dataclasses.dataclass(frozen=True, slots=True)
class _Connection:
    """What the standard library's response wants of a socket."""

    reader: DeadlineReader

    def makefile(self, _mode: str) -> IO[bytes]:
        return io.BufferedReader(self.reader)


def ask(
    server: Server,
    method: str,
    target: str,
    *,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    deadline: float,
) -> Response:
    """Send a request and read its response.

    Args:
        server: whom to ask.
        method: the method.
        target: path and query, as they go into the request line.
        headers: names and values in the order of sending; `Host`, `Connection` and `Content-Length` are added.
        body: the octets of the body.
        deadline: a value of `time.monotonic`, by which the response must be whole.

    Raises:
        ExchangeError: there is no whole response by then.
    """
    try:
        connection = socket.create_connection((server.host, server.port), timeout=_left(deadline))
    except TimeoutError:
        raise ExchangeError(Breakdown.LATE, "no connection in time") from None
    except OSError as error:
        problem = f"cannot connect to {server.authority}: {error.strerror or error}"
        raise ExchangeError(Breakdown.UNREACHABLE, problem) from None
    with connection:
        try:
            _send(connection, _written(server, method, target, headers, body), deadline)
            return _receive(connection, method, deadline)
        except TimeoutError:
            raise ExchangeError(Breakdown.LATE, "no whole response in time") from None
        except http.client.RemoteDisconnected:
            problem = "the connection was closed before a response came"
            raise ExchangeError(Breakdown.CLOSED, problem) from None
        except OSError as error:
            raise ExchangeError(
                Breakdown.CLOSED, f"the connection broke: {error.strerror or error}"
            ) from None


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _written(
    server: Server, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes
) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", f"Host: {server.authority}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body or method in _WITH_BODY:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _send(connection: socket.socket, octets: bytes, deadline: float) -> None:
    connection.settimeout(_left(deadline))
    try:
        connection.sendall(octets)
    except ConnectionError:
        # Who answers before the request is whole may close; the answer can be there all the same.
        return


def _receive(connection: socket.socket, method: str, deadline: float) -> Response:
    wire = _Connection(DeadlineReader(connection, deadline))
    response = http.client.HTTPResponse(cast("socket.socket", wire), method=method)
    try:
        response.begin()
        body = _read_body(response)
    except http.client.RemoteDisconnected:
        raise
    except http.client.IncompleteRead:
        raise ExchangeError(Breakdown.GARBLED, "the body ends inside a chunk") from None
    except http.client.HTTPException as error:
        what = type(error).__name__ if not str(error) else f"{type(error).__name__}: {quote(str(error))}"
        raise ExchangeError(Breakdown.GARBLED, f"this is no HTTP response: {what}") from None
    finally:
        response.close()
    headers = tuple((name.lower(), value) for name, value in response.getheaders())
    return Response(status=response.status, headers=headers, body=body)


def _read_body(response: http.client.HTTPResponse) -> bytes:
    pieces = []
    size = 0
    while piece := response.read(_PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > MAX_BODY:
            raise ExchangeError(Breakdown.GARBLED, f"the body has more than {MAX_BODY} octets")
    # The library takes a body that ends too early for a whole one where it is read in pieces.
    if response.length:
        raise ExchangeError(Breakdown.GARBLED, f"the body ends {response.length} octets too early")
    return b"".join(pieces)
