"""A campaign as one HTML page: how it went over time, what was found, who found it, and from which seeds.

It is one file that fetches nothing and runs nothing; a policy in its head forbids both to whatever might slip through.
Every string is foreign until the template has escaped it: the template escapes all of them, and control characters are
shown as escapes before that.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import functools
import hashlib

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import jinja2

from markupsafe import Markup

from hgframing import __version__
from hgframing_conformance._quoting import clean
from hgframing_fuzz._campaign import CampaignDirectory
from hgframing_fuzz._charts import Chart, Timeline, chart, timeline, words_for
from hgframing_fuzz._curve import read_points
from hgframing_fuzz._findings import write_whole
from hgframing_fuzz._found import Found, read_found
from hgframing_fuzz._known import NOTHING_KNOWN, KnownBuckets
from hgframing_fuzz._records import Stint
from hgframing_fuzz._status import CampaignStatus, growth, read_status


__all__ = ["PAGE", "Cause", "Part", "render", "write_page"]

#: The name of the page in a campaign's directory.
PAGE: Final = "campaign.html"

#: Stints that the table shows; a long campaign has hundreds, and their seeds are in past.json.
_MAX_STINTS: Final = 500


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A root cause, and its lines."""

    root: str
    members: tuple[Found, ...]

    @property
    def count(self) -> int:
        """How often it was seen."""
        return sum(found.bucket.count for found in self.members)

    @property
    def first(self) -> float:
        """When it was first seen, in seconds of the campaign."""
        return min(found.bucket.first_seconds for found in self.members)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One target of a campaign.

    Attributes:
        status: how far it is.
        charts: curves over time; none for a run in one process.
        timeline: who ran what; None for such a run.
        causes: what was found, in the order in which it was first seen.
        stints: the workers, oldest first.
        left: older ones that are not shown.
        session: the last one; what it saw first is new.
        known: what is no news.
    """

    status: CampaignStatus
    charts: tuple[Chart, ...]
    timeline: Timeline | None
    causes: tuple[Cause, ...]
    stints: tuple[Stint, ...]
    left: int
    session: int
    known: KnownBuckets

    def is_new(self, found: Found) -> bool:
        """Whether the last session saw it first, where there were others before."""
        return self.session > 1 and found.bucket.worker.startswith(f"{self.session}-")


def _part(campaign: CampaignDirectory, known: KnownBuckets) -> Part | None:
    """Read what the page shows of a target; None where nobody has told anything."""
    status = read_status(campaign)
    summary = campaign.total() or campaign.findings.read_summary()
    if status is None or summary is None:
        return None
    points = read_points(campaign.curve)
    charts: tuple[Chart, ...] = ()
    if points:
        coverage = [("transitions", lambda point: float(point.features))]
        if points[-1].branches:
            coverage.append(("branches", lambda point: float(point.branches)))
        charts = (
            chart(
                "Findings",
                points,
                [("buckets", lambda point: point.buckets), ("root causes", lambda point: point.roots)],
            ),
            chart("Coverage", points, coverage),
            chart("Executions", points, [("executions", lambda point: point.executions)], even=True),
            chart("Corpus", points, [("inputs", lambda point: point.corpus)], even=True),
        )
    past = campaign.past()
    stints = sorted(
        [*past.stints, *(record.stint for record in campaign.records())],
        key=lambda stint: (stint.session, stint.offset),
    )
    causes: dict[str, list[Found]] = {}
    for found in read_found(campaign, summary):
        causes.setdefault(found.bucket.root, []).append(found)
    return Part(
        status=status,
        charts=charts,
        timeline=timeline(stints) if stints else None,
        causes=tuple(Cause(root=root, members=tuple(members)) for root, members in causes.items()),
        stints=tuple(stints[-_MAX_STINTS:]),
        left=past.dropped + max(0, len(stints) - _MAX_STINTS),
        session=max((stint.session for stint in stints), default=0),
        known=known,
    )


def _clock(seconds: float) -> str:
    """A moment by the calendar."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _shown(value: object) -> object:
    """Show control characters of every string as escapes; what is markup already has none."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("hgframing_fuzz"),
        autoescape=True,
        finalize=_shown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(clock=_clock, duration=words_for, growth=growth)
    return environment


def render(parts: Sequence[Part], now: float) -> str:
    """Write a page as HTML.

    Args:
        parts: the targets.
        now: when, in seconds since the epoch.
    """
    environment = _environment()
    loader = environment.loader
    if loader is None:
        raise AssertionError("the environment was made with one")
    style = loader.get_source(environment, "campaign.css")[0]
    return environment.get_template("campaign.html").render(
        parts=parts,
        now=now,
        version=__version__,
        style=Markup(style),  # noqa: S704 -- our own file
        style_hash=f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}",
    )


def write_page(
    path: Path, campaigns: Sequence[CampaignDirectory], now: float, known: KnownBuckets = NOTHING_KNOWN
) -> bool:
    """Write the page of a campaign.

    Args:
        path: the file.
        campaigns: one for each target.
        now: when, in seconds since the epoch.
        known: what is no news.

    Returns:
        Whether there was anything to write.

    Raises:
        OSError: the file cannot be written.
    """
    parts = [part for campaign in campaigns if (part := _part(campaign, known)) is not None]
    if parts:
        write_whole(path, render(parts, now).encode("utf-8", "backslashreplace"))
    return bool(parts)
