"""Setup errors read as messages for people."""

from __future__ import annotations

import pytest

from hgframing_conformance import errors


@pytest.mark.parametrize(
    ("kind", "stage"),
    [
        (errors.ConnectError, errors.Stage.CONNECT),
        (errors.HelloError, errors.Stage.HELLO),
        (errors.ProbeError, errors.Stage.PROBE),
    ],
)
def test_setup_error_names_command_problem_and_print(
    kind: type[errors.SetupError], stage: errors.Stage
) -> None:
    """A setup error says what was run, what happened and what was printed."""
    error = kind("./harness --fast", "exited with status 3", "one\ntwo\n")
    assert str(error) == "./harness --fast: exited with status 3; it printed:\n  | one\n  | two"
    assert error.stage is stage


def test_setup_error_that_printed_nothing_is_one_line() -> None:
    """Nothing is said of nothing."""
    assert str(errors.HelloError("./harness", "never answered", " \n")) == "./harness: never answered"
