"""Tests of status maps and errors, as they are sent and as they are received."""

from __future__ import annotations

from typing import Any

import pytest

from hgframing import REVISIONS, Atom, FaultCode, LocalProtocolError, Redirect, encode_value, parse_notation
from hgframing._errors import FaultRaised
from hgframing._responses import (
    StatusError,
    StatusOk,
    StatusRedirect,
    build_error,
    build_status_error,
    build_status_ok,
    build_status_redirect,
    parse_error,
    parse_status,
)


WITH_STATUS = ("0005-draft", "0005", "0006")
WITH_CBOR_ERRORS = ("0005", "0006")
WITH_TEXT_ERRORS = ("0001", "0002", "0002-streams", "0005-draft")

#: Octets that a payload may have without negotiation, as senders keep to it: sheet r1, "Header".
MAX_FRAME = 32768

FULL_REDIRECT = Redirect(
    b"https://example/x",
    b"application/mercurial-cbor",
    size=10,
    fullhashes=((b"sha256", b"\x00\xff"), (b"sha1", b"")),
    fullhashseed=b"seed",
    serverdercerts=(b"der1", b"der2"),
    servercadercerts=(),
)


def cbor(literal: str) -> bytes:
    """Encode a literal in the order of 0006."""
    return parse_notation(f"1 1 0 1 0 cbor:{literal}", REVISIONS["0006"]).payload


# Status maps.


@pytest.mark.parametrize("key", WITH_STATUS)
def test_build_status_ok_gives_the_worked_octets(key: str) -> None:
    """Eleven octets: sheet r4, "Payloads" and "Sender helpers"."""
    assert build_status_ok(REVISIONS[key]) == b"\xa1\x46status\x42ok"


def test_build_status_error_is_an_array_of_atoms() -> None:
    """`error.message` is an array of atom maps (RSP-008), not Mercurial's bytestring (D65)."""
    atom = Atom(b"msg %s\n", (b"x",), (b"l",))
    expected = "{b'error': {b'message': [{b'args': [b'x'], b'labels': [b'l'], b'msg': b'msg %s\\n'}]}"

    assert build_status_error(atom, REVISIONS["0006"]) == cbor(expected + ", b'status': b'error'}")


def test_build_status_error_writes_shorter_keys_first_in_the_general_dialect() -> None:
    """`error` before `status`, `msg` before `args`: sheet r4, "CBOR details"."""
    built = build_status_error(Atom(b"m", (b"x",)), REVISIONS["0005"])

    assert built == b"\xa2\x45error\xa1\x47message\x81\xa2\x43msg\x41m\x44args\x81\x41x\x46status\x45error"


@pytest.mark.parametrize("key", WITH_STATUS)
@pytest.mark.parametrize(
    ("atom", "message"),
    [
        (Atom("text"), "must use bytes formatting strings"),  # type: ignore[arg-type]
        (Atom(b"%s", ("text",)), "must use bytes for arguments"),  # type: ignore[arg-type]
        (Atom(b"x", (), ("text",)), "must use bytes for labels"),  # type: ignore[arg-type]
        (Atom(b"\xff"), "formatting string is not ASCII"),
    ],
    ids=["msg", "args", "labels", "not-ascii"],
)
def test_error_message_that_is_no_text_is_refused(key: str, atom: Atom, message: str) -> None:
    """Both places where a message goes ask the same of it (TEXT-004, TEXT-005)."""
    with pytest.raises(LocalProtocolError) as in_status:
        build_status_error(atom, REVISIONS[key])
    with pytest.raises(LocalProtocolError) as in_frame:
        build_error("server", atom, REVISIONS[key])

    assert str(in_status.value) == str(in_frame.value) == message


def test_build_status_error_longer_than_a_frame_is_refused() -> None:
    """The map stands in the first frame whole (RSP-006), and no frame is longer than it may be (FRAME-003, D71)."""
    overhead = len(build_status_error(Atom(b"x" * 1000), REVISIONS["0006"])) - 1000

    assert len(build_status_error(Atom(b"x" * (MAX_FRAME - overhead)), REVISIONS["0006"])) == MAX_FRAME
    with pytest.raises(LocalProtocolError, match="error message of 32769 octets does not fit one frame"):
        build_status_error(Atom(b"x" * (MAX_FRAME - overhead + 1)), REVISIONS["0006"])


def test_build_status_redirect_has_what_it_must() -> None:
    """The two fields that are no options, and no others (RSP-009, RDIR-003)."""
    built = build_status_redirect(Redirect(b"u", b"m"), REVISIONS["0006"])

    assert built == cbor("{b'location': {b'mediatype': b'm', b'url': b'u'}, b'status': b'redirect'}")


def test_build_status_redirect_has_what_it_may() -> None:
    """Every optional field, in its shape (RSP-009)."""
    expected = (
        "{b'location': {b'fullhashes': [[b'sha256', b'\\x00\\xff'], [b'sha1', b'']], b'fullhashseed': b'seed', "
        "b'mediatype': b'application/mercurial-cbor', b'servercadercerts': [], b'serverdercerts': [b'der1', b'der2'], "
        "b'size': 10, b'url': b'https://example/x'}, b'status': b'redirect'}"
    )

    assert build_status_redirect(FULL_REDIRECT, REVISIONS["0006"]) == cbor(expected)


@pytest.mark.parametrize(
    ("redirect", "message"),
    [
        (Redirect(None, b"m"), "redirect location has no url"),  # type: ignore[arg-type]
        (Redirect("u", b"m"), 'redirect location field "url" is not a bytestring'),  # type: ignore[arg-type]
        (Redirect(b"u", "m"), 'redirect location field "mediatype" is not a bytestring'),  # type: ignore[arg-type]
        (Redirect(b"u", b"m", size=-1), 'redirect location field "size" is not an unsigned integer'),
        (Redirect(b"u" * MAX_FRAME, b"m"), "redirect location of 32814 octets does not fit one frame"),
    ],
    ids=["no-url", "url-text", "mediatype-text", "size-negative", "too-long"],
)
def test_build_status_redirect_of_another_shape_is_refused(redirect: Redirect, message: str) -> None:
    """A server sends what its own side would accept (RSP-009)."""
    with pytest.raises(LocalProtocolError) as refused:
        build_status_redirect(redirect, REVISIONS["0006"])

    assert str(refused.value) == message


def test_status_maps_are_read_as_they_were_built() -> None:
    """All three, the redirect with everything that it may have."""
    revision = REVISIONS["0006"]
    atoms = (Atom(b"msg %s\n", (b"x",), (b"l",)), Atom(b"end"))

    from_ok = parse_status({b"status": b"ok"}, revision)
    from_error = parse_status(
        {
            b"status": b"error",
            b"error": {
                b"message": [{b"msg": b"msg %s\n", b"args": [b"x"], b"labels": [b"l"]}, {b"msg": b"end"}]
            },
        },
        revision,
    )
    from_redirect = parse_status(
        {
            b"status": b"redirect",
            b"location": {
                b"url": b"https://example/x",
                b"mediatype": b"application/mercurial-cbor",
                b"size": 10,
                b"fullhashes": [[b"sha256", b"\x00\xff"], [b"sha1", b""]],
                b"fullhashseed": b"seed",
                b"serverdercerts": [b"der1", b"der2"],
                b"servercadercerts": [],
                b"later": None,
            },
        },
        revision,
    )

    assert from_ok == StatusOk()
    assert from_error == StatusError(atoms)
    assert from_redirect == StatusRedirect(FULL_REDIRECT)


def test_parse_status_redirect_without_options_has_none() -> None:
    """What the server did not say is None (RSP-009)."""
    value = {b"status": b"redirect", b"location": {b"url": b"u", b"mediatype": b"m"}}

    assert parse_status(value, REVISIONS["0006"]) == StatusRedirect(Redirect(b"u", b"m"))


@pytest.mark.parametrize("key", WITH_STATUS)
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (5, "response status is not a map"),
        ([b"status"], "response status is not a map"),
        (b"status", "response status is not a map"),
        ({}, "response has no known status"),
        ({b"status": b"zzz"}, "response has no known status"),
        ({b"status": 1}, "response has no known status"),
        ({b"status": [b"ok"]}, "response has no known status"),
        ({b"status": b"error"}, "response status error has no error map"),
        ({b"status": b"error", b"error": b"no"}, "response status error has no error map"),
        ({b"status": b"error", b"error": {}}, "response status error is not an array of atoms"),
        (
            {b"status": b"error", b"error": {b"message": b"msg %s", b"args": [b"x"]}},
            "response status error is not an array of atoms",
        ),
        (
            {b"status": b"error", b"error": {b"message": [{}]}},
            "response status error has an atom without msg",
        ),
    ],
)
def test_parse_status_that_is_none_is_a_fault(key: str, value: Any, message: str) -> None:
    """One of the text's values, and what each of them needs (RSP-007, RSP-008; D65, D80)."""
    with pytest.raises(FaultRaised) as raised:
        parse_status(value, REVISIONS[key])

    assert (raised.value.code, raised.value.message) == (FaultCode.BAD_PAYLOAD, message)


@pytest.mark.parametrize("key", ["0005-draft", "0005"])
def test_parse_status_redirect_where_there_are_none_is_a_fault(key: str) -> None:
    """`status` is `ok` or `error` before 0006 (R4-RSP-007)."""
    value = {b"status": b"redirect", b"location": {b"url": b"u", b"mediatype": b"m"}}

    with pytest.raises(FaultRaised, match="response has no known status"):
        parse_status(value, REVISIONS[key])


@pytest.mark.parametrize(
    ("location", "message"),
    [
        (None, "response status redirect has no location map"),
        ([b"url"], "response status redirect has no location map"),
        ({b"mediatype": b"m"}, "redirect location has no url"),
        ({b"url": b"u"}, "redirect location has no mediatype"),
        ({b"url": 1, b"mediatype": b"m"}, 'redirect location field "url" is not a bytestring'),
        (
            {b"url": b"u", b"mediatype": b"m", b"size": True},
            'redirect location field "size" is not an unsigned integer',
        ),
        (
            {b"url": b"u", b"mediatype": b"m", b"size": -1},
            'redirect location field "size" is not an unsigned integer',
        ),
        (
            {b"url": b"u", b"mediatype": b"m", b"fullhashes": [[b"sha1"]]},
            'redirect location field "fullhashes" is not an array of names and hashes',
        ),
        (
            {b"url": b"u", b"mediatype": b"m", b"fullhashes": {b"sha1": b""}},
            'redirect location field "fullhashes" is not an array of names and hashes',
        ),
        (
            {b"url": b"u", b"mediatype": b"m", b"fullhashes": [b"ab"]},
            'redirect location field "fullhashes" is not an array of names and hashes',
        ),
        (
            {b"url": b"u", b"mediatype": b"m", b"fullhashseed": None},
            'redirect location field "fullhashseed" is not a bytestring',
        ),
        (
            {b"url": b"u", b"mediatype": b"m", b"serverdercerts": b"der"},
            'redirect location field "serverdercerts" is not an array of bytestrings',
        ),
        (
            {b"url": b"u", b"mediatype": b"m", b"servercadercerts": [1]},
            'redirect location field "servercadercerts" is not an array of bytestrings',
        ),
    ],
)
def test_parse_status_redirect_of_another_shape_is_a_fault(location: Any, message: str) -> None:
    """A URL and a media type, and what may be beside them in its shape (RSP-009, RDIR-003)."""
    with pytest.raises(FaultRaised) as raised:
        parse_status({b"status": b"redirect", b"location": location}, REVISIONS["0006"])

    assert (raised.value.code, raised.value.message) == (FaultCode.BAD_PAYLOAD, message)


# Error frames.


@pytest.mark.parametrize("key", WITH_CBOR_ERRORS)
def test_build_error_gives_the_worked_payload(key: str) -> None:
    """`onservererror(b'boom')`: sheet r4-released, "Worked frames". The shorter key came first until 0006."""
    expected = {
        "0005": b"\xa2\x44type\x46server\x47message\x81\xa1\x43msg\x44boom",
        "0006": b"\xa2\x47message\x81\xa1\x43msg\x44boom\x44type\x46server",
    }

    assert build_error("server", Atom(b"boom"), REVISIONS[key]) == expected[key]


@pytest.mark.parametrize("key", WITH_TEXT_ERRORS)
def test_build_error_without_cbor_is_the_text_itself(key: str) -> None:
    """The payload is a message to show to the user (ERR-001): its atom, put together."""
    atom = Atom(b"100%% of %s\n", (b"this",))

    assert build_error("application", atom, REVISIONS[key]) == b"100% of this\n"


@pytest.mark.parametrize("key", WITH_TEXT_ERRORS)
def test_build_error_at_a_frame_fits_and_beyond_it_is_refused(key: str) -> None:
    """32768 octets: sheet r1, "Sender helpers" (D71)."""
    assert len(build_error("protocol", Atom(b"x" * MAX_FRAME), REVISIONS[key])) == MAX_FRAME
    with pytest.raises(LocalProtocolError, match="error message of 32769 octets does not fit one frame"):
        build_error("protocol", Atom(b"x" * (MAX_FRAME + 1)), REVISIONS[key])


@pytest.mark.parametrize("key", WITH_CBOR_ERRORS)
def test_build_error_counts_what_is_around_the_message(key: str) -> None:
    """What may not exceed a frame is the payload, not the message in it (D71)."""
    overhead = len(build_error("server", Atom(b"x" * 1000), REVISIONS[key])) - 1000

    assert len(build_error("server", Atom(b"x" * (MAX_FRAME - overhead)), REVISIONS[key])) == MAX_FRAME
    with pytest.raises(LocalProtocolError, match="error message of 32769 octets does not fit one frame"):
        build_error("server", Atom(b"x" * (MAX_FRAME - overhead + 1)), REVISIONS[key])


@pytest.mark.parametrize("key", WITH_CBOR_ERRORS)
@pytest.mark.parametrize("kind", ["protocol", "server", "command"])
def test_error_is_read_as_it_was_built(key: str, kind: str) -> None:
    """The three kinds of ERR-005, with a message that has everything."""
    atom = Atom(b"a %s\n", (b"b",), (b"c",))

    assert parse_error(build_error(kind, atom, REVISIONS[key]), REVISIONS[key], 8) == (kind, (atom,))


@pytest.mark.parametrize("key", WITH_CBOR_ERRORS)
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (5, "error response is not a map"),
        ({b"message": []}, "error response has no known type"),
        ({b"type": b"zzz", b"message": []}, "error response has no known type"),
        ({b"type": 1, b"message": []}, "error response has no known type"),
        ({b"type": [b"server"], b"message": []}, "error response has no known type"),
        ({b"type": b"server"}, "error response is not an array of atoms"),
        ({b"type": b"server", b"message": b"boom"}, "error response is not an array of atoms"),
        ({b"type": b"server", b"message": [b"boom"]}, "error response has an atom without msg"),
    ],
)
def test_parse_error_of_another_shape_is_a_fault(key: str, value: Any, message: str) -> None:
    """A map of a known `type` and a `message` of atoms (ERR-004 to ERR-006; D77)."""
    with pytest.raises(FaultRaised) as raised:
        parse_error(encode_value(value, REVISIONS[key].cbor), REVISIONS[key], 8)

    assert (raised.value.code, raised.value.message) == (FaultCode.BAD_PAYLOAD, message)


@pytest.mark.parametrize("key", WITH_CBOR_ERRORS)
@pytest.mark.parametrize("octets", [b"", b"hello", b"\xa1\x44type"], ids=["empty", "text", "cut-off"])
def test_parse_error_that_is_no_cbor_is_a_fault(key: str, octets: bytes) -> None:
    """Mercurial raises there, after it has dropped the request (D77)."""
    with pytest.raises(FaultRaised) as raised:
        parse_error(octets, REVISIONS[key], 8)

    assert raised.value.code is FaultCode.BAD_CBOR
    assert raised.value.message.startswith("error decoding CBOR from error response: ")


def test_parse_error_deeper_than_the_limit_is_a_fault() -> None:
    """Map, array, map, array: four deep with arguments."""
    revision = REVISIONS["0006"]
    octets = build_error("server", Atom(b"%s", (b"x",)), revision)

    assert parse_error(octets, revision, 4) == ("server", (Atom(b"%s", (b"x",)),))
    with pytest.raises(FaultRaised, match="error decoding CBOR from error response"):
        parse_error(octets, revision, 3)
