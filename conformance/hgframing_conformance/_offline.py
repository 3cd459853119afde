"""Judging without running: questions and answers that were exchanged elsewhere, by the same rules.

A question is a `case` line as `emit` writes it; it does not say which case it is, because a harness must not know.
So the case is found by its question: cases that ask the same are all judged. The answers are the lines of the
harness in the order in which it wrote them, `hello` first.
"""

from __future__ import annotations

import dataclasses

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from hgframing_conformance._adapters import BadReply, Crashed, Observation
from hgframing_conformance._cases import Case
from hgframing_conformance._messages import Hello, MessageError, read_hello, read_line, read_unknown
from hgframing_conformance._outcomes import Outcome
from hgframing_conformance._quoting import quote
from hgframing_conformance._replies import ReplyReader
from hgframing_conformance._run import Engine, RunOptions
from hgframing_conformance._select import Item, item_message, items, judged_case, unsupported
from hgframing_conformance.errors import ConformanceError


__all__ = ["Answers", "OfflineError", "judge", "questions_of", "read_answers", "read_questions"]


class OfflineError(ConformanceError):
    """Questions or answers cannot be read; the message has the place."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a harness wrote: who it is, and the lines after that."""

    hello: Hello
    lines: tuple[bytes, ...]


class _Told:
    """An adapter whose observations were made before."""

    def __init__(self, hello: Hello, observations: Iterable[Observation]) -> None:
        self.hello = hello
        self._observations = iter(observations)

    def run(self, messages: Iterable[dict[str, Any]]) -> Iterator[Observation]:
        for _ in messages:
            yield next(self._observations)

    def close(self) -> tuple[str, ...]:
        return ()


def read_answers(octets: bytes, source: str) -> Answers:
    """Read what a harness wrote.

    Args:
        octets: its whole standard output.
        source: how problems name it.

    Raises:
        OfflineError: it does not begin with the answer to `hello`, or the probe was answered as if it were known.
    """
    lines = tuple(line for line in octets.split(b"\n") if line.strip())
    if not lines:
        raise OfflineError(f"{source}: no answers; the first line is the answer to hello")
    try:
        hello = read_hello(read_line(lines[0]))
    except MessageError as error:
        problem = f"{source}: the first line is no answer to hello: {error}; it is: {quote(lines[0])}"
        raise OfflineError(problem) from None
    rest = lines[1:]
    try:
        if rest and read_line(rest[0]).get("op") == "unknown":
            read_unknown(read_line(rest[0]))
            rest = rest[1:]
    except MessageError:
        # Whatever it is, it stands where the first answer should be, and is judged as that.
        pass
    return Answers(hello=hello, lines=rest)


def questions_of(chosen: Sequence[Item], hello: Hello) -> list[tuple[dict[str, Any], list[Item]]]:
    """Ask the questions that `emit` wrote for these items.

    Args:
        chosen: the items, in the order of the answers.
        hello: what the harness declares; steps that it does not answer were not sent.
    """
    return [
        (item_message(judged_case(item.case, hello), item.chunking) | {"seq": seq}, [item])
        for seq, item in enumerate(chosen, start=1)
    ]


def read_questions(
    octets: bytes, source: str, cases: Sequence[Case], hello: Hello
) -> list[tuple[dict[str, Any], list[Item]]]:
    """Read the lines that a harness was sent, and find the cases that ask this.

    Args:
        octets: the lines, as `emit` writes them.
        source: how problems name them.
        cases: where to look.
        hello: what the harness declares.

    Raises:
        OfflineError: a line is no message, or no case asks this.
    """
    found = []
    for number, line in enumerate(octets.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            message = read_line(line)
        except MessageError as error:
            raise OfflineError(f"{source}:{number}: {error}") from None
        if message.get("op") != "case":
            continue
        asking = [item for case in cases if _alike(case, message) for item in _asking(case, message, hello)]
        if not asking:
            raise OfflineError(f"{source}:{number}: no case of these suites asks this")
        found.append((message, asking))
    if not found:
        raise OfflineError(f"{source}: no line has the op case")
    return found


def _alike(case: Case, message: dict[str, Any]) -> bool:
    return case.revision == message.get("revision") and case.layer == message.get("layer")


def _asking(case: Case, message: dict[str, Any], hello: Hello) -> Iterator[Item]:
    asked = message | {"seq": 0}
    for item in items(case):
        for variant in (judged_case(case, hello), case):
            # What was sent has been through JSON: compare what JSON says.
            if msgspec.json.decode(msgspec.json.encode(item_message(variant, item.chunking))) == asked:
                yield dataclasses.replace(item, case=variant)
                break


def judge(
    questions: Sequence[tuple[dict[str, Any], list[Item]]], answers: Answers, options: RunOptions
) -> list[Outcome]:
    """Judge answers by the rules of a run.

    Args:
        questions: what was asked, in order, and the items that ask it.
        answers: what the harness wrote.
        options: how results are judged.

    Returns:
        The outcomes, those of one case together.
    """
    pairs = [
        (item, observation)
        for (_, asking), observation in zip(questions, _observe(questions, answers), strict=True)
        for item in asking
    ]
    pairs.sort(key=lambda pair: pair[0].names[1])
    told = _Told(answers.hello, [found for item, found in pairs if not unsupported(item, answers.hello)])
    return list(Engine(told, options).run([item for item, _ in pairs]))


def _observe(
    questions: Sequence[tuple[dict[str, Any], list[Item]]], answers: Answers
) -> Iterator[Observation]:
    lines = iter(answers.lines)
    reader = ReplyReader()
    for position, (message, _) in enumerate(questions, start=1):
        observation: Observation | None = None
        while observation is None:
            line = next(lines, None)
            observation = (
                Crashed(how="there is no answer to it") if line is None else reader.read(line, message)
            )
        surplus = next(lines, None) if position == len(questions) else None
        if surplus is not None and not isinstance(observation, BadReply):
            observation = BadReply(problem="there are more answers than questions", quoted=quote(surplus))
        yield observation
