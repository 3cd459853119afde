"""Cases, actions and octets as text for people.

Frames are shown in the notation, because everybody who knows the protocol reads it; octets are shown with the borders
of their fields, because that is where mistakes are. Long payloads lose their middle.
"""

from __future__ import annotations

import textwrap

from collections.abc import Iterable, Iterator
from typing import Final

from hgframing import Frame, Revision, format_notation
from hgframing_conformance._actions import display_action
from hgframing_conformance._cases import Action, ActionKind, Case, Expectation, Step, Verb
from hgframing_conformance._fields import BYTES
from hgframing_conformance._http_forms import display_request
from hgframing_conformance._quoting import quote
from hgframing_conformance._requirements import Catalogue
from hgframing_conformance._responses import body_frames


__all__ = [
    "action_lines",
    "case_lines",
    "expectation_lines",
    "octet_lines",
    "response_frames",
    "show_frame",
    "step_lines",
]

#: Characters of a frame or a value on one line.
_LINE: Final = 160
#: Octets of a payload that are shown in hex.
_HEX: Final = 32


def show_frame(frame: Frame, revision: Revision) -> str:
    """Write a frame in notation, shortened where it is long."""
    if len(frame.payload) > _LINE:
        head = Frame(
            request_id=frame.request_id,
            stream_id=frame.stream_id,
            stream_flags=frame.stream_flags,
            type_id=frame.type_id,
            flags=frame.flags,
            payload=frame.payload[: _LINE // 2],
        )
        return f"{format_notation(head, revision)}... ({len(frame.payload)} octets)"
    return format_notation(frame, revision)


def action_lines(actions: Iterable[Action], revision: Revision) -> list[str]:
    """Write actions, sent frames one line each."""
    lines = []
    for action in actions:
        lines.append(quote(display_action(action), limit=2 * _LINE))
        if action.kind is ActionKind.SEND_FRAMES:
            lines += [f"  {show_frame(frame, revision)}" for frame in action.fields["frames"]]
        if action.kind is ActionKind.RESPONSE:
            lines += [f"  {show_frame(frame, revision)}" for frame in response_frames(action, revision)]
    return lines or ["nothing"]


def response_frames(action: Action, revision: Revision) -> tuple[Frame, ...]:
    """Return the frames of a `response`: those that are demanded, or those that its body consists of."""
    if "frames" in action.fields:
        return tuple(action.fields["frames"])
    return body_frames(action.fields.get("body", b""), revision) or ()


def step_lines(step: Step, revision: Revision) -> list[str]:
    """Write what happens in a step."""
    if step.verb is Verb.REQUEST:
        return _request_lines(step, revision)
    if step.verb is not Verb.RECEIVE:
        value = "" if step.value is None else f" {quote(str(step.value), limit=2 * _LINE)}"
        return [f"{step.verb.value}{value}"]
    if step.notation:
        return ["receive", *(f"  {quote(line, limit=_LINE)}" for line in step.notation)]
    lines = ["receive"]
    for octets in step.octets:
        lines += [f"  {line}" for line in octet_lines(octets, revision)]
    return lines


def _request_lines(step: Step, revision: Revision) -> list[str]:
    asked, *headers = display_request(step.value)
    body = BYTES.parse(step.value["body"], ())
    lines = [f"request {asked}", *(f"  {header}" for header in headers)]
    lines += [f"  {quote(line, limit=_LINE)}" for line in step.notation]
    # Octets that the suite does not write as frames need not be any.
    return [
        *lines,
        *(f"    {line}" for line in octet_lines(body, revision) if not (step.notation and "  =" in line)),
    ]


def octet_lines(octets: bytes, revision: Revision) -> Iterator[str]:
    """Explain octets frame by frame: each field's octets, and the frame in notation.

    Args:
        octets: whatever arrives; they need not end with a frame.
        revision: whose header and names are used.
    """
    header = revision.header
    position = 0
    while position < len(octets):
        left = octets[position:]
        if len(left) < header.size:
            yield f"{left.hex()}   {len(left)} octets of a header of {header.size}"
            return
        read = header.decode(left)
        payload = left[header.size : header.size + read.length]
        frame = Frame(
            request_id=read.request_id,
            stream_id=read.stream_id,
            stream_flags=read.stream_flags,
            type_id=read.type_id,
            flags=read.flags,
            payload=payload,
        )
        shown = payload[:_HEX].hex() + ("..." if len(payload) > _HEX else "")
        yield f"{_fields(left, revision)} | {shown or '-'}"
        yield f"  = {show_frame(frame, revision)}"
        if len(payload) < read.length:
            yield f"  truncated: the header declares {read.length} octets of payload, {len(payload)} follow"
            return
        position += header.size + read.length


def _fields(octets: bytes, revision: Revision) -> str:
    """Cut a header into its fields: length, request ID, stream ID, stream flags, type and flags."""
    widths = [
        3,
        *([2] if revision.header.has_request else []),
        *([1, 1] if revision.header.has_stream else []),
        1,
    ]
    fields = []
    position = 0
    for width in widths:
        fields.append(octets[position : position + width].hex())
        position += width
    return " ".join(fields)


def expectation_lines(expectation: Expectation, revision: Revision) -> Iterator[str]:
    """Write what is demanded of a step."""
    match expectation.alternatives:
        case None:
            yield "expects: anything"
        case (only,):
            yield "expects:"
            yield from (f"  {line}" for line in action_lines(only, revision))
        case several:
            for number, actions in enumerate(several, start=1):
                yield f"expects, alternative {number}:"
                yield from (f"  {line}" for line in action_lines(actions, revision))
    if expectation.never:
        yield f"never: {', '.join(sorted(kind.value for kind in expectation.never))}"


def case_lines(case: Case, revision: Revision, catalogue: Catalogue | None) -> Iterator[str]:
    """Write a case as a transcript: what it is about, then every step with its octets and what must follow."""
    yield f"{case.id}@{case.revision}  (rev {case.rev}, {case.layer.value}, {case.level.value})"
    yield f"  {case.title}"
    yield f"  {case.file}:{case.line}, {case.source}"
    for requirement in case.requirements:
        mark = " (the peer breaks it)" if requirement in case.violates else ""
        entry = catalogue.find(requirement, case.revision) if catalogue is not None else None
        text = f"{requirement}{mark}" + (f": {entry.text} [{entry.source}]" if entry is not None else "")
        yield from textwrap.wrap(text, 100, initial_indent="  ", subsequent_indent="      ")
    if case.deviations:
        yield f"  shows {', '.join(case.deviations)}"
    if case.comment:
        yield from textwrap.wrap(
            f"comment: {case.comment}", 100, initial_indent="  ", subsequent_indent="    "
        )
    if case.disputed:
        yield from textwrap.wrap(
            f"disputed: {case.disputed}", 100, initial_indent="  ", subsequent_indent="    "
        )
    if case.setup:
        yield f"  setup {dict(case.setup)}"
    yield f"  chunkings {', '.join(chunking.value for chunking in case.chunkings)}"
    for number, step in enumerate(case.steps, start=1):
        yield ""
        first, *rest = step_lines(step, revision)
        yield f"step {number}: {first}"
        yield from (f"    {line}" for line in rest)
        if step.notation:
            for octets in step.octets:
                yield from (
                    f"      {line}" for line in octet_lines(octets, revision) if not line.startswith("  =")
                )
        yield from (f"    {line}" for line in expectation_lines(step.expectation, revision))
