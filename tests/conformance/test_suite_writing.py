"""Suites as YAML text."""

from __future__ import annotations

import yaml

from hgframing_conformance._suite_writing import write_suite


SUITE = {
    "format": 1,
    "suite": "server/x",
    "revisions": ["0006"],
    "cases": [
        {
            "id": "server-x",
            "requirements": ["REQ-001", "REQ-002"],
            "steps": [
                {
                    "receive": ["1 1 stream-begin command-request new cbor:{b'name': b'\\x01'}"],
                    "expect": [{"run-command": {"request": 1, "command": "012"}}],
                },
                {"end-input": None, "expect": []},
            ],
        }
    ],
}


def test_write_suite_reads_back_the_same() -> None:
    """What is written is the same data to any YAML reader."""
    assert yaml.safe_load(write_suite(SUITE, "made by a test")) == SUITE


def test_write_suite_is_the_same_every_time() -> None:
    """The same suite gives the same octets."""
    assert write_suite(SUITE, "made by a test") == write_suite(SUITE, "made by a test")


def test_write_suite_begins_with_its_origin() -> None:
    """The first line says where the file comes from."""
    assert write_suite(SUITE, "made by a test").splitlines()[0] == "# made by a test"


def test_write_suite_leaves_frames_readable() -> None:
    """A frame with single quotes is not written with doubled ones."""
    assert "b'name'" in write_suite(SUITE, "made by a test")


def test_write_suite_keeps_short_lists_in_one_line() -> None:
    """Requirements stand in one line, as people write them."""
    assert "    requirements: [REQ-001, REQ-002]\n" in write_suite(SUITE, "made by a test")


def test_write_suite_quotes_hex_digits() -> None:
    """Octets that look like a number to some reader are quoted, as the strict reader demands; after `hex`, always."""
    steps = [{"receive": ["a"], "expect": [{"octets": {"hex": "f5"}}]}]

    assert '{octets: {hex: "f5"}}' in write_suite({"cases": [{"id": "a-b", "steps": steps}]}, "header")
    assert '"030000010001fe11"' in write_suite({"cases": [], "title": "030000010001fe11"}, "header")


def test_write_suite_quotes_letters_that_are_truth_values() -> None:
    """`y` and `n` are true and false to readers of YAML 1.1, keys included."""
    text = write_suite({"cases": [], "title": "n", "y": 1}, "header")

    assert '\ntitle: "n"\n' in text
    assert '\n"y": 1\n' in text


def test_write_suite_puts_a_short_step_into_one_line() -> None:
    """And one that is long, one key a line; of frames that do not fit, one a line."""
    frame = "1 1 0 command-data continuation " + "a" * 40
    steps = [
        {"receive": ["1 1 0 command-data eos a"], "expect": []},
        {"receive": [frame, frame], "expect": [{"send-frames": [frame, frame]}]},
    ]
    lines = write_suite({"cases": [{"id": "a-b", "steps": steps}]}, "header").splitlines()

    assert lines[5:] == [
        '      - {receive: ["1 1 0 command-data eos a"], expect: []}',
        "      - receive:",
        f'          - "{frame}"',
        f'          - "{frame}"',
        "        expect:",
        "          - send-frames:",
        f'              - "{frame}"',
        f'              - "{frame}"',
    ]
