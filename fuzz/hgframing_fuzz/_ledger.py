"""Who has said what about a request, and who has heard it: both ends of a connection must agree.

An entry is written when somebody says something, by a caller of a reactor, and again when the other end hears it, by
what the other reactor answers. It knows nothing of frames. `settle` compares the two sides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hgframing import Atom, CborDialect, ErrorResponse, Redirect
from hgframing_fuzz._code_target import object_to
from hgframing_fuzz._plain_cbor import PlainCborError, decode_plain, exact


__all__ = ["Entry"]

#: The status map of a response that succeeds, octet by octet (RSP-006): {status: ok}.
_STATUS_OK: Final = b"\xa1\x46status\x42ok"
_DEPTH: Final = 64


class Entry:
    """One request, from its call to the end of its response.

    Args:
        command: what was called.
        args: its arguments.
        data: sent beside them.
        has_status: whether responses begin with a status map.
        dialect: how CBOR is read.
    """

    def __init__(
        self,
        command: bytes,
        args: Mapping[bytes, Any],
        data: bytes | None,
        *,
        has_status: bool,
        dialect: CborDialect,
    ) -> None:
        self._request = (command, exact(dict(args)), data)
        self._has_status = has_status
        self._dialect = dialect
        self._runs = 0
        self._said = bytearray(_STATUS_OK if has_status else b"")
        self._heard = bytearray()
        self._said_beside: list[Any] = []
        self._heard_beside: list[Any] = []
        self._said_end: Any = None
        self._heard_end: Any = None
        #: The client has given it up: it hears no more.
        self.abandoned = False
        #: A response has begun, by its pieces.
        self.begun = False

    @property
    def answered(self) -> bool:
        """Whether the server has said the end."""
        return self._said_end is not None

    # What the server hears.

    def run(self, command: bytes, args: Mapping[bytes, Any], data: bytes | None) -> None:
        """The server is told to run it; data that comes later is `None` here."""
        self._runs += 1
        if self._runs > 1:
            object_to("agreement", "request", "twice", "a request is run twice")
        heard = (command, exact(dict(args)), data)
        if heard != self._request:
            object_to("agreement", "request", "other", f"{self._request!r:.100} arrived as {heard!r:.100}")

    # What the server says.

    def say_data(self, octets: bytes) -> None:
        """Octets of the response."""
        self._said += octets

    def say_beside(self, thing: Any) -> None:
        """Text or progress."""
        self._said_beside.append(thing)

    def say_end(self, end: Any) -> None:
        """The end: `ok`, a redirect, or the kind and atoms of an error."""
        self._said_end = end

    # What the client hears.

    def hear_data(self, octets: bytes, *, eos: bool) -> None:
        """A piece of the response."""
        self._check_open()
        self._heard += octets
        if eos:
            self._heard_end = "ok"

    def hear_beside(self, thing: Any) -> None:
        """Text or progress."""
        self._heard_beside.append(thing)

    def hear_error(self, error: ErrorResponse) -> None:
        """An error in place of the rest."""
        self._check_open()
        self._heard_end = (error.kind, error.atoms)

    def _check_open(self) -> None:
        if self._heard_end is not None:
            object_to("agreement", "response", "after-end", "more is heard after the end of a response")

    def settle(self) -> None:
        """Compare what was said with what was heard, when everything has been delivered."""
        if self._runs != 1:
            object_to("agreement", "request", "lost", "a request never arrived")
        if self.abandoned:
            return
        if exact(self._said_beside) != exact(self._heard_beside):
            message = f"{self._said_beside!r:.100} is heard as {self._heard_beside!r:.100}"
            object_to("agreement", "beside", "other", message)
        if self._heard_end is None:
            object_to("agreement", "response", "no-end", "the end of a response is never heard")
        match self._said_end:
            case "ok":
                self._compare_data()
            case Redirect():
                self._compare_map(b"redirect")
            case _:
                self._compare_error(*self._said_end)

    def _compare_data(self) -> None:
        if self._heard_end != "ok":
            object_to(
                "agreement", "response", "error", f"a response is heard as the error {self._heard_end!r:.100}"
            )
        if self._heard != self._said:
            message = f"{bytes(self._said)!r:.100} is heard as {bytes(self._heard)!r:.100}"
            object_to("agreement", "response", "data", message)

    def _compare_error(self, kind: str, atoms: tuple[Atom, ...]) -> None:
        if self._heard_end == "ok" and kind == "command" and self._has_status:
            # Before any data a command's error stands in the status map (ERR-007).
            self._compare_map(b"error")
            return
        if self._heard_end != (kind, atoms):
            message = f"{kind} {atoms!r:.80} is heard as {self._heard_end!r:.100}"
            object_to("agreement", "response", "other-error", message)
        # What was on its way before the error, or what had been held back, is a beginning.
        if not self._said.startswith(bytes(self._heard)):
            object_to(
                "agreement", "response", "data-before-error", "what is heard before an error was never said"
            )

    def _compare_map(self, status: bytes) -> None:
        try:
            heard = decode_plain(bytes(self._heard), self._dialect, max_depth=_DEPTH)
        except PlainCborError as error:
            object_to("agreement", "response", "status", f"the status is no CBOR: {error}")
        if not isinstance(heard, dict) or heard.get(b"status") != status:
            object_to("agreement", "response", "status", f"the status {status!r} is heard as {heard!r:.100}")
        if status == b"error":
            atoms = self._said_end[1]
            texts = [atom.get(b"msg") for atom in heard.get(b"error", {}).get(b"message", [])]
            if texts != [atom.msg for atom in atoms]:
                object_to("agreement", "response", "message", f"{atoms!r:.80} is heard as {texts!r:.80}")
        elif heard.get(b"location", {}).get(b"url") != self._said_end.url:
            object_to(
                "agreement", "response", "location", f"{self._said_end!r:.80} is heard as {heard!r:.100}"
            )
