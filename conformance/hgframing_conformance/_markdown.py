"""A run as Markdown, for the summary page of a CI service."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from hgframing_conformance._cases import Layer
from hgframing_conformance._outcomes import OutcomeKind
from hgframing_conformance._quoting import quote
from hgframing_conformance._repro import repro
from hgframing_conformance._summary import Summary


__all__ = ["write_markdown"]

#: Items listed: a page of a CI service holds about a megabyte.
_SHOWN: Final = 100
_ACTIVE: Final = "\\`*_[]<>|#"


def _text(text: str) -> str:
    """Make a text inert: nothing that a harness prints may become markup."""
    flat = quote(text).replace("\n", " ")
    return "".join(f"\\{char}" if char in _ACTIVE else char for char in flat)


def write_markdown(path: Path, summary: Summary) -> None:
    """Append the summary of a run to a file; CI services collect several steps in one.

    Raises:
        OSError: the file cannot be written.
    """
    hello = summary.hello
    kinds = [kind for kind in OutcomeKind if summary.of_kind(kind)]
    lines = [
        f"### {_text(hello.name)} {_text(hello.version)}: {_text(summary.last_line())}",
        "",
        f"| layer | {' | '.join(kind.value for kind in kinds)} |",
        f"|---|{'---:|' * len(kinds)}",
    ]
    for layer in Layer:
        row = [summary.counts[layer, kind] for kind in kinds]
        if any(row):
            lines.append(f"| {layer.value} | {' | '.join(map(str, row))} |")
    lines.append("")
    for judged in summary.unexpected[:_SHOWN]:
        outcome = judged.outcome
        said = f"{judged.status.value}, {outcome.kind.value}: {_text(outcome.reason)}"
        lines.append(f"* **{_text(outcome.item.name)}** {said}")
        lines.append(f"  `{repro(summary.locator, judged, summary.options).replace('`', '')}`")
    if len(summary.unexpected) > _SHOWN:
        lines.append(f"* and {len(summary.unexpected) - _SHOWN} more")
    lines += [f"* {_text(str(problem))}" for problem in summary.problems]
    if summary.stopped:
        lines.append(f"\n**Incomplete**: {_text(summary.stopped)}")
    with path.open("a", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")
