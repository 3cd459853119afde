"""The first walk with a new harness: every stage of its life, what was sent, what came back, what to do about it.

    start and hello -> what hello declares -> the probe -> a simple case of each layer and revision
    -> a case in which the peer breaks the protocol -> bye -> the end of input without bye

Nothing is judged by rules of its own: the connection is that of `check`, the verdicts are those of the engine. What
is new is the advice. It stands in tables here, one line for each way in which something goes wrong.
"""

from __future__ import annotations

import shlex
import time

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from hgframing import __version__
from hgframing_conformance._adapters import AdapterOptions
from hgframing_conformance._cases import ActionKind, Case, Chunking, Layer, Level
from hgframing_conformance._expectations import status_without_file
from hgframing_conformance._harness import HarnessAdapter
from hgframing_conformance._messages import Hello, hello_message
from hgframing_conformance._outcomes import Outcome, OutcomeKind
from hgframing_conformance._process import ChildProcess
from hgframing_conformance._quoting import clean, quote
from hgframing_conformance._repro import repro
from hgframing_conformance._run import Engine, RunOptions
from hgframing_conformance._select import Item, declared_capabilities, items, unsupported
from hgframing_conformance._story import story_lines
from hgframing_conformance._summary import Exit, Judged
from hgframing_conformance.errors import SetupError, Stage


__all__ = ["Smoke"]

_LINE: Final = 600
#: Reasons for unsupported cases that are shown.
_REASONS: Final = 12
_BYE: Final = 2.0

_OF_STAGE: Final[Mapping[Stage, str]] = {
    Stage.CONNECT: "is the path right, and may the file be executed? Start it by hand with the same words.",
    Stage.HELLO: (
        "answer the line with one JSON object on one line, flush standard output after it, and print nothing else "
        'there: {"op":"hello","protocol":1,"name":"my-hg","version":"0.1","language":"...","revisions":["0006"],'
        '"layers":["codec"]}'
    ),
    Stage.PROBE: 'answer {"op":"unknown"} to every op but hello, case and bye; the name of the op is random.',
}
_OF_KIND: Final[Mapping[OutcomeKind, str]] = {
    OutcomeKind.FAILED: "compare expected and observed above; docs/vector-format.md, Actions, says what is compared.",
    OutcomeKind.FORBIDDEN: "the text forbids this; nothing that depends on it should be done.",
    OutcomeKind.RAISED: (
        "raised is for what the implementation throws by mistake; its way of saying that the peer broke the protocol "
        "is the action error."
    ),
    OutcomeKind.CHUNK_VARIANT: "octets may arrive cut anywhere: keep what is left over for the next piece.",
    OutcomeKind.CRASHED: "the harness itself must not end: look at its standard error above.",
    OutcomeKind.TIMED_OUT: "was the answer written and flushed? Standard output of a pipe is buffered by default.",
    OutcomeKind.BAD_REPLY: (
        "standard output carries answers only, one list of actions for each step; everything else goes to standard "
        "error. schemas/harness.schema.json describes every message."
    ),
}
_MEANINGS: Final[Mapping[str, str]] = {
    "revisions": "the revisions of the protocol that it speaks",
    "layers": "codec: frames alone; server, client: a reactor; http: requests and responses",
    "encodings": "content encodings that its reactors use",
    "error-codes": "whether its errors have a code of ours, which is then compared",
    "chunking": "whether octets may arrive cut anywhere",
    "steps": "what may happen to it",
    "setup": "settings of a case that it honours",
    "request-states": "whether it answers request-state",
    "commands": "commands that its server has, for the layer http",
    "after-end": "whether something may follow the end of input",
    "values": "types of values that its answers tell apart",
}


class Smoke:
    """Walks through the life of a harness.

    Args:
        argv: the program and its arguments.
        cases: where to take cases from.
        timeout: seconds for an answer.
        say: takes a line for the user; foreign text in it is harmless.
    """

    def __init__(
        self, argv: Sequence[str], cases: Sequence[Case], timeout: float, say: Callable[[str], None]
    ) -> None:
        self._argv = argv
        self._cases = cases
        self._timeout = timeout
        self._say = say
        self._problems = 0

    def run(self) -> Exit:
        """Walk; the exit codes are those of `check`."""
        command = shlex.join(self._argv)
        self._say(f"== start, hello, and a message that nobody can know: {command}")
        options = AdapterOptions(timeout=self._timeout, wire=self._wire)
        try:
            adapter = HarnessAdapter(command, options)
        except SetupError as error:
            self._wrong(str(error), _OF_STAGE[error.stage])
            return Exit.USAGE
        self._fine("hello is answered, and the unknown op is answered as unknown")
        ran = 0
        try:
            supported = self._capabilities(adapter.hello)
            ran += self._cases_of("a simple case", adapter, _simplest(supported, _goes_well))
            ran += self._cases_of("the peer breaks the protocol", adapter, _simplest(supported, _is_fault))
        finally:
            self._say("== bye")
            notes = adapter.close()
        for note in notes:
            self._wrong(note, "after bye the harness ends with status 0 and writes nothing more.")
        if not notes:
            self._fine("it ends with status 0")
        self._end_of_input()
        if not ran:
            self._say("NOTHING RAN: what it declares is enough for no case")
            return Exit.NOTHING_SELECTED
        self._say(
            f"{self._problems} problem(s)"
            if self._problems
            else f"all is well: now hgframing check {self._check}"
        )
        return Exit.NOT_AS_EXPECTED if self._problems else Exit.AS_EXPECTED

    @property
    def _check(self) -> str:
        return shlex.quote(f"exec:{shlex.join(self._argv)}")

    def _wire(self, way: str, line: bytes) -> None:
        self._say(f"   {way} {quote(line, limit=_LINE)}")

    def _fine(self, text: str) -> None:
        self._say(f"   ok: {clean(text)}")

    def _wrong(self, text: str, advice: str) -> None:
        self._problems += 1
        self._say(f"   WRONG: {clean(text)}")
        self._say(f"   to do: {advice}")

    def _capabilities(self, hello: Hello) -> list[Item]:
        """Say what it declares, what that means, and how much of the suite that is."""
        self._say(
            f"== what it declares: {clean(hello.name)} {clean(hello.version)} ({clean(hello.language)})"
        )
        for key, value in declared_capabilities(hello).items():
            shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value).lower()
            self._say(f"   {key}: {clean(shown) or 'none'}  ({_MEANINGS[key]})")
        supported = []
        reasons: Counter[str] = Counter()
        for item in (item for case in self._cases for item in items(case)):
            reason = unsupported(item, hello)
            if reason:
                reasons[reason] += 1
            else:
                supported.append(item)
        self._say(f"   that is enough for {len(supported)} of {len(supported) + reasons.total()} items:")
        counts = Counter((item.case.layer, item.case.revision) for item in supported)
        for (layer, revision), count in sorted(counts.items()):
            self._say(f"     {layer.value} {revision}: {count}")
        for reason, count in reasons.most_common(_REASONS):
            self._say(f"   for want of {clean(reason)}: {count}")
        return supported

    def _cases_of(self, what: str, adapter: HarnessAdapter, chosen: Iterable[Item]) -> int:
        count = 0
        for item in chosen:
            self._say(f"== {what}, {item.case.layer.value} {item.case.revision}: {item.name}")
            self._say(f"   {item.case.title}")
            (outcome,) = Engine(adapter, RunOptions()).run([item])
            self._judge(outcome)
            count += 1
        return count

    def _judge(self, outcome: Outcome) -> None:
        if outcome.kind is OutcomeKind.PASSED:
            self._fine("as demanded")
            return
        for line in story_lines(outcome):
            self._say(f"   | {line}")
        if outcome.kind is OutcomeKind.NOT_RUN:
            self._wrong(outcome.reason, "see above; nothing more can be asked.")
            return
        self._wrong(f"{outcome.kind.value}: {outcome.reason}", _OF_KIND[outcome.kind])
        judged = Judged(outcome=outcome, status=status_without_file(outcome))
        self._say(f"   again: {repro(f'exec:{shlex.join(self._argv)}', judged)}")

    def _end_of_input(self) -> None:
        """Close the input instead of saying bye; a runner that dies does the same."""
        self._say("== the end of input without bye")
        child = ChildProcess(self._argv, self._wire)
        child.send(msgspec.json.encode(hello_message(__version__)))
        child.read_line(time.monotonic() + self._timeout)
        status, _ = child.finish(time.monotonic() + _BYE)
        if status == 0:
            self._fine("it ends with status 0")
        else:
            said = f"did not end within {_BYE:g} s" if status is None else f"ended with status {status}"
            self._wrong(f"it {said}", "at the end of its input the harness ends with status 0, as after bye.")


def _simplest(supported: Iterable[Item], suits: Callable[[Case], bool]) -> Iterator[Item]:
    """Choose the shortest item that suits, one for each layer and revision."""
    best: dict[tuple[Layer, str], Item] = {}
    for item in supported:
        if item.chunking is not Chunking.FRAME or item.case.level is not Level.MUST or not suits(item.case):
            continue
        key = (item.case.layer, item.case.revision)
        if key not in best or _length(item) < _length(best[key]):
            best[key] = item
    yield from best.values()


def _length(item: Item) -> tuple[int, int]:
    return len(item.case.steps), sum(len(octets) for step in item.case.steps for octets in step.octets)


def _demanded(case: Case) -> set[ActionKind]:
    return {
        action.kind
        for step in case.steps
        for actions in (step.expectation.alternatives or ())[:1]
        for action in actions
    }


_SILENT: Final = frozenset({ActionKind.WANT_FRAME, ActionKind.NOOP})
_FAULTY: Final = frozenset({ActionKind.ERROR, ActionKind.REFUSED, ActionKind.RAISED})


def _goes_well(case: Case) -> bool:
    """Tell whether something is done in a case and nothing goes wrong."""
    kinds = _demanded(case)
    return not case.violates and bool(kinds - _SILENT) and not kinds & _FAULTY


def _is_fault(case: Case) -> bool:
    return ActionKind.ERROR in _demanded(case)
