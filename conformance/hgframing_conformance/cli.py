"""`hgframing`: the command line.

A group of commands, each in a module of its own named `_cli_<command>` with a click command called `command`. A new
command is a new module; nothing here needs to know it. Modules are imported when their command is used, so that every
command starts as fast as it can.

Exit codes: 0 as expected, 1 not, 2 usage or bad data, 3 incomplete, 4 nothing selected (`_summary.Exit`). What the user
did wrong is one message on standard error; a traceback is never shown unless HGFRAMING_TRACEBACK is set.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import traceback

from pathlib import Path
from typing import Any, Final, NoReturn

import click

from hgframing import __version__
from hgframing_conformance.errors import ConformanceError


__all__ = ["main"]

_PREFIX: Final = "_cli_"
_USAGE: Final = 2
_INCOMPLETE: Final = 3


class _Commands(click.Group):
    """Finds commands by the names of modules."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's interface)
        """Return the names of all commands, sorted."""
        modules = pkgutil.iter_modules([str(Path(__file__).parent)])
        return sorted(
            module.name.removeprefix(_PREFIX).replace("_", "-")
            for module in modules
            if module.name.startswith(_PREFIX)
        )

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"hgframing_conformance.{_PREFIX}{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hgframing")
def _group() -> None:
    """Check implementations of Mercurial's frame-based wire protocol."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit.

    Args:
        arguments: without the program's name; those of the process by default.

    Raises:
        SystemExit: always, with one of the documented exit codes.
    """
    sys.exit(_run(arguments))


def _run(arguments: list[str] | None) -> int:
    try:
        result: Any = _group.main(args=arguments, prog_name="hgframing", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return _USAGE
    except ConformanceError as error:
        _complain(str(error))
        return _USAGE
    except (click.Abort, KeyboardInterrupt):
        _complain("interrupted")
        return _INCOMPLETE
    except BrokenPipeError:
        # Whoever read our output went away; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _INCOMPLETE
    except OSError as error:
        _complain(str(error))
        return _USAGE
    except Exception as error:  # noqa: BLE001  (the last line of defence against a traceback)
        if os.environ.get("HGFRAMING_TRACEBACK"):
            traceback.print_exc()
        _complain(
            f"this is a bug in hgframing: {type(error).__name__}: {error} (HGFRAMING_TRACEBACK=1 shows more)"
        )
        return _INCOMPLETE
    return result if isinstance(result, int) else 0


def _complain(message: str) -> None:
    click.echo(f"hgframing: {message}", err=True)


if __name__ == "__main__":
    main()
