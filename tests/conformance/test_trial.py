"""A trial of one mutant: what counts as noticing it."""

from __future__ import annotations

from pathlib import Path

import pytest

import hgframing_vectors

from hgframing_conformance._cases import Case, Level
from hgframing_conformance._control import unchanged
from hgframing_conformance._mutants import find_mutants
from hgframing_conformance._select import items
from hgframing_conformance._strength import StrengthOptions, measure
from hgframing_conformance._subject import Subject
from hgframing_conformance._suites import load_suites
from hgframing_conformance._trial import Result, Status

from .fickle import make_fickle


SUITE = Path(str(hgframing_vectors.root())) / "suites" / "codec" / "framing.yaml"
CASES: tuple[Case, ...] = tuple(case for case in load_suites([SUITE]) if case.revision == "0006")
ODD = next(case for case in CASES if case.level is Level.MUST)
NAME = items(ODD)[0].name
OPTIONS = StrengthOptions(item_timeout=0.5, mutant_timeout=20.0, every=True)


def test_result_is_written_and_read() -> None:
    """Bits may be more than decimal digits can say."""
    result = Result(mutant="m", status=Status.KILLED, item="i", gates=True, noticing=1 << 60000, gating=5)

    assert Result.from_json(result.to_json()) == result
    assert Result.from_json({"mutant": "m", "status": "survived"}) == Result(
        mutant="m", status=Status.SURVIVED
    )


@pytest.mark.parametrize("said", [{}, {"mutant": "m"}, {"mutant": "m", "status": "well"}, {"x": 1}])
def test_result_of_something_else_is_refused(said: dict[str, str]) -> None:
    """A line that was cut off is no result."""
    with pytest.raises((KeyError, TypeError, ValueError)):
        Result.from_json(said)


def test_every_item_that_notices_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One case answers oddly: its first item notices, and others that differ from it; no other case does."""
    package = make_fickle(tmp_path, monkeypatch, ODD, "return nothing")
    subject = Subject(package, f"{package}:Harness", CASES)
    [result] = measure(subject, [unchanged(package, 1)], OPTIONS)
    names = [name for number, name in enumerate(subject.names) if result.noticing >> number & 1]

    assert names[0] == NAME
    assert {name.partition("@")[0] for name in names} == {ODD.id}
    assert result.gating & result.noticing == result.gating != 0
    assert result.asked == len(subject.names)


@pytest.mark.parametrize(
    ("away", "fate"),
    [
        # It fails as it failed before.
        ("return nothing", "unnoticed"),
        # It fails otherwise: `check` with an expectation file of failed items would not mind.
        ("nothing['steps'][0] = [{'error': {}}]\nreturn nothing", "noticed"),
        # It fails in another kind of way, and would not be as expected any more.
        ("raise RuntimeError", "gating"),
        # It passes.
        ("return None", "gating"),
    ],
)
def test_item_that_fails_unchanged_notices_where_its_fate_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, away: str, fate: str
) -> None:
    """The same failure says nothing about a fault."""
    package = make_fickle(tmp_path, monkeypatch, ODD, away)
    file = tmp_path / package / "__init__.py"
    # At home, too, the case is answered with nothing.
    text = file.read_text(encoding="utf-8").replace(
        "                answer = away(message)",
        "                answer = away(message)\n            else: answer = empty(message)\n            if True:",
    )
    nothing = "{'op': 'result', 'seq': message['seq'], 'steps': [[] for _ in message['steps']]}"
    file.write_text(f"{text}\ndef empty(message): return {nothing}\n", encoding="utf-8")
    subject = Subject(package, f"{package}:Harness", [ODD], failing=True)
    [result] = measure(subject, [unchanged(package, 1)], OPTIONS)
    number = subject.names.index(NAME)
    bits = result.noticing >> number & 1, result.gating >> number & 1

    assert NAME in subject.failing
    assert bits == {"unnoticed": (0, 0), "noticed": (1, 0), "gating": (1, 1)}[fate]


def test_doubt_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An item that was slow once, on a busy machine for instance, has not noticed anything."""
    count = tmp_path / "count"
    package = make_fickle(
        tmp_path,
        monkeypatch,
        ODD,
        f"open({str(count)!r}, 'a').write('x')\nif len(open({str(count)!r}).read()) <= 2: time.sleep(9)",
    )
    subject = Subject(package, f"{package}:Harness", CASES)
    [first] = measure(subject, [unchanged(package, 1)], OPTIONS)

    assert first.status is Status.SURVIVED
    assert count.read_text() == "xxx"


KEEPING = """\
from hgframing_conformance import reference

_kept = []

class Word:
    def __init__(self):
        self.right = True

def take():
    return _kept[0] if _kept else make()

def make():
    _kept.append(Word())
    return _kept[0]

class Harness:
    def __init__(self):
        self._real = reference()

    def exchange(self, message):
        if message["op"] == "case" and not take().right:
            return {"op": "result", "seq": message["seq"], "steps": [[] for _ in message["steps"]]}
        return self._real.exchange(message)
"""


@pytest.mark.parametrize("scope", ["Word.__init__", "make"])
def test_every_case_is_asked_about_what_is_kept(
    scope: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One case makes what all of them use; a mutant makes its own, wrong one, and each of them notices."""
    name = f"keeping_{scope.strip('_').partition('.')[0].lower()}"
    (tmp_path / name).mkdir()
    file = tmp_path / name / "__init__.py"
    file.write_text(KEEPING, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    subject = Subject(name, f"{name}:Harness", CASES)
    found = [mutant for mutant in find_mutants(name, file.read_bytes()) if mutant.scope == scope]
    results = list(measure(subject, found, OPTIONS))
    wrong = [result for result in results if result.noticing.bit_count() == len(subject.names)]

    assert results
    assert {result.asked for result in results} == {len(subject.names)}
    assert wrong, results
