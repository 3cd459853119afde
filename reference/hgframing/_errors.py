"""Who is to blame: the peer, the caller, or nobody.

A *fault* is a value: the peer broke the protocol, the reactor answers it and becomes terminal. A *local error* is an
exception: the caller asked a reactor for something that the protocol forbids it to send. The two never mix: nothing a
peer can send makes a reactor raise.
"""

from __future__ import annotations

import enum

import msgspec


__all__ = ["Fault", "FaultCode", "FaultRaised", "HgFramingError", "LocalProtocolError", "NotationError"]


class FaultCode(enum.StrEnum):
    """The stable name of a fault; docs/vector-format.md, "Error codes"."""

    PAYLOAD_TOO_LARGE = "payload-too-large"
    TRUNCATED_FRAME = "truncated-frame"
    BAD_STREAM_PARITY = "bad-stream-parity"
    STREAM_NOT_OPEN = "stream-not-open"
    BAD_FLAGS = "bad-flags"
    UNEXPECTED_FRAME = "unexpected-frame"
    BAD_REQUEST_PARITY = "bad-request-parity"
    BAD_REQUEST_STATE = "bad-request-state"
    MALFORMED_ARGUMENT = "malformed-argument"
    BAD_CBOR = "bad-cbor"
    BAD_PAYLOAD = "bad-payload"
    UNSUPPORTED_ENCODING = "unsupported-encoding"
    BAD_ENCODING = "bad-encoding"
    LIMIT_EXCEEDED = "limit-exceeded"
    INCOMPLETE_REQUEST = "incomplete-request"
    INCOMPLETE_RESPONSE = "incomplete-response"
    ALREADY_ERRORED = "already-errored"


class Fault(msgspec.Struct, frozen=True):
    """The peer broke the protocol.

    Attributes:
        code: what kind of breach it is; stable over releases.
        message: a sentence for people. Where Mercurial has a message for the same breach, it is that string.
        request_id: the request that the breach concerns, if it concerns one.
    """

    code: FaultCode
    message: str
    request_id: int | None = None


class FaultRaised(Exception):  # noqa: N818  # a fault on its way up, not an error of ours
    """A fault on its way from where it was seen to the reactor, which answers it. Never leaves this package.

    Which request it concerns is what the reactor adds: it knows the frame.
    """

    def __init__(self, code: FaultCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class HgFramingError(Exception):
    """The root of every exception of this package."""


class LocalProtocolError(HgFramingError):
    """The caller asked for something that the protocol does not let this side do.

    The reactor is unchanged: the caller may go on with something legal.
    """


class NotationError(HgFramingError, ValueError):
    """A frame in notation cannot be read; the message says which field and why."""
