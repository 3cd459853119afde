"""The command table of the HTTP binding, and the demonstration set."""

from __future__ import annotations

import re

from collections.abc import Mapping

import pytest

from hgframing import RunCommand, Value
from hgframing._http_commands import (
    DEMONSTRATION,
    CommandFailed,
    HttpArgument,
    HttpCommand,
    Permission,
    check_arguments,
    describe,
)


def run(name: bytes, args: Mapping[bytes, Value] | None = None, data: bytes | None = None) -> list[Value]:
    """Run a command of the demonstration set."""
    command = RunCommand(1, name, args or {}, data)
    check_arguments(DEMONSTRATION[name], command)
    return list(DEMONSTRATION[name].run(command))


def test_demonstration_has_a_command_that_writes_and_many_that_read() -> None:
    """HTTP-002 and HTTP-003 need both."""
    permissions = {name: entry.permission for name, entry in DEMONSTRATION.items()}

    assert permissions.pop(b"pushkey") is Permission.WRITE
    assert set(permissions.values()) == {Permission.READ}


def test_echo_returns_arguments_and_data() -> None:
    """What came goes back, of whatever type."""
    assert run(b"echo", {b"value": [1]}, b"data") == [{b"args": {b"value": [1]}, b"data": b"data"}]


@pytest.mark.parametrize("count", [3, b"3"])
def test_count_makes_as_many_objects_as_asked(count: Value) -> None:
    """The number is one of CBOR, or digits before CBOR requests."""
    assert run(b"count", {b"count": count}) == [0, 1, 2]


@pytest.mark.parametrize("count", [-1, 1_000_001, b"x", b"", "3", None, True, [], b"\xb2", b"9" * 5000])
def test_count_refuses_what_is_no_number_in_range(count: Value) -> None:
    """A client can send anything."""
    with pytest.raises(CommandFailed, match="is not a number"):
        run(b"count", {b"count": count})


def test_fail_gives_objects_before_it_fails() -> None:
    """So that an error in the middle of a response can be seen."""
    made = DEMONSTRATION[b"fail"].run(RunCommand(1, b"fail", {b"after": 2}))
    objects = iter(made)

    assert [next(objects), next(objects)] == [0, 1]
    with pytest.raises(CommandFailed) as caught:
        next(objects)
    assert (caught.value.message, caught.value.message_args) == (b"failed because %s", (b"it was asked to",))


@pytest.mark.parametrize(("old", "changed"), [(b"", True), (b"stored", False)])
def test_pushkey_answers_whether_it_changed_something(old: bytes, *, changed: bool) -> None:
    """Nothing is ever stored, so only the empty old value is right."""
    args = {b"namespace": b"n", b"key": b"k", b"old": old, b"new": b"v"}

    assert run(b"pushkey", args) == [changed]


def test_branchmap_maps_names_to_nodes_of_twenty_octets() -> None:
    """The demonstration has the shape of the real command's response."""
    [value] = run(b"branchmap")

    assert {len(node) for nodes in value.values() for node in nodes} == {20}


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({b"a": 1}, ""),
        ({b"a": 1, b"b": 2}, ""),
        ({b"b": 1}, "missing required arguments: %s"),
        ({b"a": 1, b"c": 2}, "unsupported argument to command: %s"),
    ],
)
def test_check_arguments_finds_the_unknown_and_the_missing(args: dict[bytes, Value], message: str) -> None:
    """The messages are those of sheet r5, "HTTP binding"."""
    entry = HttpCommand(run=lambda _: [], args={b"a": HttpArgument(required=True), b"b": HttpArgument()})
    command = RunCommand(1, b"c", args)

    if message:
        with pytest.raises(CommandFailed, match=f"^{re.escape(message)}$"):
            check_arguments(entry, command)
    else:
        check_arguments(entry, command)


def test_check_arguments_lets_everything_pass_where_nothing_is_declared() -> None:
    """A table's owner may look at arguments in the command."""
    check_arguments(HttpCommand(run=lambda _: [], args=None), RunCommand(1, b"c", {b"any": 1}))


def test_describe_has_permissions_and_arguments_of_every_command() -> None:
    """An argument that may be left out has a default."""
    entry = HttpCommand(
        run=lambda _: [],
        permission=Permission.WRITE,
        args={b"a": HttpArgument(required=True), b"b": HttpArgument(type=b"int")},
    )

    assert describe({b"c": entry}, "type/sub") == {
        b"framingmediatypes": [b"type/sub"],
        b"commands": {
            b"c": {
                b"permissions": [b"push"],
                b"args": {
                    b"a": {b"type": b"bytes", b"required": True},
                    b"b": {b"type": b"int", b"required": False, b"default": None},
                },
            }
        },
    }
