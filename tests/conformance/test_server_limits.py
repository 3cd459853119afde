"""Limits of a server: the sizes are counted here once more, off the frames."""

from __future__ import annotations

import pytest

from hgframing import REVISIONS

from .limit_tries import CASES, decoded_size, depth, tries


@pytest.mark.parametrize("revision_key", REVISIONS)
def test_server_limits_of_payloads(revision_key: str) -> None:
    """The last frame is as long as the limit, give or take one octet, and no other is longer."""
    for limit, over, frames in tries(revision_key, "server", "max-payload", ""):
        assert len(frames[-1].payload) == limit + over
        assert all(len(frame.payload) < limit for frame in frames[:-1])


@pytest.mark.parametrize("label", ["data", "frame", "frames"])
def test_server_limits_of_a_request(label: str) -> None:
    """What all frames of the request hold together."""
    for limit, over, frames in tries("0006", "server", "max-request-octets", label):
        assert {frame.request_id for frame in frames} == {1}
        assert sum(len(frame.payload) for frame in frames) == limit + over


def test_server_limits_of_a_request_with_arguments() -> None:
    """The name and the argument frames together."""
    for limit, over, frames in tries("0002", "server", "max-request-octets", "arguments"):
        assert sum(len(frame.payload) for frame in frames) == limit + over


def test_server_limits_of_two_requests() -> None:
    """No request holds as much as the limit; both together do."""
    for limit, over, frames in tries("0006", "server", "max-buffered-octets", ""):
        assert {frame.request_id for frame in frames} == {1, 3}
        assert sum(len(frame.payload) for frame in frames) == limit + over


def test_server_limits_of_half_received_requests() -> None:
    """As many IDs as requests."""
    for limit, over, frames in tries("0006", "server", "max-requests", "half"):
        assert len({frame.request_id for frame in frames}) == limit + over


def test_server_limits_of_running_requests_free_the_place_of_an_answered_one() -> None:
    """Up to the limit a request is answered and the ID used again; above, the one too many is the last."""
    for limit, over, frames in tries("0006", "server", "max-requests", "running"):
        ids = [frame.request_id for frame in frames]

        assert len(set(ids)) == limit + over
        assert (ids[-1] == ids[0]) == (over <= 0)


@pytest.mark.parametrize("label", ["sender", "stream"])
def test_server_limits_of_settings(label: str) -> None:
    """Split over two frames, and counted together."""
    for limit, over, frames in tries("0006", "server", "max-settings-octets", label):
        assert len(frames) == 2
        assert sum(len(frame.payload) for frame in frames) == limit + over


def test_server_limits_of_nesting() -> None:
    """Containers in containers."""
    for limit, over, frames in tries("0006", "server", "max-cbor-depth", ""):
        assert depth(frames[-1]) == limit + over


@pytest.mark.parametrize("revision_key", ["0005-draft", "0005", "0006"])
@pytest.mark.parametrize("label", ["frame", "frames"])
def test_server_limits_of_cbor(label: str, revision_key: str) -> None:
    """All of a request without data is CBOR, and counted together."""
    for limit, over, frames in tries(revision_key, "server", "max-cbor-octets", label):
        assert len(frames) == {"frame": 1, "frames": 3}[label]
        assert sum(len(frame.payload) for frame in frames) == limit + over


def test_server_limits_of_cbor_leave_data_out() -> None:
    """What comes behind the first frame is longer than the limit."""
    for limit, over, (first, *data) in tries("0006", "server", "max-cbor-octets", "data"):
        assert len(first.payload) == limit + over
        assert [len(frame.payload) > limit for frame in data] == [True] * (over <= 0)


def test_server_limits_of_encoded_streams() -> None:
    """As many streams as settings of zlib."""
    for limit, over, frames in tries("0006", "server", "max-encoded-streams", ""):
        assert len({frame.stream_id for frame in frames}) == limit + over


@pytest.mark.parametrize("label", ["zlib", "zstd"])
def test_server_limits_of_decoded_payloads(label: str) -> None:
    """What the libraries read is as long as the limit, give or take one octet."""
    for limit, over, frames in tries("0006", "server", "max-decoded", label):
        assert decoded_size(frames[-1], label) == limit + over


def test_server_limits_without_request_ids_have_one_request() -> None:
    """0001 has nothing to count requests by."""
    assert not any(case_id.startswith("server-boundary-0001-max-requests") for case_id in CASES)
