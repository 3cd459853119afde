"""The HTTP binding as a WSGI application over the server reactor (sheets r1 to r5, "HTTP binding").

The application opens no socket: it reads a body from its environment and returns octets. Its URLs are

    /api                                   the APIs
    /api/<api>                             a line of text
    /api/<api>/<ro|rw>/<command>           POST: frames of one command
    /api/<api>/<ro|rw>/multirequest        POST: frames of any number of commands, since 0002
    /api/<api>/<ro|rw>/debugreflect        POST: what the reactor makes of the frames, as text
    /?cmd=capabilities                     how a client of Mercurial finds the API

Where Mercurial and the text differ, this does what the text says. Every answer to frames is frames (D90); a body of no
frames is answered with none (HTTP-015, D91); `Accept` may be a list (D92). A request is judged whole before anything in
it is run, so a body that breaks the protocol changes nothing. Whatever a client sends, the status is below 500.
"""

from __future__ import annotations

import dataclasses
import http
import urllib.parse

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from hgframing._actions import Error, RunCommand, SendFrames, ServerAction
from hgframing._buffer import FrameBuffer
from hgframing._cbor import Value, encode_value
from hgframing._frames import Frame
from hgframing._http_commands import (
    DEMONSTRATION,
    CommandFailed,
    HttpCommand,
    Permission,
    check_arguments,
    describe,
)
from hgframing._limits import Limits
from hgframing._reflection import reflect
from hgframing._revisions import Feature, Revision
from hgframing._server import ServerReactor


__all__ = ["DEFAULT_MAX_BODY", "HttpApplication", "Refusal"]

#: Octets of a request body: what one request may have (`Limits.max_request_octets`), headers and all.
DEFAULT_MAX_BODY: Final = 16 * 1024 * 1024

_TEXT: Final = "text/plain"
_CAPABILITIES: Final = b"capabilities"
_MULTIREQUEST: Final = b"multirequest"
_REFLECT: Final = b"debugreflect"
#: Octets read at a time.
_PIECE: Final = 65536
#: Octets of what a command said when it broke, as far as its client is told.
_MAX_REPORT: Final = 1024
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})

_Environ = Mapping[str, Any]
_StartResponse = Callable[[str, list[tuple[str, str]]], object]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a client may not use a prefix (HTTP-004).

    Attributes:
        status: 401, 403 or 407.
        headers: the challenge that goes with 401 and 407.
    """

    status: http.HTTPStatus = http.HTTPStatus.FORBIDDEN
    headers: Mapping[str, str] = dataclasses.field(default_factory=lambda: _NO_HEADERS)


@dataclasses.dataclass(frozen=True, slots=True)
class _Reply:
    status: http.HTTPStatus
    body: Iterable[bytes]
    content_type: str = _TEXT
    headers: Mapping[str, str] = dataclasses.field(default_factory=lambda: _NO_HEADERS)


class _Refused(Exception):  # noqa: N818  (an answer on its way up)
    """A request is answered without being read further."""

    def __init__(
        self, status: http.HTTPStatus, text: bytes, headers: Mapping[str, str] = _NO_HEADERS
    ) -> None:
        super().__init__(text)
        self.reply = _Reply(status, [text], _TEXT, headers)


def _allow_everything(_environ: _Environ, _permission: Permission) -> Refusal | None:
    return None


class HttpApplication:
    """A WSGI application that serves one revision.

    Use it behind any WSGI server, or `hgframing serve` to have both. Requests share nothing, so threads may.

    Args:
        revision: the protocol's revision; its `api` and `media_type` are what the URLs and headers say.
        commands: what can be run; `capabilities` is added.
        reflection: whether `debugreflect` answers. It repeats what it is sent: not for the open.
        authorize: asked with the environment and the permission of a URL; `None` lets the request pass.
        max_body: octets of a request body.
        limits: what the frames in it may make the reactor hold.
    """

    def __init__(
        self,
        revision: Revision,
        *,
        commands: Mapping[bytes, HttpCommand] = DEMONSTRATION,
        reflection: bool = False,
        authorize: Callable[[_Environ, Permission], Refusal | None] = _allow_everything,
        max_body: int = DEFAULT_MAX_BODY,
        limits: Limits | None = None,
    ) -> None:
        self.revision = revision
        self._commands = dict(commands)
        self._commands[_CAPABILITIES] = HttpCommand(run=lambda _: [self._described()])
        self._reflection = reflection
        self._authorize = authorize
        self._max_body = max_body
        self._limits = limits

    def __call__(self, environ: dict[str, Any], start_response: _StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        try:
            reply = self._route(environ)
        except _Refused as refused:
            reply = refused.reply
        headers = [("Content-Type", reply.content_type), *reply.headers.items()]
        if isinstance(reply.body, Sequence):
            headers.append(("Content-Length", str(sum(map(len, reply.body)))))
        start_response(f"{reply.status.value} {reply.status.phrase}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else reply.body

    # Where a request goes. The order of the questions is that of the sheets.

    def _route(self, environ: _Environ) -> _Reply:
        path = _path(environ)
        parts = path.split(b"/")
        if path == b"" and _query(environ).get("cmd") == "capabilities":
            return self._handshake(environ)
        api = self.revision.api.encode()
        match parts:
            case [b"api"]:
                listing = (
                    b"APIs can be accessed at /api/<name>, where <name> can be one of the following:\n\n"
                )
                return _Reply(http.HTTPStatus.OK, [listing + api])
            case [b"api", name] if name == api:
                return _Reply(http.HTTPStatus.OK, [b"HTTP version 2 API handler"])
            case [b"api", name, _, _] if name == api:
                return self._command_url(environ, parts[2], parts[3])
            case [b"api", name, *_] if name != api:
                text = b"Unknown API: %s\nKnown APIs: %s" % (name, api)
                raise _Refused(http.HTTPStatus.NOT_FOUND, text)
            case _:
                raise _Refused(http.HTTPStatus.NOT_FOUND, b"do not know how to process %s\n" % path)

    def _command_url(self, environ: _Environ, permission_name: bytes, command: bytes) -> _Reply:
        if permission_name not in {b"ro", b"rw"}:
            raise _Refused(http.HTTPStatus.NOT_FOUND, b"unknown permission: %s" % permission_name)
        permission = Permission(permission_name.decode())
        if environ["REQUEST_METHOD"] != "POST":
            text = b"commands require POST requests"
            raise _Refused(http.HTTPStatus.METHOD_NOT_ALLOWED, text, {"Allow": "POST"})
        if (refusal := self._authorize(environ, permission)) is not None:
            raise _Refused(refusal.status, b"permission denied", refusal.headers)
        if command == _REFLECT:
            return self._reflect(environ)
        if command != _MULTIREQUEST or Feature.SEVERAL_REQUESTS not in self.revision.features:
            entry = self._commands.get(command)
            if entry is None:
                text = b"unknown wire protocol command: %s\n" % command
                raise _Refused(http.HTTPStatus.NOT_FOUND, text)
            if not _grants(permission, entry):
                text = b"insufficient permissions to execute command: %s" % command
                raise _Refused(http.HTTPStatus.FORBIDDEN, text)
        self._check_media_types(environ)
        return self._run(_read_body(environ, self._max_body), permission, command)

    def _check_media_types(self, environ: _Environ) -> None:
        media_type = self.revision.media_type
        if not _accepts(environ.get("HTTP_ACCEPT", ""), media_type):
            text = f"client MUST specify Accept header with value: {media_type}\n"
            raise _Refused(http.HTTPStatus.NOT_ACCEPTABLE, text.encode())
        if _bare(environ.get("CONTENT_TYPE", "")) != media_type:
            text = f"client MUST send Content-Type header with value: {media_type}\n"
            raise _Refused(http.HTTPStatus.UNSUPPORTED_MEDIA_TYPE, text.encode())

    # What is answered without the reactor, or with it alone.

    def _described(self) -> Value:
        return describe(self._commands, self.revision.media_type)

    def _handshake(self, environ: _Environ) -> _Reply:
        """Tell a client of Mercurial where the API is, if it says that it knows it."""
        offered = environ.get("HTTP_X_HGUPGRADE_1", "").split()
        if self.revision.api not in offered or "cbor" not in environ.get("HTTP_X_HGPROTO_1", "").split():
            raise _Refused(http.HTTPStatus.NOT_FOUND, b"this server speaks no version 1 of the protocol\n")
        apis = {self.revision.api.encode(): self._described()}
        value = {b"apibase": b"api/", b"apis": apis, b"v1capabilities": b""}
        octets = encode_value(value, self.revision.cbor)
        return _Reply(http.HTTPStatus.OK, [octets], "application/mercurial-cbor")

    def _reflect(self, environ: _Environ) -> _Reply:
        if not self._reflection:
            raise _Refused(http.HTTPStatus.NOT_FOUND, b"debugreflect service not available")
        body = _read_body(environ, self._max_body)
        lines = list(reflect(body, self.revision, self._limits))
        return _Reply(http.HTTPStatus.OK, [b"\n".join(lines)])

    # Frames in, frames out.

    def _run(self, body: bytes, permission: Permission, url_command: bytes) -> _Reply:
        reactor = ServerReactor(self.revision, limits=self._limits)
        buffer = FrameBuffer(self.revision, self._limits)
        buffer.feed(body)
        buffer.end()
        actions: list[ServerAction] = []
        for item in buffer:
            answer = reactor.receive(item)
            actions += answer
            if isinstance(answer[0], Error):
                break
        actions += reactor.end_input()
        commands = [action for action in actions if isinstance(action, RunCommand)]
        frames: Iterable[Frame] = _sent(actions)
        if not any(isinstance(action, Error) for action in actions):
            self._check_permissions(commands, permission)
            frames = self._answer_all(reactor, commands, url_command)
        encode = self.revision.header.encode
        return _Reply(http.HTTPStatus.OK, map(encode, frames), self.revision.media_type)

    def _check_permissions(self, commands: Iterable[RunCommand], permission: Permission) -> None:
        """HTTP-002, once more: the command that is run is the one that its frames name."""
        for command in commands:
            entry = self._commands.get(command.command)
            if entry is not None and not _grants(permission, entry):
                text = b"insufficient permissions to execute command: %s" % command.command
                raise _Refused(http.HTTPStatus.FORBIDDEN, text)

    def _answer_all(
        self, reactor: ServerReactor, commands: Sequence[RunCommand], url_command: bytes
    ) -> Iterator[Frame]:
        is_multirequest = url_command == _MULTIREQUEST
        for command in commands:
            problem = b""
            if not is_multirequest and len(commands) > 1:
                problem = b"multiple commands cannot be issued to this URL"
            elif not is_multirequest and command.command != url_command:
                problem = b"command in frame must match command in URL"
            if problem:
                yield from _sent(reactor.fail(command.request_id, "protocol", problem))
            else:
                yield from self._answer(reactor, command)

    def _answer(self, reactor: ServerReactor, command: RunCommand) -> Iterator[Frame]:
        """Run a command; its response leaves piece by piece."""
        request_id = command.request_id
        has_flags = Feature.ERROR_FLAGS in self.revision.features
        try:
            entry = self._find(command)
            check_arguments(entry, command)
            objects = iter(entry.run(command))
            yield from _sent(reactor.start_response(request_id))
            for value in objects:
                yield from _sent(self._send(reactor, request_id, value))
        except CommandFailed as failed:
            kind, message, args = "command", failed.message, failed.message_args
        except Exception as error:  # noqa: BLE001  (whatever a command does, its client is told in frames)
            text = str(error).encode("utf-8", "replace")
            kind, message, args = "server", b"exception when invoking command: %s", (text,)
        else:
            yield from _sent(reactor.finish_response(request_id))
            return
        told = [arg[:_MAX_REPORT] for arg in args]
        yield from _sent(reactor.fail(request_id, "application" if has_flags else kind, message, told))

    def _find(self, command: RunCommand) -> HttpCommand:
        if command.command not in self._commands:
            raise CommandFailed(b"wire protocol command not available: %s", command.command)
        return self._commands[command.command]

    def _send(self, reactor: ServerReactor, request_id: int, value: Value) -> Iterable[ServerAction]:
        """Add an object; before object responses octets go as they are, and other values as CBOR."""
        if Feature.OBJECT_RESPONSES in self.revision.features:
            return reactor.send_object(request_id, value)
        data = value if isinstance(value, bytes) else encode_value(value, self.revision.cbor)
        return reactor.send_data(request_id, data)


def _sent(actions: Iterable[ServerAction]) -> Iterator[Frame]:
    for action in actions:
        if isinstance(action, SendFrames):
            yield from action.frames


def _grants(permission: Permission, entry: HttpCommand) -> bool:
    return permission is Permission.WRITE or entry.permission is Permission.READ


def _path(environ: _Environ) -> bytes:
    path: str = environ.get("PATH_INFO", "")
    # PEP 3333 gives octets in the guise of Latin-1.
    return path.strip("/").encode("latin-1", "replace")


def _query(environ: _Environ) -> dict[str, str]:
    return dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", "")))


def _bare(media_range: str) -> str:
    return media_range.partition(";")[0].strip().lower()


def _accepts(accept: str, media_type: str) -> bool:
    """Say whether a list of media ranges names the type itself: HTTP-008 asks clients for no less."""
    for media_range in accept.split(","):
        parameters = [item.strip().lower() for item in media_range.split(";")[1:]]
        refused = any(item.startswith("q=") and not item[2:].strip("0.") for item in parameters)
        if _bare(media_range) == media_type and not refused:
            return True
    return False


def _read_body(environ: _Environ, limit: int) -> bytes:
    """Read a request body.

    Raises:
        _Refused: its length is unknown, no number or more than `limit`; or less came.
    """
    declared = environ.get("CONTENT_LENGTH") or ""
    if not declared and environ.get("HTTP_TRANSFER_ENCODING"):
        raise _Refused(http.HTTPStatus.LENGTH_REQUIRED, b"a request body needs a Content-Length\n")
    if declared and not (declared.isascii() and declared.isdigit()):
        raise _Refused(http.HTTPStatus.BAD_REQUEST, b"Content-Length is not a number\n")
    # Python refuses to read numbers of thousands of digits.
    digits = declared.lstrip("0") or "0"
    if len(digits) > len(str(limit)) or int(digits) > limit:
        text = b"request body exceeds the limit of %d octets\n" % limit
        raise _Refused(http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)
    missing = int(digits)
    pieces = []
    while missing:
        try:
            piece: bytes = environ["wsgi.input"].read(min(missing, _PIECE))
        except OSError as error:
            raise _Refused(http.HTTPStatus.REQUEST_TIMEOUT, b"request body did not come\n") from error
        if not piece:
            raise _Refused(http.HTTPStatus.BAD_REQUEST, b"request body is shorter than its Content-Length\n")
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)
