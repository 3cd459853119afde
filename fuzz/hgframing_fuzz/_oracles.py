"""What must hold whatever a peer sends. An oracle looks at what was seen and objects, or does not.

    fault-is-terminal    after an error nothing but errors: no command runs, nothing more is wanted
    command-shape        a command that is to be run has a name of octets and arguments by name
    one-run              a request is run once, until its answer has left
    own-request          a frame completes its own request and no other
    one-end              at most one end in the response of a request, and no frame after it
    refused              an honest answer to a command that was to be run is not refused
    same-when-cut        the same octets, cut differently, give the same actions
    deterministic        the same octets, again, give the same actions
    time-bound           CPU time is bounded by a line in the length of the input
    memory-bound         so is memory

The first eight are judged here, on a trace; the bounds are measured where the input runs (`_reactor_target`).
That only declared actions come out needs no oracle: an exception is a finding by itself, and so is the action
`raised` that a harness answers in its place.
"""

from __future__ import annotations

import itertools
import re

from collections.abc import Iterable, Mapping
from typing import Final

from hgframing import FrameType
from hgframing_conformance._values import MapValue
from hgframing_fuzz._drive import Script, request_of
from hgframing_fuzz._outcome import Finding, Kind, Observed, Trace


__all__ = ["check_raised", "check_trace", "compare_traces", "message_shape", "objection"]

_RUN: Final = Kind.RUN_COMMAND
_ERROR: Final = Kind.ERROR
_SEND: Final = Kind.SEND_FRAMES
_RAISED: Final = Kind.RAISED
_REFUSED: Final = Kind.REFUSED

_WANT_FRAME: Final = Kind.WANT_FRAME
_NOOP: Final = Kind.NOOP

#: What varies in a message: octets and strings in quotes, numbers, places in memory.
_VARIABLE: Final = re.compile(r"b?'(?:[^'\\]|\\.)*'|b?\"(?:[^\"\\]|\\.)*\"|0x[0-9a-fA-F]+|-?\d+")

#: Characters of a message that name a bucket. Behind them are the details of the input.
_SHAPE_SIZE: Final = 60


def message_shape(message: str) -> str:
    """A message without what varies: `got 3 bytes: b'..'` and `got 5 bytes: b'x'` have one shape."""
    return _VARIABLE.sub("N", message)[:_SHAPE_SIZE]


def check_trace(script: Script, trace: Trace) -> Finding | None:
    """Judge what was seen.

    Args:
        script: what was played.
        trace: what was seen, all of it or up to an exception.

    Returns:
        The first objection.
    """
    has_ids = script.revision.header.has_request
    active: set[int] = set()
    errored = sent = False
    for index, seen in enumerate(trace):
        observed = seen.observed
        if len(observed) == 1 and observed[0].kind is _WANT_FRAME and not errored:
            # What most frames lead to.
            continue
        for one in observed:
            kind = one.kind
            if kind is _WANT_FRAME or kind is _RUN:
                if errored:
                    return objection(
                        "fault-is-terminal", kind.value, kind.value, f"{kind.value} after an error"
                    )
                if kind is _RUN and (finding := _check_run(script, index, one, active)) is not None:
                    return finding
            elif kind is _ERROR:
                errored = True
            elif kind is _SEND:
                sent = True
            elif kind is not _NOOP:
                return _check_refusal(one, errored=errored)
        if seen.answered:
            active.difference_update(seen.answered)
    return _check_output(script, trace) if sent and has_ids else None


def objection(kind: str, where: str, line: str, message: str) -> Finding:
    """Make the finding of an oracle, which has no more to say than its message."""
    return Finding(kind, where, line, message, lambda: message)


def _check_run(script: Script, index: int, one: Observed, active: set[int]) -> Finding | None:
    """Judge one command that is to be run, and note that it is."""
    has_ids = script.revision.header.has_request
    if one.request in active and has_ids:
        return objection(
            "one-run", "run-command", "active", f"request {one.request} is run while it is active"
        )
    finding = _check_command(one)
    if finding is not None or not has_ids:
        return finding
    active.add(one.request or 0)
    owner = None if script.late else request_of(script, index)
    if owner is not None and owner != one.request:
        message = f"a frame of request {owner} runs request {one.request}"
        return objection("own-request", "run-command", "foreign", message)
    return None


def _check_command(one: Observed) -> Finding | None:
    """Judge the shape of a command that is to be run."""
    if not isinstance(one.value, tuple) or len(one.value) != 4:
        return objection(
            "command-shape", "run-command", "fields", f"run-command has no four fields: {one.value!r:.80}"
        )
    command, args, data, _ = one.value
    if not isinstance(command, bytes):
        return objection(
            "command-shape", "run-command", "command", f"the command is {_name(command)}, not bytes"
        )
    # Whether something is a dict is known at once; whether it is a mapping takes ten times as long.
    names: Iterable[object]
    if isinstance(args, dict):
        names = args
    elif isinstance(args, MapValue):
        names = [key for key, _ in args.pairs]
    elif isinstance(args, Mapping):
        names = list(args)
    else:
        return objection(
            "command-shape", "run-command", "args", f"the arguments are {_name(args)}, not a map"
        )
    for name in names:
        if not isinstance(name, bytes):
            return objection(
                "command-shape", "run-command", "args-name", f"an argument's name is {_name(name)}, not bytes"
            )
    if data is not None and not isinstance(data, bytes):
        return objection("command-shape", "run-command", "data", f"the data are {_name(data)}, not bytes")
    return None


def _name(value: object) -> str:
    return type(value).__name__


def check_raised(one: Observed) -> Finding:
    """Make the finding of an exception that arrived as an action."""
    name, message = one.value if isinstance(one.value, tuple) else ("unknown", str(one.value))
    return objection(str(name), "raised", message_shape(str(message)), f"{name}: {message}")


def _check_refusal(one: Observed, *, errored: bool) -> Finding | None:
    """Judge `raised` and `refused`."""
    if one.kind is _RAISED:
        return check_raised(one)
    if errored:
        # Whether a command may still be answered after the peer's fault is the implementation's own affair.
        return None
    return objection(
        "refused", "answer", message_shape(str(one.value)), f"an honest answer is refused: {one.value}"
    )


def _check_output(script: Script, trace: Trace) -> Finding | None:
    """Judge the frames that were sent: what comes after the end of a response would belong to nobody."""
    specs = script.revision.frames
    ended: set[int] = set()
    for seen in trace:
        for one in seen.observed:
            if one.kind is _ERROR:
                # What follows reports the fault, under whatever ID the peer's frame had.
                return None
            if one.kind is _RUN:
                ended.discard(one.request or 0)
            if one.kind is not _SEND or not isinstance(one.value, tuple):
                continue
            for frame in one.value:
                spec = specs.get(frame.type_id)
                if spec is None or (spec.type is not _RESPONSE and spec.type is not _ERROR_RESPONSE):
                    continue
                if frame.request_id in ended:
                    message = (
                        f"a {spec.name} frame of request {frame.request_id} after the end of its response"
                    )
                    return objection("one-end", "send-frames", spec.name, message)
                if spec.type is _ERROR_RESPONSE or frame.flags & spec.flags.get("eos", 0):
                    ended.add(frame.request_id)
    return None


# Looking a member up on its class, and hashing it, costs more than comparing with it.
_RESPONSE: Final = FrameType.RESPONSE
_ERROR_RESPONSE: Final = FrameType.ERROR_RESPONSE


def compare_traces(kind: str, left: Trace, right: Trace, *, how: str) -> Finding | None:
    """Judge two runs of the same input.

    Args:
        kind: the oracle's name, `same-when-cut` or `deterministic`.
        left: what was seen the first time.
        right: what was seen the second time.
        how: what was different the second time, for people.
    """
    ours, theirs = _significant(left), _significant(right)
    for one, other in itertools.zip_longest(ours, theirs):
        if _differ(one, other):
            first, second = _kind(one), _kind(other)
            message = f"{how}: {_show(one)} became {_show(other)}"
            return objection(kind, how, f"{first}-{second}", message)
    return None


def _significant(trace: Trace) -> list[Observed]:
    """What must be the same: everything up to the first fault, and the frames that report it.

    How often a terminal reactor says that it is terminal depends on how often it is asked.
    """
    kept: list[Observed] = []
    for seen in trace:
        errored = False
        for one in seen.observed:
            if errored and one.kind is not _SEND:
                break
            if one.kind is not _WANT_FRAME and one.kind is not _NOOP:
                kept.append(one)
            errored = errored or one.kind is _ERROR
        if errored:
            break
    return kept


def _differ(one: Observed | None, other: Observed | None) -> bool:
    try:
        # A float that is no number is not equal to itself, but looks the same.
        return one != other and repr(one) != repr(other)
    except RecursionError:
        # A value deeper than the stack, which an implementation let through. Another oracle's affair.
        return False


def _kind(one: Observed | None) -> str:
    return "nothing" if one is None else one.kind.value


def _show(one: Observed | None) -> str:
    if one is None:
        return "nothing"
    try:
        return f"{one.kind.value} {one.request} {one.value!r:.120}"
    except RecursionError:
        return f"{one.kind.value} {one.request}"
