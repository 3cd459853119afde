"""Tests of `hgframing._errors`: three blames that never mix."""

from __future__ import annotations

import pytest

from hgframing._errors import Fault, FaultCode, FaultRaised, HgFramingError, LocalProtocolError, NotationError


def test_fault_code_values_are_those_of_the_vector_format() -> None:
    """The codes are what docs/vector-format.md, "Error codes", promises to other implementations."""
    assert {code.value for code in FaultCode} == {
        "payload-too-large",
        "truncated-frame",
        "bad-stream-parity",
        "stream-not-open",
        "bad-flags",
        "unexpected-frame",
        "bad-request-parity",
        "bad-request-state",
        "malformed-argument",
        "bad-cbor",
        "bad-payload",
        "unsupported-encoding",
        "bad-encoding",
        "limit-exceeded",
        "incomplete-request",
        "incomplete-response",
        "already-errored",
    }


def test_fault_is_a_value() -> None:
    """Two faults that say the same are equal, and no receiver of one can change it for another."""
    fault = Fault(FaultCode.BAD_FLAGS, "command data frame without flags", 1)

    assert fault == Fault(FaultCode.BAD_FLAGS, "command data frame without flags", 1)
    assert fault != Fault(FaultCode.BAD_FLAGS, "command data frame without flags")
    with pytest.raises(AttributeError):
        fault.request_id = 3  # type: ignore[misc]


def test_fault_without_request_concerns_none() -> None:
    """A fault of the whole connection names no request."""
    assert Fault(FaultCode.TRUNCATED_FRAME, "frame length error: expected 3; got 0").request_id is None


def test_fault_raised_carries_what_the_fault_will_say() -> None:
    """Code and message survive the way up to the reactor."""
    raised = FaultRaised(FaultCode.BAD_CBOR, "no CBOR data")

    assert (raised.code, raised.message, str(raised)) == (FaultCode.BAD_CBOR, "no CBOR data", "no CBOR data")


def test_blames_do_not_mix() -> None:
    """Nobody who catches what callers do wrong can catch what a peer did wrong, or the other way round."""
    assert not issubclass(FaultRaised, HgFramingError)
    assert issubclass(LocalProtocolError, HgFramingError)
    assert not issubclass(LocalProtocolError, ValueError)


def test_notation_error_is_a_value_error() -> None:
    """Text that cannot be read is a bad value to whoever passes it on, and an error of this package."""
    assert issubclass(NotationError, ValueError)
    assert issubclass(NotationError, HgFramingError)
