"""Tests of `hgframing._revisions`: every revision against its sheet, typed from there."""

from __future__ import annotations

import dataclasses

from typing import Any

import pytest

from hgframing import CborDialect, ConnectionState, Feature, FrameInput, FrameType, Revision
from hgframing._frames import HEADER_4, HEADER_6, HEADER_8
from hgframing._revisions import REVISIONS
from hgframing._states import (
    CLIENT_REQUEST,
    CONNECTION,
    CONNECTION_WITH_SETTINGS,
    CONNECTION_WITH_STREAM_SETTINGS,
    SERVER_REQUEST_BY_ARGUMENTS,
    SERVER_REQUEST_BY_CBOR,
    STREAM,
)


T = FrameType
F = FrameInput

#: Key: header octets, media type, API (the sheets' first two sections; the table of the revisions).
IDENTITIES = {
    "0001": (4, "application/mercurial-exp-framing-0001", "exp-http-v2-0001"),
    "0002": (6, "application/mercurial-exp-framing-0002", "exp-http-v2-0001"),
    "0002-streams": (8, "application/mercurial-exp-framing-0002", "exp-http-v2-0001"),
    "0005-draft": (8, "application/mercurial-exp-framing-0005", "exp-http-v2-0001"),
    "0005": (8, "application/mercurial-exp-framing-0005", "exp-http-v2-0001"),
    "0006": (8, "application/mercurial-exp-framing-0006", "exp-http-v2-0003"),
}

#: Section 3 of the sheets r1, r2, r3, r4, r4-released and r5: number, name, flags.
FRAMES: dict[str, list[tuple[int, str, dict[str, int]]]] = {
    "0001": [
        (1, "command-name", {"eos": 0x01, "have-args": 0x02, "have-data": 0x04}),
        (2, "command-argument", {"continuation": 0x01, "eoa": 0x02}),
        (3, "command-data", {"continuation": 0x01, "eos": 0x02}),
        (4, "bytes-response", {"continuation": 0x01, "eos": 0x02}),
        (5, "error-response", {"protocol": 0x01, "application": 0x02}),
    ],
    "0002": [
        (1, "command-name", {"eos": 0x01, "have-args": 0x02, "have-data": 0x04}),
        (2, "command-argument", {"continuation": 0x01, "eoa": 0x02}),
        (3, "command-data", {"continuation": 0x01, "eos": 0x02}),
        (4, "bytes-response", {"continuation": 0x01, "eos": 0x02}),
        (5, "error-response", {"protocol": 0x01, "application": 0x02}),
        (6, "text-output", {}),
    ],
    "0002-streams": [
        (1, "command-name", {"eos": 0x01, "have-args": 0x02, "have-data": 0x04}),
        (2, "command-argument", {"continuation": 0x01, "eoa": 0x02}),
        (3, "command-data", {"continuation": 0x01, "eos": 0x02}),
        (4, "bytes-response", {"continuation": 0x01, "eos": 0x02}),
        (5, "error-response", {"protocol": 0x01, "application": 0x02}),
        (6, "text-output", {}),
        (7, "progress", {}),
        (8, "stream-settings", {}),
    ],
    "0005-draft": [
        (1, "command-request", {"new": 0x01, "continuation": 0x02, "more": 0x04, "have-data": 0x08}),
        (2, "command-data", {"continuation": 0x01, "eos": 0x02}),
        (3, "command-response", {"continuation": 0x01, "eos": 0x02}),
        (5, "error-response", {"protocol": 0x01, "application": 0x02}),
        (6, "text-output", {}),
        (7, "progress", {}),
        (8, "stream-settings", {}),
    ],
    "0005": [
        (1, "command-request", {"new": 0x01, "continuation": 0x02, "more": 0x04, "have-data": 0x08}),
        (2, "command-data", {"continuation": 0x01, "eos": 0x02}),
        (3, "command-response", {"continuation": 0x01, "eos": 0x02}),
        (5, "error-response", {}),
        (6, "text-output", {}),
        (7, "progress", {}),
        (8, "stream-settings", {}),
    ],
    "0006": [
        (1, "command-request", {"new": 0x01, "continuation": 0x02, "more": 0x04, "have-data": 0x08}),
        (2, "command-data", {"continuation": 0x01, "eos": 0x02}),
        (3, "command-response", {"continuation": 0x01, "eos": 0x02}),
        (5, "error-response", {}),
        (6, "text-output", {}),
        (7, "progress", {}),
        (8, "sender-protocol-settings", {"continuation": 0x01, "eos": 0x02}),
        (9, "stream-settings", {"continuation": 0x01, "eos": 0x02}),
    ],
}

#: Which flag nibbles of a type are legal, and what they say. A command name carries at least one of its flags
#: (CMD-008), `eos` alone (CMD-006); an argument says at most one thing (ARG-005, ARG-006); data and settings carry
#: exactly one of their flags (DATA-002, DATA-003, SET-006, SET-007, ENC-006, ENC-007); a response not both (RSP-004),
#: and upstream's own tests send neither (D12); a request exactly one of `new` and `continuation` (REQ-006, REQ-007); a
#: flagged error one of its flags (ERR-002, ERR-003). Where a type has no flags, none is legal.
LEGAL: dict[str, dict[int, FrameInput]] = {
    "command-name": {1: F.NAME, 2: F.NAME_ARGUMENTS, 4: F.NAME_DATA, 6: F.NAME_ARGUMENTS_DATA},
    "command-argument": {0: F.ARGUMENT, 1: F.ARGUMENT_PART, 2: F.ARGUMENT_LAST},
    "command-request": {
        1: F.NEW,
        5: F.NEW_MORE,
        9: F.NEW_DATA,
        13: F.NEW_MORE_DATA,
        2: F.CONTINUATION,
        6: F.CONTINUATION_MORE,
        10: F.CONTINUATION_DATA,
        14: F.CONTINUATION_MORE_DATA,
    },
    "command-data": {1: F.DATA_MORE, 2: F.DATA_LAST},
    "bytes-response": {0: F.RESPONSE_MORE, 1: F.RESPONSE_MORE, 2: F.RESPONSE_LAST},
    "command-response": {0: F.RESPONSE_MORE, 1: F.RESPONSE_MORE, 2: F.RESPONSE_LAST},
    "text-output": {0: F.TEXT_OUTPUT},
    "progress": {0: F.PROGRESS},
    "sender-protocol-settings": {1: F.SETTINGS_MORE, 2: F.SETTINGS_LAST},
}

ALL = set(REVISIONS)
FROM_STREAMS = ALL - {"0001", "0002"}
FROM_CBOR = FROM_STREAMS - {"0002-streams"}

#: Which revisions have a feature: the sheets' sections 3 and 4, and the table of the revisions.
FEATURES = {
    Feature.REQUEST_IDS: ALL - {"0001"},
    Feature.SEVERAL_REQUESTS: ALL - {"0001"},
    Feature.COMMAND_ARGUMENTS: ALL - FROM_CBOR,
    Feature.CBOR_REQUESTS: FROM_CBOR,
    Feature.REDIRECTS: {"0006"},
    Feature.TEXT_OUTPUT: ALL - {"0001"},
    Feature.BINARY_TEXT_OUTPUT: {"0002", "0002-streams"},
    Feature.PROGRESS: FROM_STREAMS,
    Feature.STREAMS: FROM_STREAMS,
    Feature.STREAM_SETTINGS: FROM_STREAMS,
    Feature.CONTENT_ENCODINGS: {"0006"},
    Feature.SENDER_SETTINGS: {"0006"},
    Feature.STATUS_MAP: FROM_CBOR,
    Feature.RAW_RESPONSES: ALL - {"0006"},
    Feature.OBJECT_RESPONSES: FROM_CBOR,
    Feature.ERROR_FLAGS: ALL - {"0005", "0006"},
    Feature.CBOR_ERRORS: {"0005", "0006"},
    Feature.CBOR_SUBSET: {"0006"},
}


def every_revision() -> pytest.MarkDecorator:
    """Run a test for every revision."""
    return pytest.mark.parametrize("revision", REVISIONS.values(), ids=REVISIONS)


def legal_flags(revision: Revision, name: str) -> dict[int, FrameInput]:
    """Say which flags the sheet allows on a type, where it depends on the revision too."""
    if name == "error-response":
        nibbles = [1, 2] if Feature.ERROR_FLAGS in revision.features else [0]
        return dict.fromkeys(nibbles, F.ERROR_RESPONSE)
    if name == "stream-settings" and revision.key != "0006":
        return {0: F.STREAM_SETTINGS_LAST}
    if name == "stream-settings":
        return {1: F.STREAM_SETTINGS_MORE, 2: F.STREAM_SETTINGS_LAST}
    return LEGAL[name]


def test_revisions_are_in_the_order_of_history() -> None:
    """A list of them reads as the history of the protocol."""
    assert list(REVISIONS) == list(IDENTITIES)
    assert [revision.key for revision in REVISIONS.values()] == list(IDENTITIES)


@every_revision()
def test_revision_is_named_as_its_sheet_says(revision: Revision) -> None:
    """Header, media type and API name; a media type names more than one revision (D86)."""
    assert (revision.header.size, revision.media_type, revision.api) == IDENTITIES[revision.key]
    assert revision.header in (HEADER_4, HEADER_6, HEADER_8)


def test_revisions_name_the_sheet_that_describes_them() -> None:
    """Whoever doubts a number finds where it is written."""
    assert [revision.sheet for revision in REVISIONS.values()] == [
        "r1",
        "r2",
        "r3",
        "r4",
        "r4-released",
        "r5",
    ]
    assert all(revision.title for revision in REVISIONS.values())


@every_revision()
def test_revision_has_the_frames_of_its_sheet(revision: Revision) -> None:
    """Numbers, names and flag bits, and no type besides."""
    found = [(number, spec.name, dict(spec.flags)) for number, spec in revision.frames.items()]

    assert sorted(found) == FRAMES[revision.key]


@every_revision()
def test_revision_classifies_every_type_and_flag_nibble(revision: Revision) -> None:
    """Each of the 256 values of a header's last octet is legal and means one thing, or is not legal."""
    expected = {
        number << 4 | flags: frame_input
        for number, name, _ in FRAMES[revision.key]
        for flags, frame_input in legal_flags(revision, name).items()
    }

    assert {octet: revision.inputs.get(octet) for octet in range(256)} == {
        octet: expected.get(octet) for octet in range(256)
    }
    assert set(revision.inputs) <= set(range(256))


@every_revision()
def test_revision_numbers_its_types_both_ways(revision: Revision) -> None:
    """Senders look the number of a type up, receivers the type of a number."""
    assert revision.type_ids == {spec.type: number for number, spec in revision.frames.items()}
    assert len(revision.type_ids) == len(revision.frames)


@pytest.mark.parametrize("feature", Feature, ids=str)
def test_feature_is_in_the_revisions_that_have_it(feature: Feature) -> None:
    """What code asks for is what the sheets say."""
    assert {key for key, revision in REVISIONS.items() if feature in revision.features} == FEATURES[feature]


def test_feature_values_are_the_names_that_suites_use() -> None:
    """A suite says `revisions: {features: [..]}` (docs/vector-format.md, "Suite"): renaming one breaks it."""
    assert {feature.value for feature in Feature} == {
        "request-ids",
        "several-requests",
        "command-arguments",
        "cbor-requests",
        "redirects",
        "text-output",
        "binary-text-output",
        "progress",
        "streams",
        "stream-settings",
        "content-encodings",
        "sender-settings",
        "status-map",
        "raw-responses",
        "object-responses",
        "error-flags",
        "cbor-errors",
        "cbor-subset",
    }


@every_revision()
def test_features_of_a_revision_agree_with_its_tables(revision: Revision) -> None:
    """A feature that concerns frames is there exactly where the frames are."""
    features = revision.features
    types = set(revision.type_ids)

    assert revision.header.has_request is (Feature.REQUEST_IDS in features)
    assert revision.header.has_stream is (Feature.STREAMS in features)
    assert bool(revision.stream_flags) is (Feature.STREAMS in features)
    assert (T.COMMAND_REQUEST in types) is (Feature.CBOR_REQUESTS in features)
    assert (T.COMMAND_ARGUMENT in types) is (Feature.COMMAND_ARGUMENTS in features)
    assert (T.TEXT_OUTPUT in types) is (Feature.TEXT_OUTPUT in features)
    assert (T.PROGRESS in types) is (Feature.PROGRESS in features)
    assert (T.STREAM_SETTINGS in types) is (Feature.STREAM_SETTINGS in features)
    assert (T.SENDER_SETTINGS in types) is (Feature.SENDER_SETTINGS in features)
    assert bool(set(revision.encodings) - {"identity"}) is (Feature.CONTENT_ENCODINGS in features)
    assert (revision.cbor is CborDialect.SUBSET) is (Feature.CBOR_SUBSET in features)


@every_revision()
def test_stream_flags_have_the_names_of_the_sheet(revision: Revision) -> None:
    """Sheet r3, "Header"; before it there are no streams."""
    names = {"stream-begin": 0x01, "stream-end": 0x02, "encoded": 0x04}

    assert dict(revision.stream_flags) == (names if revision.key in FROM_STREAMS else {})


def test_encodings_are_in_the_order_that_servers_prefer() -> None:
    """`zstd-8mb`, `zlib`, `identity` (sheet r5, "Content encoding profiles"); before it none does anything."""
    assert {key: revision.encodings for key, revision in REVISIONS.items()} == {
        **dict.fromkeys(ALL - FROM_STREAMS, ()),
        **dict.fromkeys(FROM_STREAMS, ("identity",)),
        "0006": ("zstd-8mb", "zlib", "identity"),
    }


@every_revision()
def test_revision_follows_the_tables_of_its_time(revision: Revision) -> None:
    """CBOR requests came with r4, stream settings with r3, sender settings and their states with r5."""
    key = revision.key
    by_settings = {"0001": CONNECTION, "0002": CONNECTION, "0006": CONNECTION_WITH_SETTINGS}
    requests: Any = SERVER_REQUEST_BY_CBOR if key in FROM_CBOR else SERVER_REQUEST_BY_ARGUMENTS

    assert revision.connection is by_settings.get(key, CONNECTION_WITH_STREAM_SETTINGS)
    assert revision.initial is (ConnectionState.INITIAL if key == "0006" else ConnectionState.OPEN)
    assert revision.initial in revision.connection
    assert revision.server_request is requests
    assert revision.client_request is CLIENT_REQUEST
    assert revision.stream is STREAM


@every_revision()
def test_wording_is_mercurials_of_that_time(revision: Revision) -> None:
    """The first row of the idle and initial tables of the sheets (r1 §8.1, r4 §8.2, r5 §7.2)."""
    idle = "expected command frame; got 9"
    if revision.key in FROM_CBOR:
        idle = "expected command request frame; got 9"
    initial = "expected sender protocol settings or command request frame; got 9"

    assert revision.wording.not_a_command % 9 == idle
    assert revision.wording.not_first % 9 == (initial if revision.key == "0006" else idle)


#: What Mercurial says of flags that exclude each other, and of those that are missing (sheets r1 §8.1, r4 §8.1, r5 §7.3
#: and §8.2).
FLAG_WORDS = {
    "command-name": ("", "missing frame flags on command frame"),
    "command-data": ("", "command data frame without flags"),
    "command-request": (
        "received command request frame with both new and continuation flags set",
        "received command request frame with neither new nor continuation flags set",
    ),
    "sender-protocol-settings": (
        "sender protocol settings frame cannot have both continuation and end of stream flags set",
        "sender protocol settings frame must have continuation or end of stream flag set",
    ),
    "stream-settings": (
        "stream encoding settings frame cannot have both continuation and end of stream flags set",
        "stream encoding settings frame must have continuation or end of stream flag set",
    ),
}


@every_revision()
def test_words_for_bad_flags_are_mercurials(revision: Revision) -> None:
    """A type says what Mercurial says, and nothing where that has no message or no flags."""
    for spec in revision.frames.values():
        expected = FLAG_WORDS.get(spec.name, ("", "")) if spec.flags else ("", "")
        assert (spec.conflict, spec.missing) == expected, spec.name


@every_revision()
def test_revision_is_immutable(revision: Revision) -> None:
    """A revision is data that everybody shares."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        revision.key = "0007"  # type: ignore[misc]
    for mapping in (revision.frames, revision.inputs, revision.type_ids, revision.frames[1].flags):
        with pytest.raises(TypeError):
            mapping[1] = None  # type: ignore[index]
    with pytest.raises(TypeError):
        REVISIONS["0007"] = revision  # type: ignore[index]


def test_derived_revision_recomputes_its_classifier() -> None:
    """A neighbour made with `replace` has the inputs of its own frames, not those of the original."""
    old = REVISIONS["0006"]

    new = dataclasses.replace(old, key="0007", frames={1: old.frames[1]})

    assert set(new.type_ids) == {T.COMMAND_REQUEST}
    assert {octet >> 4 for octet in new.inputs} == {1}
