"""Both directions with a real Mercurial over HTTP: its client against our server, and its server.

They run where a Mercurial is: in the interpreter of these tests, or in the one that HGFRAMING_MERCURIAL_PYTHON names.
What its server answers stands in sheet r5, "HTTP binding", and in the deviations D90 to D92.
"""

from __future__ import annotations

import http
import http.client
import importlib.util
import os
import subprocess
import sys
import threading
import urllib.parse

from collections.abc import Iterator, Mapping
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from hgframing import REVISIONS, FrameBuffer, HttpApplication, Permission, Refusal, parse_notation


LAST = REVISIONS["0006"]
ROOT = "/api/exp-http-v2-0003"
HEADERS = {"Accept": LAST.media_type, "Content-Type": LAST.media_type}
BRANCHMAP = "1 1 stream-begin command-request new cbor:{b'name': b'branchmap'}"
ENVIRONMENT = os.environ | {"HGRCPATH": os.devnull, "HGPLAIN": "1", "NO_PROXY": "127.0.0.1"}
OPTIONS = ("web.apiserver", "web.api.http-v2", "web.api.debugreflect")


@pytest.fixture(scope="module")
def hg() -> list[str]:
    """How Mercurial is started; without one there is nothing to test."""
    python = os.environ.get("HGFRAMING_MERCURIAL_PYTHON")
    if python is None:
        if importlib.util.find_spec("mercurial") is None:
            pytest.skip("no Mercurial in this interpreter, and HGFRAMING_MERCURIAL_PYTHON names none")
        python = sys.executable
    # What the script `hg` does; where a release was put into a directory of its own, there is no script to be found.
    return [python, "-c", "from mercurial import dispatch; dispatch.run()"]


@pytest.fixture(scope="module")
def ours() -> Iterator[str]:
    """A running `hgframing serve`; its address."""
    arguments = [sys.executable, "-m", "hgframing_conformance.cli", "serve"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = urllib.parse.urlsplit(process.stdout.readline())
        yield f"{url.scheme}://{url.netloc}"
        process.terminate()


@pytest.fixture(scope="module")
def theirs(hg: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running `hg serve` over an empty repository; its address."""
    repository = str(tmp_path_factory.mktemp("hgweb"))
    subprocess.run([*hg, "init", repository], env=ENVIRONMENT, check=True, timeout=60)
    config = [f"--config=experimental.{option}=true" for option in OPTIONS]
    arguments = [*hg, "-R", repository, "serve", "-a", "127.0.0.1", "-p", "0", *config]
    with subprocess.Popen(
        arguments,
        env=ENVIRONMENT | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        # "listening at http://localhost:PORT/ (bound to 127.0.0.1:PORT)", without an end of line.
        line = b""
        while not line.endswith(b")"):
            octet = process.stdout.read(1)
            assert octet, line
            line += octet
        yield line.decode().rpartition("bound to ")[2].rstrip(")")
        process.terminate()


def wire(hg: list[str], address: str, peer: str, script: str, *more: str) -> str:
    """Run the language of `hg debugwireproto`; return what it says."""
    done = subprocess.run(
        [*hg, *more, "debugwireproto", "--peer", peer, address],
        input=script,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def ask(
    address: str, path: str, body: bytes = b"", headers: Mapping[str, str] = HEADERS, method: str = "POST"
) -> tuple[int, str | None, bytes]:
    """Ask Mercurial's server; return status, content type and body."""
    connection = http.client.HTTPConnection(address, timeout=60)
    try:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        return response.status, response.headers["Content-Type"], response.read()
    finally:
        connection.close()


def octets(*lines: str) -> bytes:
    """Encode frames in notation."""
    return b"".join(LAST.header.encode(parse_notation(line, LAST)) for line in lines)


def test_client_of_mercurial_runs_commands_of_our_server(hg: list[str], ours: str) -> None:
    """Handshake, settings frames, requests with and without arguments: its client reads every response."""
    script = "command branchmap\ncommand echo\n    value eval:[1, None]\ncommand count\n    count eval:3\n"

    output = wire(hg, ours, "http2", script)

    assert output.count("sending ") == output.count("response: ") == 3
    branchmap, echo, count = output.split("response: ")[1:]
    assert "b'default'" in branchmap
    assert "b'value': [" in echo
    # Mercurial marks what it reads as it comes as a generator.
    assert "".join(count.split()) == "gen[0,1,2]"


def test_client_of_mercurial_sees_the_transcript_of_reflection(hg: list[str], ours: str) -> None:
    """What it prints of a raw exchange is what sheet r5 says of reflection."""
    headers = "".join(f"    {name.lower()}: {value}\n" for name, value in HEADERS.items())
    script = (
        f"httprequest POST {ROOT}/ro/debugreflect\n{headers}    user-agent: test\n    frame {BRANCHMAP}\n"
    )

    lines = wire(hg, ours, "raw", script, "--verbose").splitlines()

    body = [line.removeprefix("s>     ") for line in lines[-4:]]
    assert body == [
        r"received: 1 1 1 \xa1DnameIbranchmap\n",
        '["runcommand", {"args": {}, "command": "branchmap", "data": null, "redirect": null, "requestid": 1}]\\n',
        r"received: <no frame>\n",
        '{"action": "noop"}',
    ]


@pytest.mark.parametrize(
    ("scheme", "challenge"), [("Basic", 'realm="r"'), ("Digest", 'realm="r", nonce="n", qop="auth"')]
)
def test_client_of_mercurial_answers_a_challenge_and_names_its_types(
    hg: list[str], scheme: str, challenge: str
) -> None:
    """HTTP-005, HTTP-007 and HTTP-008: no vector is such a client, so the real one is asked."""
    asked: list[Mapping[str, str]] = []

    def authorize(environ: Mapping[str, str], _permission: Permission) -> Refusal | None:
        asked.append(
            {key: environ.get(key, "") for key in ("HTTP_AUTHORIZATION", "HTTP_ACCEPT", "CONTENT_TYPE")}
        )
        if environ.get("HTTP_AUTHORIZATION", "").startswith(f"{scheme} "):
            return None
        headers = {"WWW-Authenticate": f"{scheme} {challenge}"}
        return Refusal(status=http.HTTPStatus.UNAUTHORIZED, headers=headers)

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_told: object) -> None:
            """Say nothing."""

    application = HttpApplication(LAST, authorize=authorize)
    with make_server("127.0.0.1", 0, application, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/"
        words = {"prefix": url, "username": "somebody", "password": "secret"}
        config = [f"--config=auth.a.{key}={value}" for key, value in words.items()]
        output = wire(hg, url, "http2", "command branchmap\n", *config)
        server.shutdown()
        thread.join()

    assert "b'default'" in output
    assert [one["HTTP_AUTHORIZATION"].partition(" ")[0] for one in asked] == ["", scheme]
    assert {(one["HTTP_ACCEPT"], one["CONTENT_TYPE"]) for one in asked} == {
        (LAST.media_type, LAST.media_type)
    }


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "media_type", "text"),
    [
        (f"{ROOT}/rx/branchmap", b"", HEADERS, 404, "text/plain", b"unknown permission: rx"),
        (f"{ROOT}/ro/nope", b"", HEADERS, 404, "text/plain", b"unknown wire protocol command: nope\n"),
        (f"{ROOT}/ro/branchmap", b"", {}, 406, "text/plain", b"client MUST specify Accept header"),
        (
            f"{ROOT}/ro/branchmap",
            b"",
            HEADERS | {"Content-Type": "a/b"},
            415,
            "text/plain",
            b"client MUST send",
        ),
        (f"{ROOT}/ro/branchmap", octets(BRANCHMAP), HEADERS, 200, LAST.media_type, b""),
        # D90: text where frames are promised.
        (f"{ROOT}/ro/heads", octets(BRANCHMAP), HEADERS, 200, "text/plain", b"command in frame must match"),
        # D91: bodies of no frames, of half a frame and of half a request.
        (f"{ROOT}/ro/branchmap", b"", HEADERS, 500, None, b"Internal Server Error"),
        (f"{ROOT}/ro/branchmap", octets(BRANCHMAP)[:-1], HEADERS, 500, None, b"Internal Server Error"),
        (f"{ROOT}/ro/branchmap", octets(BRANCHMAP.replace("new", "new|more")), HEADERS, 500, None, b""),
        # D92: a list that names the type.
        (
            f"{ROOT}/ro/branchmap",
            octets(BRANCHMAP),
            HEADERS | {"Accept": f"{LAST.media_type}, */*"},
            406,
            "text/plain",
            b"client MUST specify Accept header",
        ),
    ],
)
def test_server_of_mercurial_answers_as_the_sheet_says(
    theirs: str,
    path: str,
    body: bytes,
    headers: dict[str, str],
    status: int,
    media_type: str | None,
    text: bytes,
) -> None:
    """Sheet r5, "HTTP binding", row by row, the deviations among them."""
    found = ask(theirs, path, body, headers)

    assert found[:2] == (status, media_type)
    assert found[2].startswith(text)
    if media_type == LAST.media_type:
        buffer = FrameBuffer(LAST)
        buffer.feed(found[2])
        assert buffer.end() is None


def test_both_servers_reflect_the_same(theirs: str, ours: str) -> None:
    """Where the reactors agree, so does every octet of the transcript."""
    body = octets(
        BRANCHMAP, "3 1 0 command-request new|have-data cbor:{b'name': b'b', b'args': {b'a': [1, None]}}"
    )
    body += octets("3 1 0 command-data continuation x", r"3 1 0 command-data eos \xff")
    path = f"{ROOT}/ro/debugreflect"

    assert ask(ours.removeprefix("http://"), path, body) == ask(theirs, path, body)
