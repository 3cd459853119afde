"""The fuzzing harness: inputs, what judges them, and the engines that make them.

`run(target, octets)` gives an outcome and needs no engine. Everything that a subject of one's own needs is
here too: a factory whose product has `open_server` is attached with `direct:module:factory`.
"""

from __future__ import annotations

from hgframing_fuzz._blame import CodeUnderTest
from hgframing_fuzz._buckets import Bucket, BucketKey, BucketTable
from hgframing_fuzz._drive import Answer, Session
from hgframing_fuzz._input import FuzzInput, Options, decode_input, encode_input
from hgframing_fuzz._outcome import Finding, Kind, Observed, Outcome, Target, run


__all__ = [
    "Answer",
    "Bucket",
    "BucketKey",
    "BucketTable",
    "CodeUnderTest",
    "Finding",
    "FuzzInput",
    "Kind",
    "Observed",
    "Options",
    "Outcome",
    "Session",
    "Target",
    "decode_input",
    "encode_input",
    "run",
]
