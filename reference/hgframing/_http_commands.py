"""Commands behind the HTTP binding: what an entry of the table says, and a table to demonstrate with.

The binding asks for a command's permission (HTTP-002, HTTP-003) and for its arguments; what the command does is its
own. The demonstration set touches no repository: each command shows one way in which a response can be made.
"""

from __future__ import annotations

import dataclasses
import enum

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from hgframing._actions import RunCommand
from hgframing._cbor import Value
from hgframing._errors import HgFramingError


__all__ = [
    "DEMONSTRATION",
    "CommandFailed",
    "HttpArgument",
    "HttpCommand",
    "Permission",
    "check_arguments",
    "describe",
]

#: The most objects that `count` makes. They are made one by one, so this bounds time and not memory.
_MOST_OBJECTS: Final = 1_000_000


class Permission(enum.StrEnum):
    """What a URL grants and a command needs. The values are path components."""

    READ = "ro"
    WRITE = "rw"


class CommandFailed(HgFramingError):  # noqa: N818  (an outcome, not a mistake of the program)
    """A command could not do what it was asked: its client gets an error response.

    Args:
        message: a formatting string, ASCII.
        args: what replaces each `%s`.
    """

    def __init__(self, message: bytes, *args: bytes) -> None:
        super().__init__(message.decode("ascii", "replace"))
        self.message = message
        self.message_args = args


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HttpArgument:
    """An argument of a command.

    Attributes:
        type: what the capabilities call its type.
        required: whether a request without it fails.
    """

    type: bytes = b"bytes"
    required: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HttpCommand:
    """An entry of a command table.

    Attributes:
        run: makes the objects of the response, at best one by one. `CommandFailed` becomes an error response; any
            other exception too, blamed on the server.
        permission: `WRITE` for what changes state.
        args: the arguments that it knows, by name; `None` if it takes whatever comes.
    """

    run: Callable[[RunCommand], Iterable[Value]]
    permission: Permission = Permission.READ
    args: Mapping[bytes, HttpArgument] | None = dataclasses.field(
        default_factory=lambda: MappingProxyType({})
    )


def check_arguments(entry: HttpCommand, command: RunCommand) -> None:
    """Compare what came with what the command knows (sheet r5, "HTTP binding").

    Raises:
        CommandFailed: an argument is unknown, or one is missing.
    """
    if entry.args is None:
        return
    if unknown := sorted(command.args.keys() - entry.args.keys()):
        raise CommandFailed(b"unsupported argument to command: %s", b", ".join(unknown))
    required = {name for name, argument in entry.args.items() if argument.required}
    if missing := sorted(required - command.args.keys()):
        raise CommandFailed(b"missing required arguments: %s", b", ".join(missing))


def describe(commands: Mapping[bytes, HttpCommand], media_type: str) -> dict[bytes, Value]:
    """Say what a table offers, as the value of the capabilities.

    Args:
        commands: the table.
        media_type: what requests and responses are made of.
    """
    described: dict[bytes, Value] = {}
    for name, entry in commands.items():
        args: dict[bytes, Value] = {}
        for arg_name, argument in (entry.args or {}).items():
            args[arg_name] = {b"type": argument.type, b"required": argument.required}
            if not argument.required:
                args[arg_name][b"default"] = None
        permission = b"pull" if entry.permission is Permission.READ else b"push"
        described[name] = {b"args": args, b"permissions": [permission]}
    return {b"commands": described, b"framingmediatypes": [media_type.encode()]}


def _number(command: RunCommand, name: bytes, default: int) -> int:
    """Read an argument that is a number: before CBOR requests its value is digits."""
    value = command.args.get(name, default)
    if type(value) is bytes and value.isdigit() and len(value) < 10:
        value = int(value)
    if type(value) is not int or not 0 <= value <= _MOST_OBJECTS:
        raise CommandFailed(b"argument %s is not a number from 0 to %s", name, b"%d" % _MOST_OBJECTS)
    return value


def _branchmap(_: RunCommand) -> Iterator[Value]:
    yield {b"default": [bytes(range(20))], b"stable": [bytes(range(20, 40)), bytes(range(40, 60))]}


def _count(command: RunCommand) -> Iterator[Value]:
    yield from range(_number(command, b"count", 1000))


def _echo(command: RunCommand) -> Iterator[Value]:
    yield {b"args": command.args, b"data": command.data}


def _fail(command: RunCommand) -> Iterator[Value]:
    yield from range(_number(command, b"after", 0))
    raise CommandFailed(b"failed because %s", b"it was asked to")


def _pushkey(command: RunCommand) -> Iterator[Value]:
    # Nothing is kept: a key is "changed" if its old value is what nobody has ever stored.
    yield command.args[b"old"] == b""


def _required(*names: bytes) -> Mapping[bytes, HttpArgument]:
    return MappingProxyType({name: HttpArgument(required=True) for name in names})


#: A command for each way of answering. `capabilities` is the binding's own.
DEMONSTRATION: Final[Mapping[bytes, HttpCommand]] = MappingProxyType(
    {
        b"branchmap": HttpCommand(run=_branchmap),
        b"count": HttpCommand(run=_count, args=MappingProxyType({b"count": HttpArgument(type=b"int")})),
        b"echo": HttpCommand(run=_echo, args=MappingProxyType({b"value": HttpArgument(type=b"any")})),
        b"fail": HttpCommand(run=_fail, args=MappingProxyType({b"after": HttpArgument(type=b"int")})),
        b"pushkey": HttpCommand(
            run=_pushkey, permission=Permission.WRITE, args=_required(b"namespace", b"key", b"old", b"new")
        ),
    }
)
