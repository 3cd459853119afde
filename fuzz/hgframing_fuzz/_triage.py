"""What a person reads in the morning: findings by root cause, and a finding as the draft of a vector.

A table has two levels, because they are different work: a root cause is one missing check, its lines are the places
where the lack of it shows.

A draft never gates: it is `disputed`, its level is `unspecified`, and all that it demands is that nothing is raised.
What must follow is decided from the text by a person, who then takes the mark away (docs/authoring-vectors.md).
"""

from __future__ import annotations

import hashlib
import re

from collections.abc import Sequence
from typing import Any, Final

from hgframing import Feature, Frame, FrameType, Revision, format_notation
from hgframing_conformance._suite_writing import write_cases, write_head
from hgframing_fuzz._client_session import calls_of
from hgframing_fuzz._findings import BucketSummary, RunSummary
from hgframing_fuzz._input import Answers, FuzzInput
from hgframing_fuzz._subjects import Side


__all__ = ["case_id", "draft", "suite_name", "triage_lines"]

_DRAFT: Final = "draft: found by fuzzing; what must follow is not decided"
#: Octets of a payload that a draft writes in notation; of a longer one the run at its end is written as a repetition.
_LONG: Final = 2048
_SHORT_HEX: Final = re.compile(r"(- |hex: )((?:[0-9a-f]{2}){1,3})(?=[,}\n])")


def triage_lines(summary: RunSummary, excerpts: Sequence[Sequence[str]]) -> list[str]:
    """The findings of a run or a campaign, in Markdown.

    Args:
        summary: what was found.
        excerpts: the beginning of the shortest input of each bucket, in their order.
    """
    roots: dict[str, list[tuple[BucketSummary, Sequence[str]]]] = {}
    for bucket, one in zip(summary.buckets, excerpts, strict=True):
        roots.setdefault(bucket.root, []).append((bucket, one))
    lines = [
        f"# Findings: {summary.target}, {summary.implementation}",
        "",
        (
            f"{summary.executions} inputs in {summary.seconds:.0f} s; {len(roots)} root causes at "
            f"{len(summary.buckets)} lines; seed {summary.seed}."
        ),
    ]
    for number, (root, members) in enumerate(roots.items(), 1):
        count = sum(bucket.count for bucket, _ in members)
        first = min(bucket.first_seconds for bucket, _ in members)
        lines += ["", f"## {number}. {root}", "", f"{count} times, first after {first:.2f} s.", ""]
        lines += ["| line | count | first seen | octets | message |", "|---|---:|---:|---:|---|"]
        for bucket, _ in members:
            name = bucket.id.removeprefix(f"{root}.")
            message = " ".join(bucket.message.replace("|", "\\|").split())[:100]
            lines.append(
                f"| {name} | {bucket.count} | {bucket.first_seconds:.2f} s (#{bucket.first_execution}) "
                f"| {len(bucket.octets) // 2} | {message} |"
            )
        shortest, begin = min(members, key=lambda member: len(member[0].octets))
        lines += ["", f"Shortest input (`{shortest.id}`):", "", "```"]
        lines += [*begin, "```"]
    return lines


def case_id(side: Side, octets: bytes) -> str:
    """The id of the case that a finding becomes: short, and the same for the same input."""
    return f"fuzz-{_layer(side)}-{_hash(octets)}"


def suite_name(side: Side, octets: bytes) -> str:
    """The suite that its draft is in, which is also the path of its file below the suites."""
    return f"{_layer(side)}/fuzz-{_hash(octets)}"


def draft(bucket: BucketSummary, value: FuzzInput, revision: Revision, side: Side) -> str:
    """A finding as a suite of one case, in YAML (docs/vector-format.md).

    Args:
        bucket: what was found.
        value: its shortest input, best minimized.
        revision: the one that it was driven with.
        side: which reactor it was found in.
    """
    octets = bytes.fromhex(bucket.octets)
    layer = _layer(side)
    message = " ".join(bucket.message.split())[:200].encode("ascii", "backslashreplace").decode()
    comment = f"Found as {bucket.id}: {message}."
    if side is Side.SERVER and value.options.answer_plan is not Answers.NONE:
        comment += (
            " The fuzzer also answered the commands that were run; add those steps if the finding needs them."
        )
    case: dict[str, Any] = {
        "id": case_id(side, octets),
        "rev": 1,
        "title": f"What a {'client' if side is Side.SERVER else 'server'} sends lets nothing escape",
        "level": "unspecified",
        "requirements": [],
        "source": f"fuzz:{_hash(octets)}",
        "comment": comment,
        "disputed": _DRAFT,
    }
    setup = _setup(value, revision, side)
    if setup:
        case["setup"] = setup
    case["steps"] = _steps(value, revision, side)
    head = {
        "format": 1,
        "suite": suite_name(side, octets),
        "title": "Found by fuzzing",
        "layer": layer,
        "revisions": [revision.key],
    }
    text = write_head(head).rstrip("\n") + "\n" + write_cases([case])
    # A string of a few hex digits is a number to some readers; longer ones are quoted already.
    return _SHORT_HEX.sub(r'\1"\2"', text)


def _layer(side: Side) -> str:
    return "server" if side is Side.SERVER else "client"


def _hash(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()[:12]


def _setup(value: FuzzInput, revision: Revision, side: Side) -> dict[str, Any]:
    settings = revision.type_ids.get(FrameType.STREAM_SETTINGS)
    encoded = any(frame.type_id == settings for frame in value.frames)
    if side is Side.CLIENT:
        setup: dict[str, Any] = {"buffer-sends": False, "multiple-sends": True}
        if encoded and Feature.SENDER_SETTINGS in revision.features:
            setup["content-encodings"] = list(revision.encodings)
        return setup
    setup = {"defer-output": True} if value.options.defer_output else {}
    if encoded and revision.encodings:
        setup["accept-encodings"] = list(revision.encodings)
    return setup


def _steps(value: FuzzInput, revision: Revision, side: Side) -> list[dict[str, Any]]:
    never = {"never": ["raised"]}
    steps: list[dict[str, Any]] = []
    if side is Side.CLIENT:
        steps += [{"call": {"command": "c"}, **never} for _ in range(calls_of(value.options, revision))]
    steps += [{"receive": [_frame(frame, revision)], **never} for frame in value.frames]
    if value.tail:
        steps.append({"receive-hex": [value.tail.hex()], **never})
    if value.options.ends or not steps:
        steps.append({"end-input": None, **never})
    return steps


def _frame(frame: Frame, revision: Revision) -> str | dict[str, Any]:
    """A frame in notation; of a long payload the run at the end as a repetition."""
    payload = frame.payload
    head = payload.rstrip(payload[-1:])
    if len(payload) <= _LONG or len(payload) - len(head) < _LONG:
        return format_notation(frame, revision)
    empty = Frame(frame.request_id, frame.stream_id, frame.stream_flags, frame.type_id, frame.flags, b"")
    run = {"hex": payload[-1:].hex(), "times": len(payload) - len(head)}
    parts: list[dict[str, Any]] = [{"hex": head.hex()}] if head else []
    return {"frame": format_notation(empty, revision).rstrip(), "repeat": [*parts, run]}
