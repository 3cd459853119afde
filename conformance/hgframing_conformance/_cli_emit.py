"""`hgframing emit`: exactly the lines that a harness would read, for a debugger, a browser, or a machine without us."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from hgframing import __version__
from hgframing_conformance._cases import Verb
from hgframing_conformance._messages import hello_message
from hgframing_conformance._options import chunking_option, named_items, suites_option
from hgframing_conformance._quoting import probe_name
from hgframing_conformance._select import item_message, without_request_states
from hgframing_conformance._suites import load_suites
from hgframing_conformance._summary import Exit


__all__ = ["command"]


@click.command("emit")
@click.argument("name", metavar="CASE[@REVISION[CHUNKING]]")
@chunking_option
@click.option(
    "--request-states",
    is_flag=True,
    help="Keep the steps that ask for the state of a request, as for a harness that declares request-states.",
)
@suites_option
def command(name: str, chunking: str | None, *, request_states: bool, paths: tuple[Path, ...]) -> int:
    """Write the lines that a harness reads: hello, the probe, the case, bye.

    `./harness < lines.jsonl > answers.jsonl` runs it without us; `hgframing judge lines.jsonl answers.jsonl` gives the
    verdict. Without a revision the last one that has the case is meant, without a chunking all of them.
    """
    chosen = named_items(name, load_suites(list(paths) or None), chunking)
    messages = [hello_message(__version__), {"op": probe_name()}]
    for seq, item in enumerate(chosen, start=1):
        case = item.case if request_states else without_request_states(item.case)
        messages.append(item_message(case, item.chunking) | {"seq": seq})
    messages.append({"op": "bye"})
    for message in messages:
        click.echo(msgspec.json.encode(message))
    if not request_states and any(step.verb is Verb.REQUEST_STATE for step in chosen[0].case.steps):
        click.echo("hgframing: steps request-state are left out; --request-states keeps them", err=True)
    return Exit.AS_EXPECTED
