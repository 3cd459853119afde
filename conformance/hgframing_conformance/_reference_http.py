"""The reference's HTTP binding as just another implementation: a WSGI application, called in this process.

What a server would make of a request (the environment of PEP 3333) is made here, without a socket. The application is
the one that `hgframing serve` runs, with the same commands.
"""

from __future__ import annotations

import functools
import io

from collections.abc import Mapping
from typing import Any, Final

from hgframing import REVISIONS, HttpApplication, Revision
from hgframing_conformance._reference_forms import read_form


__all__ = ["COMMANDS", "exchange"]

#: The demonstration commands, and the binding's own.
COMMANDS: Final = ("branchmap", "capabilities", "count", "echo", "fail", "pushkey")
#: The two headers that PEP 3333 names without a prefix.
_BARE: Final = {"content-type": "CONTENT_TYPE"}


@functools.cache
def _application(revision: str) -> HttpApplication:
    return HttpApplication(REVISIONS[revision], reflection=True)


def exchange(request: Mapping[str, Any], revision: Revision) -> dict[str, Any]:
    """Ask the application.

    Args:
        request: the value of a step `request` (docs/harness-protocol.md).
        revision: what it is asked in.

    Returns:
        the action `response`.
    """
    began: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        began.append((status, headers))

    body = b"".join(_application(revision.key)(_environment(request, revision), start_response))
    ((status, headers),) = began
    pairs = [[name.lower(), value] for name, value in headers]
    return {"response": {"status": int(status[:3]), "headers": pairs, "body": {"hex": body.hex()}}}


def _environment(request: Mapping[str, Any], revision: Revision) -> dict[str, Any]:
    path, _, query = request["path"].partition("?")
    body = read_form(request["body"])
    environ = {
        "REQUEST_METHOD": request["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": f"/api/{revision.api}/{path}",
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
    }
    for name, value in request["headers"]:
        key = _BARE.get(name) or f"HTTP_{name.upper().replace('-', '_')}"
        environ[key] = f"{environ[key]}, {value}" if key in environ else value
    return environ
