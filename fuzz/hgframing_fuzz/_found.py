"""A finding as it lies in a directory: what was counted, the input as it is now, and its text."""

from __future__ import annotations

import dataclasses

from typing import Final

import msgspec

from hgframing import Revision
from hgframing_fuzz._campaign import CampaignDirectory
from hgframing_fuzz._description import excerpt
from hgframing_fuzz._drive import choose_revision
from hgframing_fuzz._findings import BucketSummary, RunSummary
from hgframing_fuzz._input import REVISION_CODES, FuzzInput, decode_input
from hgframing_fuzz.targets import TARGETS


__all__ = ["Found", "read_found"]

#: What an input's text begins with, before the explanation.
_BLANK: Final = "\n\n"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One bucket.

    Attributes:
        bucket: what was counted; its octets are those of the file, which may have been minimized since.
        value: the shortest input.
        revision: the one that it was driven with.
        excerpt: what the input begins with, in a few lines.
        detail: what happened, a traceback for instance; empty where there is no text.
    """

    bucket: BucketSummary
    value: FuzzInput
    revision: Revision
    excerpt: tuple[str, ...]
    detail: str


def read_found(campaign: CampaignDirectory, summary: RunSummary) -> list[Found]:
    """Read the findings of a campaign or a run.

    Args:
        campaign: where they are.
        summary: what was counted.
    """
    return [_read(campaign, summary.target, bucket) for bucket in summary.buckets]


def _read(campaign: CampaignDirectory, target: str, bucket: BucketSummary) -> Found:
    file = campaign.path / f"{bucket.id}.bin"
    octets = file.read_bytes() if file.exists() else bytes.fromhex(bucket.octets)
    value = decode_input(octets)
    text = file.with_suffix(".txt")
    told = text.read_text(encoding="utf-8", errors="replace") if text.exists() else ""
    key = next((line.split()[-1] for line in told.splitlines() if line.startswith("revision ")), "")
    revision = choose_revision(value.options, (key,) if key in REVISION_CODES else REVISION_CODES)
    return Found(
        bucket=msgspec.structs.replace(bucket, octets=octets.hex()),
        value=value,
        revision=revision,
        excerpt=tuple(excerpt(value, revision, TARGETS[target].form)),
        # Head, description and explanation are three paragraphs; a description has no empty line.
        detail=told.split(_BLANK, 2)[-1].strip("\n") if told.count(_BLANK) >= 2 else "",
    )
