"""Servers of the reference with one planted fault each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hgframing import LocalProtocolError, Noop, SendFrames, ServerAction, ServerReactor
from hgframing_fuzz._grammar import with_numbers


class Loses(ServerReactor):
    """Loses what is said beside a response."""

    def text_output(self, *_: Any, **__: Any) -> tuple[ServerAction, ...]:
        """Send nothing."""
        return (Noop(),)


class Repeats(ServerReactor):
    """Sends the last frame of a response twice."""

    def finish_response(self, request_id: int, *, last: bool = False) -> tuple[ServerAction, ...]:
        """Double the frames."""
        actions = super().finish_response(request_id, last=last)
        return actions + actions


class Cuts(ServerReactor):
    """Sends a response without its last octet."""

    def respond(self, request_id: int, objects: Iterable[Any], **wishes: Any) -> tuple[ServerAction, ...]:
        """Answer, and leave something out."""
        actions = super().respond(request_id, objects, **wishes)
        return tuple(_shorter(one) if isinstance(one, SendFrames) else one for one in actions)


def _shorter(action: SendFrames) -> SendFrames:
    *frames, last = action.frames
    return SendFrames((*frames, with_numbers(last, payload=last.payload[:-1])))


class Undefined(ServerReactor):
    """Sends flags that no revision has."""

    def fail(self, *args: Any, **wishes: Any) -> tuple[ServerAction, ...]:
        """Set them all."""
        actions = super().fail(*args, **wishes)
        return tuple(
            SendFrames(tuple(with_numbers(frame, flags=15) for frame in one.frames))
            if isinstance(one, SendFrames)
            else one
            for one in actions
        )


class Counts(ServerReactor):
    """Never forgets a request."""

    @property
    def unanswered(self) -> int:
        """One too many."""
        return super().unanswered + 1


class Mistakes(ServerReactor):
    """Says another kind of error."""

    def fail(self, request_id: int, kind: str, *args: Any, **wishes: Any) -> tuple[ServerAction, ...]:
        """Blame another one."""
        return super().fail(
            request_id, {"server": "protocol", "application": "protocol"}.get(kind, kind), *args, **wishes
        )


class Changes(ServerReactor):
    """Forgets what it receives when its caller is wrong."""

    wrong = 0

    def finish_response(self, request_id: int, *, last: bool = False) -> tuple[ServerAction, ...]:
        """Count, then refuse."""
        try:
            return super().finish_response(request_id, last=last)
        except LocalProtocolError:
            self.wrong += 1
            raise

    @property
    def unanswered(self) -> int:
        """Whatever."""
        return super().unanswered + min(self.wrong, 1)
