"""The compiled form says the same as the YAML it was made from, in less time."""

from __future__ import annotations

import gc
import json

from pathlib import Path
from typing import Any

import msgspec
import pytest

from hypothesis import given
from hypothesis import strategies as st

from hgframing_conformance._cases import Case, Layer, Tier, Verb
from hgframing_conformance._compiled import _run_lengths, _shorten, compile_cases, load_compiled
from hgframing_conformance._forms import parse_parts
from hgframing_conformance._problems import SuiteError
from hgframing_conformance._suites import load_suites


SUITE = """\
format: 1
suite: {layer}/some
title: Some suite
layer: {layer}
revisions: ["0002-streams", "0005", "0006"]
cases:
  - id: {layer}-one
    rev: 2
    title: Everything is kept
    level: should
    source: by hand
    requirements: [FRAME-001]
    violates: [FRAME-001]
    deviations: [D1]
    comment: It is open.
    requires: {{encodings: [zlib]}}
    disputed: by somebody
    setup: {{limits: {{max-payload: 16}}}}
    chunkings: [whole]
    tier: full
    steps:
{steps}
  - id: {layer}-two
    title: It has defaults
    level: must
    source: by hand
    steps:
      - end-input:
        expect: []
"""
STEPS = {
    "server": """\
      - receive: ["1 1 stream-begin command-data eos x", {frame: "1 1 0 2 2", repeat: {hex: "6162", times: 5000}}]
        any-of:
          - [run-command: {request: 1, command: c, args: {a: {text: é}, b: {repeat: {hex: "61", times: 70000}}}}]
          - [error: {code: bad-flags, also: [bad-cbor]}, noop: ]
        never: [raised]
      - receive-hex: ["00", ""]
        never: [run-command]
      - respond: {request: 1, data: {repeat: [{hex: "00"}, {hex: "61", times: 70000}, {hex: "62"}]}, stream: 2}
        expect: [send-frames: ["1 2 stream-begin 3 2 y", {frame: "1 2 0 3 2", repeat: {hex: "61", times: 4000}}]]
      - fail: {request: 1, kind: application, message: m, args: [a]}
        expect: []""",
    "codec": """\
      - encode: {frame: "1 1 0 2 2", repeat: {hex: "61", times: 70000}}
        expect: [octets: {hex: "00ff"}]
      - receive: ["1 1 0 2 2"]
        expect: [frame: "1 1 0 2 2 x", frame: {type: 2}]""",
    "client": """\
      - call: {command: c, args: {b: 1, a: {map: [[1, {float: "1.5"}]]}}}
        expect: [send-frames: ["1 1 stream-begin 1 1 x"]]
      - receive: ["1 2 stream-begin 3 2 y"]
        expect:
          - response-data: {request: 1, data: "d"}
          - text-output: {atoms: [{msg: m}]}
          - progress: {pos: 1}
      - request-state: {request: 1}
        expect: [request-state: {state: sent}]""",
}


@pytest.fixture
def cases(tmp_path: Path) -> tuple[Case, ...]:
    """Load one suite of each layer that has reactors."""
    for layer, steps in STEPS.items():
        file = tmp_path / layer / "some.yaml"
        file.parent.mkdir()
        file.write_text(SUITE.format(layer=layer, steps=steps), encoding="utf-8")
    return load_suites([tmp_path])


def test_load_compiled_gives_the_very_cases_that_were_compiled(
    cases: tuple[Case, ...], tmp_path: Path
) -> None:
    """Nothing is lost on the way, from octets or from a file."""
    octets = compile_cases(cases)
    assert load_compiled(octets) == cases
    file = tmp_path / "vectors.json"
    file.write_bytes(octets)
    assert load_compiled(file) == cases


def test_load_compiled_of_what_ships_gives_the_same_cases() -> None:
    """Every case of the packaged suites survives; the compiled form of both is the same."""
    packaged = load_suites(tiers={Tier.CORE})
    octets = compile_cases(packaged)
    loaded = load_compiled(octets)
    assert loaded == packaged
    assert compile_cases(loaded) == octets


def test_compile_cases_needs_no_notation_to_be_read(cases: tuple[Case, ...]) -> None:
    """docs/vector-format.md, "Compiled form": octets, canonical values, one entry for each revision."""
    file = json.loads(compile_cases(cases))
    assert file["format"] == 1
    assert [(suite["suite"], suite["layer"]) for suite in file["suites"]] == [
        ("client/some", "client"),
        ("codec/some", "codec"),
        ("server/some", "server"),
    ]
    case = file["suites"][2]["cases"][1]
    assert (case["id"], case["revision"], case["line"]) == ("server-one", "0005", 7)
    assert case["setup"] == {"limits": {"max-payload": 16}}
    first, second, third, _ = case["steps"]
    assert first["verb"] == "receive"
    assert first["value"][0] == "010000010001012278"
    assert first["notation"][0] == "1 1 stream-begin command-data eos x"
    assert first["expectation"]["alternatives"][1] == [
        {"error": {"code": "bad-flags", "also": ["bad-cbor"]}},
        {"noop": {}},
    ]
    assert first["expectation"]["never"] == ["raised"]
    assert (second["value"], second["expectation"]["alternatives"]) == (["00", ""], None)
    assert third["value"]["data"] == {
        "repeat": [{"hex": "00", "times": 1}, {"hex": "61", "times": 70000}, {"hex": "62", "times": 1}]
    }


def test_compile_cases_keeps_the_largest_frames_small(tmp_path: Path) -> None:
    """A frame of 16 MiB in six revisions is a few hundred octets, not a few hundred MiB."""
    steps = (
        "      - encode: {frame: '1 1 0 2 2', repeat: [{hex: '30'}, {hex: '61', times: 16777214}]}\n"
        "        expect: [octets: {repeat: {hex: '61', times: 16777215}}]"
    )
    (tmp_path / "some.yaml").write_text(SUITE.format(layer="codec", steps=steps), encoding="utf-8")
    big = load_suites([tmp_path / "some.yaml"])
    octets = compile_cases(big)
    assert len(octets) < 10_000
    assert load_compiled(octets) == big


def test_load_compiled_of_other_tiers_leaves_them_out(cases: tuple[Case, ...]) -> None:
    """As `load_suites` does."""
    core = load_compiled(compile_cases(cases), tiers={Tier.CORE})
    assert core == tuple(case for case in cases if case.tier is Tier.CORE)
    assert 0 < len(core) < len(cases)


def test_load_compiled_tells_a_step_in_one_layer_from_the_same_in_another(cases: tuple[Case, ...]) -> None:
    """What has been read once is used again; not where it means something else."""
    loaded = load_compiled(compile_cases(cases))
    assert {case.layer for case in loaded} == {Layer.SERVER, Layer.CODEC, Layer.CLIENT}
    ends = [step for case in loaded for step in case.steps if step.verb is Verb.END_INPUT]
    assert len(ends) == 9


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda file: file.update(format=2), "Invalid enum value 2"),
        (lambda file: file.update(extra=1), "unknown field `extra`"),
        (lambda file: file["suites"][0].update(layer="servr"), "servr"),
        (lambda file: file["suites"][0]["cases"][0].update(revision="0003"), "unknown revision '0003'"),
        (lambda file: file["suites"][0]["cases"][0].update(level="most"), "most"),
        (lambda file: file["suites"][0]["cases"][0]["steps"][0].update(verb="recieve"), "recieve"),
        (lambda file: file["suites"][0]["cases"][0]["steps"][1].update(value=["0"]), "no hex string"),
        (lambda file: file["suites"][0]["cases"][0]["steps"][1].update(value=5), "where a list is needed"),
        (lambda file: file["suites"][0]["cases"][0]["steps"][1].update(value=[{"repeat": 5}]), "a part is"),
        (
            lambda file: file["suites"][0]["cases"][0]["steps"][0]["expectation"].update(
                alternatives=[[{"oops": {}}]]
            ),
            "unknown action 'oops'",
        ),
        (
            lambda file: file["suites"][0]["cases"][0]["steps"][0]["expectation"].update(never=["oops"]),
            "oops",
        ),
    ],
)
def test_load_compiled_with_a_mistake_is_one_clear_error(
    cases: tuple[Case, ...], change: Any, part: str
) -> None:
    """A file of another version or from another tool is named, never a traceback."""
    file = json.loads(compile_cases(cases))
    change(file)
    with pytest.raises(SuiteError) as caught:
        load_compiled(json.dumps(file).encode())
    [problem] = caught.value.problems
    assert "these are no compiled vectors of format 1" in problem.message
    assert part in problem.message
    assert problem.remedy == "compile them anew"


@pytest.mark.parametrize("octets", [b"", b"{", b"[]", b"\xff", b'{"format": 1}', b"format: 1\n"])
def test_load_compiled_of_something_else_is_one_clear_error(octets: bytes, tmp_path: Path) -> None:
    """Whatever file somebody names."""
    file = tmp_path / "some.json"
    file.write_bytes(octets)
    with pytest.raises(SuiteError, match=r"some\.json: these are no compiled vectors"):
        load_compiled(file)


def test_load_compiled_of_a_missing_file_says_so(tmp_path: Path) -> None:
    """The operating system's reason is the reason."""
    with pytest.raises(SuiteError, match=r"none\.json: the file cannot be read: No such file"):
        load_compiled(tmp_path / "none.json")


def test_load_compiled_leaves_the_collector_as_it_was(cases: tuple[Case, ...]) -> None:
    """It is switched off while thousands of objects are made, and on again whatever happens."""
    octets = compile_cases(cases)
    assert gc.isenabled()
    load_compiled(octets)
    assert gc.isenabled()
    with pytest.raises(SuiteError):
        load_compiled(b"")
    assert gc.isenabled()
    gc.disable()
    try:
        load_compiled(octets)
        assert not gc.isenabled()
    finally:
        gc.enable()


RUNS = st.lists(
    st.tuples(
        st.sampled_from([b"a", b"b", b"\x00", b"xy"]),
        st.sampled_from([0, 1, 2, 63, 64, 65, 127, 128, 129, 700]),
    ),
    max_size=6,
)


@given(RUNS)
def test_run_lengths_can_be_undone(runs: list[tuple[bytes, int]]) -> None:
    """Whatever is shortened says the same octets, wherever runs begin and end."""
    octets = b"".join(piece * times for piece, times in runs)
    short = _run_lengths(octets.hex())
    if isinstance(short, str):
        assert bytes.fromhex(short) == octets
    else:
        assert parse_parts(short["repeat"]) == octets
        assert all(part["hex"] and part["times"] for part in short["repeat"])


@given(st.binary(max_size=100), st.integers(600, 2000), st.binary(max_size=100))
def test_run_lengths_finds_every_long_run(before: bytes, times: int, after: bytes) -> None:
    """A run of 600 octets is never written out, whatever stands around it."""
    short = _run_lengths((before + b"Q" * times + after).hex())
    assert isinstance(short, dict)
    assert any(part["times"] >= times - 2 for part in short["repeat"])


def test_shorten_leaves_text_alone() -> None:
    """A message of an error may look like anything; only bytestrings and frames are octets."""
    for text in ("z" * 5000, "61" * 5000):
        assert _shorten({"error": {"message": text}}) == {"error": {"message": text}}
    assert _shorten([1, None, {"hex": "00"}]) == [1, None, {"hex": "00"}]


def test_load_compiled_builds_structs_of_the_right_types(cases: tuple[Case, ...]) -> None:
    """Structs check nothing when they are made by position: a swapped field would go unseen by `==` of equal types."""
    for case in load_compiled(compile_cases(cases)):
        plain = {name: getattr(case, name) for name in case.__struct_fields__ if name != "steps"}
        assert msgspec.convert({**plain, "steps": ()}, Case) == msgspec.structs.replace(case, steps=())
