"""Suite files on disk become cases, or one error that lists everything that is wrong with them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

import hgframing_vectors

from hgframing_conformance._cases import Tier, Verb
from hgframing_conformance._suites import SuiteError, load_suites


SUITE = """\
format: 1
suite: {name}
title: Some suite
layer: server
revisions: {revisions}
cases:
"""
CASE = """\
  - id: {id}
    title: Something must happen
    level: must
    source: by hand
    steps:
      - receive: ["1 1 stream-begin command-data eos x"]
        expect: [{{error: {{}}}}]
"""


def suite(*ids: str, name: str = "server/some", revisions: str = '["0006"]') -> str:
    """Write a suite of simple cases."""
    return SUITE.format(name=name, revisions=revisions) + "".join(CASE.format(id=case_id) for case_id in ids)


def write(root: Path, files: dict[str, str]) -> Path:
    """Write files below a directory and return it."""
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return root


def problems(*paths: Path) -> list[tuple[str, int, str]]:
    """Load and return what is wrong: file name, line, message."""
    with pytest.raises(SuiteError) as caught:
        load_suites(paths)
    return [(Path(problem.file).name, problem.line, problem.message) for problem in caught.value.problems]


def test_load_suites_of_a_file_gives_its_cases(tmp_path: Path) -> None:
    """One case for each revision, in the order of the file."""
    file = (
        write(tmp_path, {"some.yaml": suite("b-case", "a-case", revisions='["0005", "0006"]')}) / "some.yaml"
    )
    cases = load_suites([file])
    assert [(case.id, case.revision) for case in cases] == [
        ("b-case", "0005"),
        ("b-case", "0006"),
        ("a-case", "0005"),
        ("a-case", "0006"),
    ]
    assert {case.file for case in cases} == {str(file)}
    assert [case.line for case in cases] == [7, 7, 14, 14]
    assert cases[0].steps[0].line == 12


def test_load_suites_of_a_directory_searches_it(tmp_path: Path) -> None:
    """Names follow paths below the directory; files with other names are not suites."""
    write(
        tmp_path,
        {
            "server/some.yaml": suite("some-case"),
            "server/deep/other.yaml": suite("other-case", name="server/deep/other"),
            "notes.txt": "not yaml: [",
        },
    )
    assert sorted(case.suite for case in load_suites([tmp_path])) == ["server/deep/other", "server/some"]


def test_load_suites_with_a_file_named_twice_reads_it_once(tmp_path: Path) -> None:
    """A directory and a file in it overlap; that is no duplicate id."""
    write(tmp_path, {"suites/server/some.yaml": suite("some-case")})
    cases = load_suites([tmp_path / "suites", tmp_path / "suites/server/some.yaml"])
    assert [case.id for case in cases] == ["some-case"]


def test_load_suites_of_other_tiers_does_not_read_their_steps(tmp_path: Path) -> None:
    """Cases of the full tier may weigh 100 MiB; whoever wants the core does not pay for them."""
    big = CASE.format(id="big-case") + "    tier: full\n"
    file = write(tmp_path, {"some.yaml": suite("small-case") + big}) / "some.yaml"
    assert [case.id for case in load_suites([file], tiers={Tier.CORE})] == ["small-case"]
    assert [case.id for case in load_suites([file])] == ["small-case", "big-case"]


def test_load_suites_lists_the_problems_of_all_files_at_once(tmp_path: Path) -> None:
    """YAML, shape, meaning, ids: whatever layer finds it, one run shows it."""
    write(
        tmp_path,
        {
            "suites/server/some.yaml": suite("some-case", "Bad-Id").replace("eos x", "eso x", 1),
            "suites/server/other.yaml": suite("some-case", name="server/another").replace(
                "level: must", "level: most"
            ),
            "suites/server/broken.yaml": "format: [1\n",
            "suites/server/text.yaml": "just text\n",
            "suites/server/hex.yaml": suite("hex-case", name="server/hex").replace(
                'receive: ["1 1 stream-begin command-data eos x"]', "receive-hex: [0001]"
            ),
        },
    )
    assert problems(tmp_path / "suites") == [
        (
            "broken.yaml",
            2,
            "this is not YAML: while parsing a flow sequence did not find expected ',' or ']'",
        ),
        ("hex.yaml", 12, "unquoted hex string 0001"),
        ("other.yaml", 2, "the suite is named server/another, its path says server/other"),
        ("other.yaml", 9, "level: unknown value 'most'"),
        (
            "some.yaml",
            12,
            "frame '1 1 stream-begin command-data eso x': flags: unknown name 'eso' (known: continuation, eos)",
        ),
        (
            "some.yaml",
            14,
            "id: the string 'Bad-Id' is not kebab-case: lowercase letters, digits and single hyphens",
        ),
        ("text.yaml", 1, "the string 'just text' where a mapping is needed"),
    ]


def test_load_suites_with_a_wrong_header_still_checks_the_cases(tmp_path: Path) -> None:
    """A mistake in the header must not hide those below it."""
    text = (
        suite("some-case")
        .replace("layer: server", "layer: servr")
        .replace("title: Something", "titel: Something")
    )
    file = write(tmp_path, {"some.yaml": text}) / "some.yaml"
    assert [line for _, line, _ in problems(file)] == [4, 7, 8]


def test_load_suites_with_a_step_of_wrong_shape_still_checks_the_others(tmp_path: Path) -> None:
    """One misspelt key must not hide a frame that cannot be read."""
    text = suite("some-case").replace("eos x", "eso x") + "      - end-input:\n        expct: []\n"
    file = write(tmp_path, {"some.yaml": text}) / "some.yaml"
    assert [line for _, line, _ in problems(file)] == [12, 15]


def test_load_suites_with_an_id_in_two_files_names_both(tmp_path: Path) -> None:
    """Ids are global: expectation files refer to cases by nothing else."""
    write(
        tmp_path,
        {
            "server/a.yaml": suite("one-case", name="server/a"),
            "server/b.yaml": suite("one-case", name="server/b"),
        },
    )
    with pytest.raises(SuiteError) as caught:
        load_suites([tmp_path])
    [problem] = caught.value.problems
    assert (Path(problem.file).name, problem.line, problem.message) == (
        "b.yaml",
        7,
        "the id one-case is taken",
    )
    assert problem.remedy == f"it is the id of the case at {tmp_path / 'server/a.yaml'}:7"


@pytest.mark.parametrize(
    ("name", "path", "said"),
    [
        ("server/some", "some.yaml", None),
        ("elsewhere/some", "some.yaml", None),
        ("server/some", "other.yaml", "other"),
        ("server/some", "suites/server/some.yaml", None),
        ("server/some", "suites/some.yaml", "some"),
        ("some", "suites/server/some.yaml", "server/some"),
    ],
)
def test_load_suites_checks_the_name_against_the_path(
    tmp_path: Path, name: str, path: str, said: str | None
) -> None:
    """Below `suites` the whole name is known, elsewhere its last part."""
    file = write(tmp_path, {path: suite("some-case", name=name)}) / path
    if said is None:
        assert len(load_suites([file])) == 1
    else:
        assert problems(file) == [(file.name, 2, f"the suite is named {name}, its path says {said}")]


def test_load_suites_of_nothing_says_so(tmp_path: Path) -> None:
    """A run without cases must not look like one that passes."""
    (tmp_path / "empty").mkdir()
    assert problems(tmp_path / "none.yaml", tmp_path / "empty") == [
        ("empty", 0, "the directory has no suites"),
        ("none.yaml", 0, "there is no such file"),
    ]


def test_load_suites_with_an_unreadable_file_says_so(tmp_path: Path) -> None:
    """A directory that is named like a suite is the unreadable file that even root has."""
    (tmp_path / "suites/server/some.yaml").mkdir(parents=True)
    assert problems(tmp_path / "suites") == [("some.yaml", 0, "the file cannot be read: Is a directory")]


def test_load_suites_checks_ids_against_the_registry_beside_the_suites(tmp_path: Path) -> None:
    """docs/vector-format.md, "Registry of ids": what is not registered, and what was retired."""
    write(
        tmp_path,
        {
            "suites/server/some.yaml": suite("known-case", "new-case", "old-case"),
            "ids.txt": "known-case\nold-case retired: it was wrong\nknown-case\n",
        },
    )
    assert problems(tmp_path / "suites") == [
        ("ids.txt", 3, "the id known-case stands on line 1 already"),
        ("some.yaml", 14, "the id new-case is not registered"),
        ("some.yaml", 21, "the id old-case was retired: it was wrong"),
    ]


def test_load_suites_of_some_files_does_not_miss_the_others(tmp_path: Path) -> None:
    """Who loads one file of a set does not hear that the cases of the other files are gone."""
    write(tmp_path, {"suites/server/some.yaml": suite("some-case"), "ids.txt": "some-case\nother-case\n"})
    assert len(load_suites([tmp_path / "suites"])) == 1


def test_load_suites_of_the_package_misses_registered_cases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A case cannot be deleted without a word: its id stays, and says why."""
    write(tmp_path, {"suites/server/some.yaml": suite("some-case"), "ids.txt": "some-case\ngone-case\n"})
    monkeypatch.setattr(hgframing_vectors, "root", lambda: tmp_path)
    with pytest.raises(SuiteError) as caught:
        load_suites()
    assert [(problem.line, problem.message) for problem in caught.value.problems] == [
        (2, "no case has the id gone-case")
    ]


CATALOGUE = """\
format: 1
requirements:
  - id: DATA-001
    revisions: ["0006"]
    role: both
    level: must
    text: Something holds.
    source: somewhere
    testable: "yes"
"""


def test_load_suites_checks_citations_against_the_catalogue_beside_the_suites(tmp_path: Path) -> None:
    """A set of vectors with its own catalogue is checked against that."""
    text = suite("one-case", "two-case")
    text = text.replace("    source: by hand\n", "    source: by hand\n    requirements: [DATA-001]\n", 1)
    text = text[::-1].replace(
        "    source: by hand\n"[::-1], "    source: by hand\n    requirements:\n      - FRAME-001\n"[::-1], 1
    )[::-1]
    write(tmp_path, {"suites/server/some.yaml": text, "requirements.yaml": CATALOGUE})
    assert problems(tmp_path / "suites") == [("some.yaml", 20, "unknown requirement FRAME-001")]


def test_load_suites_with_a_broken_catalogue_lists_its_problems_too(tmp_path: Path) -> None:
    """The catalogue's own mistakes are told once, however many suites ask it."""
    write(
        tmp_path,
        {
            "suites/server/a.yaml": suite("a-case", name="server/a"),
            "suites/server/b.yaml": suite("b-case", name="server/b"),
            "requirements.yaml": CATALOGUE.replace("level: must", "level: mast"),
        },
    )
    assert problems(tmp_path / "suites") == [("requirements.yaml", 6, "level: unknown value 'mast'")]


def test_packaged_suites_load_without_problems() -> None:
    """What ships is right: every file, every case, every revision, every citation, every id."""
    cases = load_suites()
    assert {case.suite for case in cases} == set(hgframing_vectors.suite_files())
    assert len({(case.id, case.revision) for case in cases}) == len(cases)
    assert all(case.file == f"hgframing_vectors/suites/{case.suite}.yaml" for case in cases)


def test_packaged_suites_and_their_directory_give_the_same_cases() -> None:
    """`--suites` on the checkout and the package are one set of vectors, though a wheel has them compiled."""
    directory = Path(str(hgframing_vectors.root())) / "suites"
    packaged, given = (
        {(case.id, case.revision): msgspec.structs.replace(case, file="") for case in cases}
        for cases in (load_suites(), load_suites([directory]))
    )

    assert packaged == given


def test_packaged_cases_have_octets_where_they_receive() -> None:
    """No step of the packaged suites says nothing by accident."""
    for case in load_suites(tiers={Tier.CORE}):
        for step in case.steps:
            assert step.verb is Verb.RECEIVE or step.octets == ()
