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
    """Octets that look like a number to some reader are quoted, as the strict reader demands."""
    assert '"030000010001fe11"' in write_suite({"cases": [], "title": "030000010001fe11"}, "header")
