"""`hgframing serve`: the reference behind HTTP, on this machine alone.

A server to point a client at, and to practise a runner on. Whatever a client does to its connection (sends nothing,
sends half, goes away) costs a thread for at most the time-out, and never a traceback.
"""

from __future__ import annotations

import contextlib
import io
import signal
import socket
import socketserver
import time

from collections.abc import Mapping
from http import HTTPStatus
from typing import IO, Any, ClassVar, Final, cast
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler, WSGIServer

import click

from hgframing import REVISIONS, HttpApplication, Permission, Refusal
from hgframing_conformance._exchange import DeadlineReader
from hgframing_conformance._summary import Exit


__all__ = ["command"]

_HOST: Final = "127.0.0.1"
#: Octets of a request line.
_MAX_LINE: Final = 65536
#: Seconds in which a client that was answered too early may still send, and octets that it may.
_LINGER_SECONDS: Final = 2.0
_LINGER_OCTETS: Final = 1 << 26


class _Exchange(ServerHandler):
    """One request and its response."""

    #: Read by the standard library when it logs.
    request_handler: WSGIRequestHandler

    def log_exception(self, exc_info: Any) -> None:
        """Keep quiet about a client that does not read its response; the connection is closed all the same."""
        if not isinstance(exc_info[1], OSError):
            super().log_exception(exc_info)


class _Handler(WSGIRequestHandler):
    """One connection; quiet unless asked."""

    with_log: ClassVar[bool] = False

    def setup(self) -> None:
        """Give the client as long for the whole of its request as it may be silent."""
        super().setup()
        assert self.timeout is not None  # noqa: S101 - every handler that is made here has one
        reader = DeadlineReader(self.connection, time.monotonic() + self.timeout)
        self.rfile = io.BufferedReader(reader)

    def handle(self) -> None:
        """Answer the one request of a connection."""
        self.raw_requestline = self.rfile.readline(_MAX_LINE + 1)
        if len(self.raw_requestline) > _MAX_LINE:
            self.requestline = self.request_version = self.command = ""
            self.send_error(HTTPStatus.REQUEST_URI_TOO_LONG)
        elif self.parse_request():
            errors = self.get_stderr()
            output = cast("IO[bytes]", self.wfile)
            exchange = _Exchange(self.rfile, output, errors, self.get_environ(), multithread=True)
            exchange.request_handler = self
            exchange.run(self.server.get_app())  # type: ignore[attr-defined]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the interface of the standard library)
        """Write a line for a request."""
        if self.with_log:
            click.echo(f"{self.address_string()} {format % args}", err=True)


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    """A thread for each connection; the process does not wait for them."""

    daemon_threads = True

    def server_bind(self) -> None:
        """Bind without asking a name server who we are."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = _HOST, self.server_address[1]
        self.setup_environ()

    def handle_error(self, _request: Any, client_address: Any) -> None:
        """Say that a connection broke; a client can always do that."""
        click.echo(f"hgframing: connection with {client_address[0]} broke", err=True)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection, but read first what is still coming, or the answer would be lost with a reset."""
        with contextlib.suppress(OSError):
            request.shutdown(socket.SHUT_WR)
            deadline = time.monotonic() + _LINGER_SECONDS
            left = _LINGER_OCTETS
            while left > 0 and (seconds := deadline - time.monotonic()) > 0:
                request.settimeout(seconds)
                octets = request.recv(65536)
                if not octets:
                    break
                left -= len(octets)
        self.close_request(request)


def _stop(_number: int, _frame: Any) -> None:
    raise KeyboardInterrupt


@click.command("serve")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="By default one that is free.")
@click.option("--revision", type=click.Choice(list(REVISIONS)), default="0006", show_default=True)
@click.option("--read-only", is_flag=True, help="Answer 403 to everything under rw.")
@click.option(
    "--timeout",
    type=click.FloatRange(0, 3600, min_open=True),
    default=30.0,
    show_default=True,
    help="Seconds that a client may take for a whole request, and for reading a piece of the response.",
)
@click.option("--log", is_flag=True, help="Write a line for each request on standard error.")
def command(port: int, revision: str, *, read_only: bool, timeout: float, log: bool) -> int:
    """Serve the reference over HTTP on 127.0.0.1, with demonstration commands and reflection.

    Prints the URL of the API when it is ready, and stops on an interrupt.
    """

    def authorize(_environ: Mapping[str, Any], permission: Permission) -> Refusal | None:
        return Refusal() if read_only and permission is Permission.WRITE else None

    application = HttpApplication(REVISIONS[revision], reflection=True, authorize=authorize)
    handler = type("_Configured", (_Handler,), {"timeout": timeout, "with_log": log})
    # What started us may have told us to ignore interrupts, as shells do with what they put in the background.
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    try:
        with _Server((_HOST, port), handler) as server:
            server.set_app(application)
            click.echo(f"http://{_HOST}:{server.server_port}/api/{application.revision.api}")
            server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        pass
    return Exit.AS_EXPECTED
