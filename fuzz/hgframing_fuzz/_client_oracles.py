"""What must hold in a client, whatever a server sends.

    fault-is-terminal    after an error nothing is delivered any more
    own-request          what is delivered belongs to a request that was called, and to the frame's own
    one-end              at most one end of each response, and nothing after it
    response-flags       a response frame that is both the last and not the last is not delivered (RSP-004)
    own-data             a payload that is not encoded is delivered as it is

They are judged on a trace, as those of a server are (`_oracles`), which has the oracles that both share.
"""

from __future__ import annotations

from typing import Final

from hgframing import FrameType
from hgframing_fuzz._client_session import calls_of
from hgframing_fuzz._drive import Script, nibbles_of, request_of
from hgframing_fuzz._oracles import check_raised, objection
from hgframing_fuzz._outcome import Finding, Kind, Observed, Trace


__all__ = ["check_client_trace"]

_DATA: Final = Kind.RESPONSE_DATA
_ERROR: Final = Kind.ERROR
_RAISED: Final = Kind.RAISED
_ERROR_RESPONSE: Final = Kind.ERROR_RESPONSE
_DELIVERED: Final = frozenset({_DATA, _ERROR_RESPONSE, Kind.TEXT_OUTPUT, Kind.PROGRESS})
_ENCODED: Final = 0x04
_RESPONSE: Final = FrameType.RESPONSE


def check_client_trace(script: Script, trace: Trace) -> Finding | None:
    """Judge what a client did.

    Args:
        script: what was played.
        trace: what was seen, all of it or up to an exception.

    Returns:
        The first objection.
    """
    called: range | None = None
    ended: set[int] = set()
    errored = False
    for index, seen in enumerate(trace):
        for one in seen.observed:
            kind = one.kind
            if kind is _ERROR:
                errored = True
            elif kind is _RAISED:
                return check_raised(one)
            elif kind in _DELIVERED:
                if errored:
                    return objection(
                        "fault-is-terminal", kind.value, kind.value, f"{kind.value} after an error"
                    )
                if called is None:
                    called = _called(script)
                finding = _check_delivered(script, index, one, called, ended)
                if finding is not None:
                    return finding
    return None


def _called(script: Script) -> range:
    """The requests that were issued."""
    has_ids = script.revision.header.has_request
    return range(1, 2 * calls_of(script.options, script.revision), 2) if has_ids else range(1)


def _check_delivered(
    script: Script, index: int, one: Observed, called: range, ended: set[int]
) -> Finding | None:
    """Judge what is delivered to one request, and note where it ends."""
    request = one.request or 0
    is_error = one.kind is _ERROR_RESPONSE
    # A server that gives up on the connection may name any request (ERR-005).
    if not (is_error and _is_fatal(one)):
        finding = _check_owner(script, index, one, called, ended)
        if finding is not None:
            return finding
    if is_error:
        ended.add(request)
        return None
    if one.kind is not _DATA or not isinstance(one.value, tuple):
        return None
    data, eos = one.value[:2]
    if eos:
        ended.add(request)
    return _check_data(script, index, data)


def _check_owner(script: Script, index: int, one: Observed, called: range, ended: set[int]) -> Finding | None:
    """Judge to whom something is delivered."""
    request = one.request or 0
    kind = one.kind
    if request not in called:
        return objection(
            "own-request", kind.value, "uncalled", f"{kind.value} for request {request}, which nobody called"
        )
    owner = request_of(script, index)
    if owner is not None and owner != request:
        message = f"a frame of request {owner} becomes {kind.value} of {request}"
        return objection("own-request", kind.value, "foreign", message)
    if request in ended:
        return objection(
            "one-end", kind.value, kind.value, f"{kind.value} after the end of request {request}"
        )
    return None


def _is_fatal(one: Observed) -> bool:
    """Whether an error response says that the connection is given up. What it says can be of any type."""
    first = one.value[0] if isinstance(one.value, tuple) and one.value else None
    return first in ("protocol", b"protocol")


def _check_data(script: Script, index: int, data: object) -> Finding | None:
    """Compare what is delivered with the frame that brought it."""
    nibbles = nibbles_of(script, index)
    spec = script.revision.frames.get(nibbles >> 4) if nibbles >= 0 else None
    if spec is None:
        return None
    if spec.type is not _RESPONSE:
        return objection("own-data", "response-data", spec.name, f"a {spec.name} frame is delivered as data")
    more, last = nibbles & spec.flags.get("continuation", 0), nibbles & spec.flags.get("eos", 0)
    if more and last:
        message = "a response frame with both continuation and eos is delivered"
        return objection("response-flags", "response-data", "both", message)
    size = script.revision.header.size
    chunk = script.chunks[index]
    encoded = script.revision.header.has_stream and chunk[6] & _ENCODED
    if not encoded and data != chunk[size:]:
        return objection("own-data", "response-data", "payload", "the data are not the payload")
    return None
