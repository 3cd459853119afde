"""Tests of the actions: immutable values, in two closed unions."""

from __future__ import annotations

import typing

import msgspec
import pytest

from hgframing import (
    ClientAction,
    CommandData,
    Error,
    ErrorResponse,
    Fault,
    FaultCode,
    Frame,
    Noop,
    Progress,
    ResponseData,
    RunCommand,
    SendFrames,
    ServerAction,
    TextOutput,
    WantFrame,
    _actions,
)


EXAMPLES = (
    RunCommand(1, b"heads", {}),
    CommandData(1, b"abc", eos=True),
    SendFrames((Frame(1, 2, 1, 3, 2, b"x"),)),
    WantFrame(),
    Noop(),
    Error(Fault(FaultCode.BAD_FLAGS, "no", 1)),
    ResponseData(1, b"abc", eos=False),
    ErrorResponse(1, "server", ()),
    TextOutput(1, ()),
    Progress(1, b"files", 1, 10),
)


@pytest.mark.parametrize("action", EXAMPLES, ids=lambda action: type(action).__name__)
def test_action_field_assigned_is_refused(action: msgspec.Struct) -> None:
    """What a reactor answered cannot be changed afterwards, by no one."""
    for field in action.__struct_fields__ or ("anything",):
        with pytest.raises(AttributeError):
            setattr(action, field, None)


@pytest.mark.parametrize("action", EXAMPLES, ids=lambda action: type(action).__name__)
def test_action_of_the_same_fields_is_equal(action: msgspec.Struct) -> None:
    """Actions are values: they are compared by what they say."""
    assert action == type(action)(*msgspec.structs.astuple(action))


def test_run_command_announces_nothing_unless_told() -> None:
    """No data, no redirect and no data to come: that is a command of one frame."""
    command = RunCommand(1, b"heads", {})

    assert (command.data, command.redirect, command.streaming) == (None, None, False)


def test_progress_without_label_and_item_has_none() -> None:
    """Both are optional on the wire (PROG-001)."""
    progress = Progress(1, b"files", 1, 10)

    assert (progress.label, progress.item) == (None, None)


def test_server_actions_are_what_a_server_may_be_told() -> None:
    """The union that callers of a server match on, closed."""
    assert set(typing.get_args(ServerAction)) == {
        RunCommand,
        CommandData,
        SendFrames,
        WantFrame,
        Noop,
        Error,
    }


def test_client_actions_are_what_a_client_may_be_told() -> None:
    """The union that callers of a client match on, closed."""
    assert set(typing.get_args(ClientAction)) == {
        SendFrames,
        WantFrame,
        Noop,
        Error,
        ResponseData,
        ErrorResponse,
        TextOutput,
        Progress,
    }


def test_every_action_belongs_to_a_side() -> None:
    """No action exists that no reactor may answer."""
    actions = {
        value
        for value in vars(_actions).values()
        if isinstance(value, type)
        and issubclass(value, msgspec.Struct)
        and value.__module__ == _actions.__name__
    }

    assert actions == {*typing.get_args(ServerAction), *typing.get_args(ClientAction)}
