"""Whatever a client can send, the binding answers it, as PEP 3333 wants and without blaming the server."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hgframing import REVISIONS, HttpApplication, Revision

from .strategies import frames as any_frames
from .web import frames, request


METHODS = st.sampled_from(["GET", "HEAD", "POST", "POST", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
#: What a server hands over is octets in the guise of Latin-1.
LATIN = st.text(st.characters(max_codepoint=255), max_size=30)
COMMANDS = [
    "branchmap",
    "capabilities",
    "count",
    "echo",
    "fail",
    "pushkey",
    "multirequest",
    "debugreflect",
    "nope",
]


@st.composite
def paths(draw: st.DrawFn, revision: Revision) -> str:
    """Make paths, most of them close to those that exist."""
    api = draw(st.sampled_from([revision.api, revision.api, revision.api, "nope", ""]))
    parts = [
        "api",
        api,
        draw(st.sampled_from(["ro", "rw", "rx", ""])),
        draw(st.sampled_from([*COMMANDS, ""])),
    ]
    kept = parts[: draw(st.sampled_from([4, 4, 4, 3, 2, 1, 0]))]
    return "/" + draw(
        st.one_of(st.just("/".join(kept)), LATIN, LATIN.map(lambda more: "/".join([*kept, more])))
    )


@st.composite
def environments(draw: st.DrawFn, revision: Revision) -> dict[str, Any]:
    """Make what a server makes of headers."""
    types = st.one_of(
        st.just(revision.media_type),
        st.sampled_from(
            ["", "*/*", f"{revision.media_type};q=0.1", f"x, {revision.media_type}", ";;,=", "q=0"]
        ),
        LATIN,
    )
    lengths = st.one_of(st.none(), st.sampled_from(["", "-1", "x", "007", "٣", "9" * 5000, "16777217"]))
    length = draw(st.one_of(st.just("right"), lengths))
    return {
        "HTTP_ACCEPT": draw(types),
        "CONTENT_TYPE": draw(types),
        **({} if length == "right" else {"CONTENT_LENGTH": length}),
        **draw(st.sampled_from([{}, {"HTTP_TRANSFER_ENCODING": "chunked"}, {"HTTP_X_HGUPGRADE_1": "x"}])),
        "QUERY_STRING": draw(st.one_of(st.just(""), st.just("cmd=capabilities"), LATIN)),
    }


@st.composite
def bodies(draw: st.DrawFn, revision: Revision) -> bytes:
    """Make bodies of frames, of commands that exist, and of anything behind them."""
    some = draw(st.lists(any_frames(revision.header), max_size=4))
    return b"".join(map(revision.header.encode, some)) + draw(st.binary(max_size=20))


@settings(max_examples=300)
@given(st.data(), st.sampled_from(list(REVISIONS)))
def test_whatever_is_asked_is_answered(data: st.DataObject, key: str) -> None:
    """No exception, no status above 499, the length that was said, and frames where frames are promised."""
    revision = REVISIONS[key]
    method, path = data.draw(METHODS), data.draw(paths(revision))
    body, environment = data.draw(bodies(revision)), data.draw(environments(revision))
    application = HttpApplication(revision, reflection=data.draw(st.booleans()))

    reply = request(application, method, path.replace("?", ""), body, **environment)

    assert 200 <= int(reply.status[:3]) < 500
    if method == "HEAD":
        assert reply.body == b""
        return
    if "Content-Length" in reply.headers:
        assert int(reply.headers["Content-Length"]) == len(reply.body)
    if reply.headers["Content-Type"] == revision.media_type:
        frames(reply.body, revision)
    else:
        assert reply.headers["Content-Type"] in {"text/plain", "application/mercurial-cbor"}
    if method != "POST":
        # Only POST can have run anything.
        assert int(reply.status[:3]) in {200, 404, 405}
