"""Limits of a client: the sizes are counted here once more, off the frames."""

from __future__ import annotations

import pytest

from hgframing import REVISIONS

from .limit_tries import CASES, decoded_size, depth, tries


@pytest.mark.parametrize("revision_key", REVISIONS)
def test_client_limits_of_payloads(revision_key: str) -> None:
    """The one frame is as long as the limit, give or take one octet."""
    for limit, over, frames in tries(revision_key, "client", "max-payload", ""):
        assert [len(frame.payload) for frame in frames] == [limit + over]


@pytest.mark.parametrize("label", ["sender", "stream"])
def test_client_limits_of_settings(label: str) -> None:
    """Split over two frames, and counted together."""
    for limit, over, frames in tries("0006", "client", "max-settings-octets", label):
        assert len(frames) == 2
        assert sum(len(frame.payload) for frame in frames) == limit + over


@pytest.mark.parametrize("revision_key", ["0005", "0006"])
def test_client_limits_of_nesting(revision_key: str) -> None:
    """An error is a map, an array in it and a map for each atom."""
    for limit, over, frames in tries(revision_key, "client", "max-cbor-depth", "error"):
        assert depth(frames[-1]) == limit + over == 3


@pytest.mark.parametrize(
    ("label", "revision_keys"),
    [
        ("error", {"0005", "0006"}),
        ("text", {"0005-draft", "0005", "0006"}),
        ("progress", {"0002-streams", "0005-draft", "0005", "0006"}),
    ],
)
def test_client_limits_of_cbor(label: str, revision_keys: set[str]) -> None:
    """One frame, in the revisions whose sheets say that its payload is CBOR (ERR-004, TEXT-004, PROG-001)."""
    found = {key for key in REVISIONS if f"client-boundary-{key}-max-cbor-octets-{label}-at" in CASES}
    assert found == revision_keys
    for key in found:
        for limit, over, frames in tries(key, "client", "max-cbor-octets", label):
            assert [len(frame.payload) for frame in frames] == [limit + over]


def test_client_limits_of_encoded_streams() -> None:
    """As many streams as settings of zlib."""
    for limit, over, frames in tries("0006", "client", "max-encoded-streams", ""):
        assert len({frame.stream_id for frame in frames}) == limit + over


@pytest.mark.parametrize("label", ["zlib", "zstd"])
def test_client_limits_of_decoded_payloads(label: str) -> None:
    """What the libraries read is as long as the limit, give or take one octet."""
    for limit, over, frames in tries("0006", "client", "max-decoded", label):
        assert decoded_size(frames[-1], label) == limit + over
