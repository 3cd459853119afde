"""A client of WSGI applications in this process: no sockets, and every exchange is checked against PEP 3333."""

from __future__ import annotations

import io
import wsgiref.util
import wsgiref.validate

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from hgframing import Fault, Frame, FrameBuffer, Revision, format_notation, parse_notation


Application = Callable[..., Iterable[bytes]]


class Reply(msgspec.Struct, frozen=True):
    """What an application answered; `pieces` are its body as it came."""

    status: str
    headers: Mapping[str, str]
    pieces: tuple[bytes, ...]

    @property
    def body(self) -> bytes:
        """The body in one piece."""
        return b"".join(self.pieces)


def request(application: Application, method: str, path: str, body: bytes = b"", **environ: Any) -> Reply:
    """Ask an application; `environ` adds to the environment, `None` takes away."""
    query = path.partition("?")[2]
    full: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path.partition("?")[0],
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    } | environ
    full = {key: value for key, value in full.items() if value is not None}
    wsgiref.util.setup_testing_defaults(full)
    started: list[tuple[str, dict[str, str]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: object = None) -> Any:
        started.append((status, dict(headers)))
        return lambda _octets: None

    # The validator is strict with what a server hands over, too; a client's header gets past it here.
    length = full.pop("CONTENT_LENGTH", None)

    def declared(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        return application(environ if length is None else environ | {"CONTENT_LENGTH": length}, start)

    response = wsgiref.validate.validator(declared)(full, start_response)
    try:
        pieces = tuple(response)
    finally:
        close = getattr(response, "close", None)
        if close is not None:
            close()
    [(status, headers)] = started
    return Reply(status, headers, pieces)


def post(application: Application, revision: Revision, path: str, *lines: str, **environ: Any) -> Reply:
    """Post frames in notation to a path below the API of a revision, with the headers that the sheets ask for."""
    body = b"".join(octets_of(line, revision) for line in lines)
    headers = {"HTTP_ACCEPT": revision.media_type, "CONTENT_TYPE": revision.media_type} | environ
    return request(application, "POST", f"/api/{revision.api}/{path}", body, **headers)


def octets_of(line: str, revision: Revision) -> bytes:
    """Encode a frame in notation."""
    return revision.header.encode(parse_notation(line, revision))


def frames(octets: bytes, revision: Revision) -> list[Frame]:
    """Decode a body that must be whole frames."""
    buffer = FrameBuffer(revision)
    buffer.feed(octets)
    buffer.end()
    found = []
    for item in buffer:
        assert not isinstance(item, Fault), item
        found.append(item)
    return found


def lines_of(reply: Reply, revision: Revision) -> list[str]:
    """Write the frames of a reply in notation; it must be a reply of frames."""
    assert (reply.status, reply.headers["Content-Type"]) == ("200 OK", revision.media_type)
    return [format_notation(frame, revision) for frame in frames(reply.body, revision)]
