"""Responses as values: the status map, then the command's values, as they arrive.

Since the status map exists a response is a sequence of CBOR values over any number of frames (RSP-005): first the
status, then what the command gave. A client reactor hands over octets; this module makes values of them, in bounded
memory:

* a value is handed over when its last octet has come, and is held until then, within a limit;
* a bytestring of indefinite length at the top level is handed over chunk by chunk, however long it gets (CBOR-009);
* no octet is looked at twice for where a value ends, however small the pieces are in which it comes, and a length or a
  count that can never fit the limit is refused when it is declared.

Nothing is assumed of the frames: RSP-006 has the status in the first one, and a reader waits for it if it is not (D67).
"""

from __future__ import annotations

import enum

from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

import msgspec

from hgframing._cbor import CborError, Value, decode_one
from hgframing._errors import Fault, FaultCode, FaultRaised, LocalProtocolError
from hgframing._limits import Limits
from hgframing._responses import Status, StatusError, StatusRedirect, parse_status
from hgframing._revisions import Feature, Revision


__all__ = ["ResponseChunk", "ResponseItem", "ResponseReader", "ResponseValue"]

_BYTES: Final = 2
_TEXT: Final = 3
_ARRAY: Final = 4
_MAP: Final = 5
_TAG: Final = 6
_SIMPLE: Final = 7
#: Additional information: 24 to 27 say how many octets the argument has, 31 that there is none.
_ONE_OCTET: Final = 24
_RESERVED: Final = 28
_INDEFINITE: Final = 31
_BEGIN_CHUNKS: Final = b"\x5f"
#: A container whose end is a break.
_OPEN: Final = -1

_WHERE: Final = "error decoding CBOR from response"


class ResponseValue(msgspec.Struct, frozen=True):
    """A value that the command gave."""

    value: Value


class ResponseChunk(msgspec.Struct, frozen=True):
    """A piece of a bytestring that the command gave, cut as the server cut it.

    Attributes:
        data: octets; none in the last.
        last: whether the bytestring ends here.
    """

    data: bytes
    last: bool


ResponseItem: TypeAlias = Status | ResponseValue | ResponseChunk


class _Stage(enum.Enum):
    """What has to come next."""

    STATUS = enum.auto()
    VALUES = enum.auto()
    CHUNKS = enum.auto()
    NOTHING_AFTER_ERROR = enum.auto()
    NOTHING_AFTER_REDIRECT = enum.auto()


#: Of a redirect it is Mercurial's own message (sheet r5, 9).
_TOO_MUCH: Final = {
    _Stage.NOTHING_AFTER_ERROR: "received unexpected response data after an error",
    _Stage.NOTHING_AFTER_REDIRECT: (
        "received unexpected response data after content redirect; the remote is buggy"
    ),
}


class _Head(NamedTuple):
    """The first octets of a CBOR item: what it is, its argument (`_OPEN`: indefinite) and where they end."""

    major: int
    argument: int
    end: int


def _bad_cbor(problem: str) -> FaultRaised:
    return FaultRaised(FaultCode.BAD_CBOR, f"{_WHERE}: {problem}")


class ResponseReader:
    """Reads one response.

    Feed it the `data` and `eos` of each `ResponseData` of a request, and take items until there is none. After a fault
    it is terminal: what is fed later is dropped.

    Args:
        revision: a revision with status maps.
        request_id: the request, which faults name.
        limits: `max_request_octets` bounds a value, and a chunk of a bytestring; `max_cbor_depth` is asked too.

    Raises:
        LocalProtocolError: responses of the revision are the caller's octets, without a status.
    """

    def __init__(
        self, revision: Revision, *, request_id: int | None = None, limits: Limits | None = None
    ) -> None:
        if Feature.STATUS_MAP not in revision.features:
            raise LocalProtocolError(f"responses have no status map in revision {revision.key}")
        self._revision = revision
        self._request_id = request_id
        limits = limits or Limits()
        self._limit = limits.max_request_octets
        self._max_depth = limits.max_cbor_depth
        self._stage = _Stage.STATUS
        self._fault: Fault | None = None
        self._eos = False
        self._octets = bytearray()
        # Where the next value begins, and how far it has been walked: what is missing in the containers around that
        # place, the outermost "container" being the value itself. Empty: it is walked.
        self._start = 0
        self._walked = 0
        self._missing = [1]

    def feed(self, data: bytes, *, eos: bool) -> None:
        """Add a piece of the response.

        Args:
            data: octets, decoded, cut anywhere.
            eos: whether the response is complete with them.

        Raises:
            LocalProtocolError: it was complete before.
        """
        if self._eos:
            raise LocalProtocolError("the response is already complete")
        self._eos = eos
        if self._fault is None:
            self._octets += data

    def __iter__(self) -> Iterator[ResponseItem | Fault]:
        """Take every item that is whole, and at last a fault if there is one."""
        while (item := self.next_item()) is not None:
            yield item
            if isinstance(item, Fault):
                return

    def next_item(self) -> ResponseItem | Fault | None:
        """Take the next item.

        Returns:
            The status, once, then values and chunks; a fault, again and again, once it has happened; or nothing yet,
            which is nothing more where the response is complete. Faults are `bad-cbor` (no CBOR that the revision has,
            no value at all, or the response ends inside one), `bad-payload` (the status is none, or values follow one
            that has none) and `limit-exceeded`.
        """
        if self._fault is None:
            try:
                return self._next()
            except FaultRaised as raised:
                self._fault = Fault(raised.code, raised.message, self._request_id)
                self._octets.clear()
        return self._fault

    def _next(self) -> ResponseItem | None:
        if self._stage is _Stage.VALUES and self._octets[self._start : self._start + 1] == _BEGIN_CHUNKS:
            self._stage = _Stage.CHUNKS
            self._go_on(self._start + 1)
        if self._start == len(self._octets):
            self._wait()
            return None
        if self._stage in _TOO_MUCH:
            raise FaultRaised(FaultCode.BAD_PAYLOAD, _TOO_MUCH[self._stage])
        if self._stage is _Stage.CHUNKS:
            return self._next_chunk()
        return self._next_value()

    def _wait(self) -> None:
        """Nothing can be taken: give back what is consumed, and say what a complete response lacks."""
        del self._octets[: self._start]
        self._walked -= self._start
        self._start = 0
        if not self._eos:
            return
        if self._octets or self._stage is _Stage.CHUNKS:
            raise _bad_cbor("input data not complete")
        if self._stage is _Stage.STATUS:
            raise _bad_cbor("no CBOR data")

    def _go_on(self, position: int) -> None:
        """Begin the next value at a position."""
        self._start = self._walked = position
        self._missing = [1]

    def _next_chunk(self) -> ResponseChunk | None:
        head = self._read_head(self._start)
        if head is None:
            self._wait()
            return None
        if head.major == _SIMPLE and head.argument == _OPEN:
            self._stage = _Stage.VALUES
            self._go_on(head.end)
            return ResponseChunk(b"", last=True)
        if head.major != _BYTES or head.argument == _OPEN:
            raise _bad_cbor("a chunk of a bytestring is not a bytestring of definite length")
        end = head.end + head.argument
        self._check_limit(end)
        if end > len(self._octets):
            self._wait()
            return None
        data = bytes(self._octets[head.end : end])
        self._go_on(end)
        return ResponseChunk(data, last=False)

    def _next_value(self) -> ResponseItem | None:
        self._walk()
        end = self._walked
        if self._missing or end > len(self._octets):
            self._wait()
            return None
        octets = bytes(self._octets[self._start : end])
        self._go_on(end)
        try:
            value = decode_one(octets, self._revision.cbor, max_depth=self._max_depth)
        except CborError as error:
            raise _bad_cbor(str(error)) from error
        if self._stage is _Stage.VALUES:
            return ResponseValue(value)
        status = parse_status(value, self._revision)
        self._stage = _Stage.VALUES
        if isinstance(status, StatusError):
            self._stage = _Stage.NOTHING_AFTER_ERROR
        elif isinstance(status, StatusRedirect):
            self._stage = _Stage.NOTHING_AFTER_REDIRECT
        return status

    def _walk(self) -> None:
        """Go from item to item until the value ends, or the octets do. What is right about it is asked later."""
        missing = self._missing
        while missing and self._walked < len(self._octets):
            head = self._read_head(self._walked)
            if head is None:
                return
            major, argument, end = head
            inside = 0
            if major == _SIMPLE and argument == _OPEN:
                if missing[-1] != _OPEN:
                    raise _bad_cbor("unexpected break")
                missing.pop()
            else:
                if missing[-1] != _OPEN:
                    missing[-1] -= 1
                if argument == _OPEN:
                    inside = _OPEN
                elif major in (_BYTES, _TEXT):
                    end += argument
                elif major in (_ARRAY, _MAP):
                    inside = argument * (major - 3)
                elif major == _TAG:
                    inside = 1
            self._check_limit(end + max(inside, 0))
            if inside:
                missing.append(inside)
                if len(missing) - 1 > self._max_depth:
                    raise _bad_cbor(f"nested more than {self._max_depth} deep")
            while missing and not missing[-1]:
                missing.pop()
            self._walked = end

    def _read_head(self, position: int) -> _Head | None:
        """Read the head of an item, if it is there."""
        major, info = divmod(self._octets[position], 32)
        position += 1
        if info < _ONE_OCTET:
            return _Head(major, info, position)
        if info < _RESERVED:
            end = position + (1 << info - _ONE_OCTET)
            argument = self._octets[position:end]
            return _Head(major, int.from_bytes(argument, "big"), end) if end <= len(self._octets) else None
        if info == _INDEFINITE and major in (_BYTES, _TEXT, _ARRAY, _MAP, _SIMPLE):
            return _Head(major, _OPEN, position)
        raise _bad_cbor(f"unknown additional information {info}")

    def _check_limit(self, end: int) -> None:
        """Refuse a value, or a chunk, that cannot end before a position."""
        if end - self._start > self._limit:
            message = f"response value exceeds the limit of {self._limit} octets"
            raise FaultRaised(FaultCode.LIMIT_EXCEEDED, message)
