"""A service: an HTTP server with the protocol's APIs, found by asking it.

A harness says who it is in `hello`; a server is asked the questions that its clients ask. `/api` lists its APIs, and
the command `capabilities`, in the frames and with the media type of a revision, tells whether it speaks that
revision and which commands it has. What a server cannot tell, because it has no such command, the URL may say:

    http://host:port/where/it/is                        the directory that has `api/` in it
    http://host:port/where/it/is/api/exp-http-v2-0003   one API's root
    …#revision=0006&commands=heads,known&name=mine      said instead of asked; each is optional
"""

from __future__ import annotations

import dataclasses
import re
import time
import urllib.parse

from collections.abc import Mapping
from typing import Any, Final

from hgframing import REVISIONS, FrameType, Revision
from hgframing_conformance._exchange import Breakdown, ExchangeError, Response, Server, ask
from hgframing_conformance._fields import BYTES
from hgframing_conformance._http_forms import parse_request, parse_response
from hgframing_conformance._payloads import NotCborError, read_sequence
from hgframing_conformance._quoting import quote
from hgframing_conformance._responses import body_frames, response_difference
from hgframing_conformance._sent import OutputStreams
from hgframing_conformance._values import MapValue, Value
from hgframing_conformance.errors import ConnectError, HelloError, LocatorError


__all__ = ["Service", "find_service", "send"]

_DEFAULT_PORT: Final = 80
_CAPABILITIES: Final = "capabilities"
#: A request for the capabilities, and what answers it in a revision that the server speaks.
_QUESTION: Final = {"path": f"ro/{_CAPABILITIES}", "commands": [{"command": _CAPABILITIES}]}
_ANSWER: Final = {"status": 200, "headers": {"content-type": "{media-type}"}, "answers": {"1": "response"}}
#: What the part of a URL behind `#` may say.
_SAID: Final = frozenset({"commands", "name", "revision"})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What was found.

    Attributes:
        server: where it listens.
        roots: revision -> path of the API's root, without a slash at the end.
        commands: names of its commands.
        name: the name that it gives itself.
        version: its version, if it gives one.
    """

    server: Server
    roots: Mapping[str, str]
    commands: tuple[str, ...]
    name: str
    version: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A URL, taken apart."""

    locator: str
    server: Server
    path: str
    said: Mapping[str, str]


def send(server: Server, root: str, request: Mapping[str, Any], deadline: float) -> Response:
    """Send a request in canonical form (docs/harness-protocol.md) to an API.

    Raises:
        ExchangeError: there is no whole response by the deadline.
    """
    target = f"{root}/{request['path']}" if request["path"] else root
    headers = [(name, value) for name, value in request["headers"]]
    body = BYTES.parse(request["body"], ())
    return ask(server, request["method"], target or "/", headers=headers, body=body, deadline=deadline)


def find_service(locator: str, url: str, timeout: float) -> Service:
    """Ask a server what it has.

    Args:
        locator: the locator, for errors.
        url: the URL in it.
        timeout: seconds for each question.

    Raises:
        LocatorError: the URL is none that this can reach.
        ConnectError: nothing listens there.
        HelloError: it does not answer, or has no API in any revision.
    """
    place = _place(locator, url)
    asked: list[str] = []
    roots: dict[str, str] = {}
    commands: dict[str, None] = {}
    product = ""
    for api, root in _roots(place, timeout):
        for revision in _candidates(place, api):
            request, _ = parse_request(_QUESTION, revision.key)
            response = _ask(place, root, request, timeout)
            product = product or response.header("server")
            reason = _reason(response, revision)
            if not reason:
                roots[revision.key] = root
                commands |= dict.fromkeys(_commands(response, revision))
            elif "revision" in place.said:
                roots[revision.key] = root
            asked.append(f"in {revision.key}, {quote(reason, limit=120)}" if reason else "")
    if not roots:
        raise HelloError(
            locator,
            f"the command {_CAPABILITIES} is answered in no revision: {'; '.join(asked) or 'no API is known'}; "
            "say #revision=… behind the URL if the server does not have it",
        )
    if "commands" in place.said:
        commands = dict.fromkeys(filter(None, place.said["commands"].split(",")))
    name, _, version = product.split(" ")[0].partition("/")
    return Service(
        server=place.server,
        roots=roots,
        commands=tuple(commands),
        name=place.said.get("name") or name or "HTTP server",
        version=version,
    )


def _place(locator: str, url: str) -> _Place:
    form = "write http://host:port/path, without user and query"
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError:
        raise LocatorError(f"{locator}: {form}") from None
    try:
        port = parts.port
    except ValueError:
        raise LocatorError(f"{locator}: the port is no number from 0 to 65535") from None
    if parts.scheme != "http" or not parts.hostname or parts.username is not None or parts.query:
        raise LocatorError(f"{locator}: {form}")
    said = dict(urllib.parse.parse_qsl(parts.fragment, keep_blank_values=True))
    for key in said:
        if key not in _SAID:
            raise LocatorError(f"{locator}: #{key} is unknown; known are {', '.join(sorted(_SAID))}")
    if "revision" in said and said["revision"] not in REVISIONS:
        raise LocatorError(
            f"{locator}: unknown revision {said['revision']!r}, known are {', '.join(REVISIONS)}"
        )
    if not re.fullmatch(r"[\x21-\x7e]*", parts.path):
        raise LocatorError(f"{locator}: the path has characters that have to be written as %XX")
    server = Server(host=parts.hostname, port=port or _DEFAULT_PORT)
    return _Place(locator=locator, server=server, path=parts.path.rstrip("/"), said=said)


def _roots(place: _Place, timeout: float) -> list[tuple[str, str]]:
    """Find the APIs: the one that the URL names, or those that the server lists."""
    apis = dict.fromkeys(revision.api for revision in REVISIONS.values())
    last = place.path.rpartition("/")[2]
    if last in apis:
        return [(last, place.path)]
    request = {"method": "GET", "path": "api", "headers": [], "body": {"hex": ""}}
    response = _ask(place, place.path, request, timeout)
    listed = set(re.findall(r"[A-Za-z0-9-]+", response.body.decode("latin-1")))
    found = [api for api in apis if api in listed]
    if response.status != 200 or not found:
        body = f" and {quote(response.body, limit=120)!r}" if response.body else ""
        raise HelloError(
            place.locator,
            f"{place.path}/api is answered with status {response.status}{body}, and lists none of "
            f"{', '.join(apis)}; is the API switched on?",
        )
    return [(api, f"{place.path}/api/{api}") for api in found]


def _candidates(place: _Place, api: str) -> list[Revision]:
    said = place.said.get("revision")
    return [
        revision
        for revision in reversed(tuple(REVISIONS.values()))
        if revision.api == api and said in (None, revision.key)
    ]


def _ask(place: _Place, root: str, request: Mapping[str, Any], timeout: float) -> Response:
    try:
        return send(place.server, root, request, time.monotonic() + timeout)
    except ExchangeError as error:
        if error.breakdown is Breakdown.UNREACHABLE:
            raise ConnectError(place.locator, error.problem) from None
        late = f" ({timeout:g} s)" if error.breakdown is Breakdown.LATE else ""
        raise HelloError(
            place.locator, f"{request['method']} {root}/{request['path']}: {error.problem}{late}"
        ) from None


def _reason(response: Response, revision: Revision) -> str:
    """Say why this is no answer to the question; empty: it is one."""
    wanted = parse_response(_ANSWER, revision, (), authored=True)
    got = {"status": response.status, "headers": response.headers, "body": response.body}
    return response_difference(wanted, got, revision)


def _commands(response: Response, revision: Revision) -> list[str]:
    """Read the names of commands out of the capabilities; what has none of these forms names itself alone."""
    frames = OutputStreams(revision).decode(body_frames(response.body, revision) or ())
    number = revision.type_ids[FrameType.RESPONSE]
    try:
        values: tuple[Value, ...] = read_sequence(
            b"".join(frame.payload for frame in frames if frame.type_id == number)
        )
    except NotCborError:
        values = ()
    names = [_CAPABILITIES]
    for value in values:
        found = dict(value.pairs).get(b"commands") if isinstance(value, MapValue) else None
        if isinstance(found, MapValue):
            names += [name.decode("ascii", "replace") for name, _ in found.pairs if isinstance(name, bytes)]
    return names
