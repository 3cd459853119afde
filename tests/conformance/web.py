"""A small site for the tests of what speaks HTTP: fixed answers, and the reference's binding where it is mounted."""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import threading
import time

from collections.abc import Iterator

from hgframing import REVISIONS, parse_notation
from hgframing_conformance._reference_http import exchange


Answer = tuple[int, list[tuple[str, str]], bytes]


@dataclasses.dataclass
class Site:
    """What a site answers: `METHOD path` -> status, headers, body."""

    answers: dict[str, Answer] = dataclasses.field(default_factory=dict)
    product: str = "Site/1.5 (test)"
    delay: float = 0
    mounts: dict[str, str] = dataclasses.field(default_factory=dict)
    asked: list[str] = dataclasses.field(default_factory=list)

    def mount(self, revision: str, where: str) -> None:
        """Put the reference's binding below a path, with a listing."""
        api = REVISIONS[revision].api
        self.mounts[f"{where}/api/{api}"] = revision
        self.answers[f"GET {where}/api"] = (200, [], f"one of the following:\n\n{api}".encode())

    def frames(self, key: str, *lines: str) -> None:
        """Answer with frames of the last revision."""
        last = REVISIONS["0006"]
        octets = b"".join(last.header.encode(parse_notation(line, last)) for line in lines)
        self.answers[key] = (200, [("Content-Type", last.media_type)], octets)

    def answer(self, method: str, path: str, headers: list[list[str]], body: bytes) -> Answer:
        """Answer a request."""
        self.asked.append(f"{method} {path}")
        if (fixed := self.answers.get(f"{method} {path}")) is not None:
            return fixed
        for root, revision in self.mounts.items():
            if path.startswith(root):
                rest = path.removeprefix(root).removeprefix("/")
                request = {"method": method, "path": rest, "headers": headers, "body": {"hex": body.hex()}}
                response = exchange(request, REVISIONS[revision])["response"]
                pairs = [(name, value) for name, value in response["headers"] if name != "content-length"]
                return response["status"], pairs, bytes.fromhex(response["body"]["hex"])
        return 404, [], b"nothing here"


@contextlib.contextmanager
def site(web: Site) -> Iterator[str]:
    """Serve a site on loopback; yields `host:port`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.parse_request():
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            time.sleep(web.delay)
            headers = [[name.lower(), value] for name, value in self.headers.items()]
            status, pairs, octets = web.answer(self.command, self.path, headers, body)
            with contextlib.suppress(OSError):
                self.send_response_only(status)
                if web.product:
                    self.send_header("Server", web.product)
                for name, value in (*pairs, ("Content-Length", str(len(octets)))):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(octets)
            self.close_connection = True

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
