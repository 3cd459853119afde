"""What a vector says, once it is read: cases of typed, immutable values.

The loader (`_suites`) makes these from YAML or from the compiled form, `_select` gives each of them its revision, the
runner executes them and `_compare` judges. Nothing here does anything.
"""

from __future__ import annotations

import enum

from collections.abc import Mapping
from typing import Any

import msgspec


__all__ = [
    "Action",
    "ActionKind",
    "Case",
    "Chunking",
    "Expectation",
    "Layer",
    "Level",
    "Step",
    "Tier",
    "Verb",
]


class Layer(enum.StrEnum):
    """What of an implementation a case exercises."""

    CODEC = "codec"
    SERVER = "server"
    CLIENT = "client"
    HTTP = "http"


class Level(enum.StrEnum):
    """What the text says about the case; decides whether a failure gates."""

    MUST = "must"
    SHOULD = "should"
    MAY = "may"
    UNSPECIFIED = "unspecified"


class Tier(enum.StrEnum):
    """How much of the suite a case belongs to; each tier includes those before it.

    Generators enumerate, so many of their cases notice what another one notices. Of these one is `DISTINCT`, and the
    others are `FULL` (docs/measuring-strength.md). So are the few cases of people that cost much.
    """

    CORE = "core"
    DISTINCT = "distinct"
    FULL = "full"

    @property
    def included(self) -> frozenset[Tier]:
        """This tier and those before it."""
        tiers = tuple(Tier)
        return frozenset(tiers[: tiers.index(self) + 1])


class Chunking(enum.StrEnum):
    """How the octets of a `receive` step are cut."""

    FRAME = "frame"
    WHOLE = "whole"
    BYTE = "byte"


class Verb(enum.StrEnum):
    """What happens to an implementation in one step."""

    RECEIVE = "receive"
    END_INPUT = "end-input"
    ENCODE = "encode"
    RESPOND = "respond"
    START_RESPONSE = "start-response"
    SEND_RESPONSE = "send-response"
    FINISH_RESPONSE = "finish-response"
    FAIL = "fail"
    TEXT_OUTPUT = "text-output"
    PROGRESS = "progress"
    SENT = "sent"
    CALL = "call"
    FLUSH = "flush"
    ABANDON = "abandon"
    REQUEST_STATE = "request-state"
    REQUEST = "request"


class ActionKind(enum.StrEnum):
    """What an implementation answers."""

    FRAME = "frame"
    OCTETS = "octets"
    RUN_COMMAND = "run-command"
    COMMAND_DATA = "command-data"
    SEND_FRAMES = "send-frames"
    RESPONSE_DATA = "response-data"
    ERROR_RESPONSE = "error-response"
    TEXT_OUTPUT = "text-output"
    PROGRESS = "progress"
    REQUEST_STATE = "request-state"
    RESPONSE = "response"
    ERROR = "error"
    REFUSED = "refused"
    RAISED = "raised"
    WANT_FRAME = "want-frame"
    NOOP = "noop"


class Action(msgspec.Struct, frozen=True):
    """One action, expected or observed, in one normal form, so that equal actions compare equal.

    `fields` holds parsed values (`_values`): bytestrings are `bytes`, `args` is a `MapValue`, the frames of
    `send-frames` are one tuple of `hgframing.Frame` under `frames`. A field that is absent is not compared.
    """

    kind: ActionKind
    fields: Mapping[str, Any]


class Expectation(msgspec.Struct, frozen=True):
    """What a step demands.

    Attributes:
        alternatives: lists of actions in order of preference; `None` leaves open what happens.
        never: kinds that must not occur.
    """

    alternatives: tuple[tuple[Action, ...], ...] | None
    never: frozenset[ActionKind]


class Step(msgspec.Struct, frozen=True):
    """One thing that happens, and what must follow.

    Attributes:
        verb: what happens.
        octets: for `receive`, the octets of each frame (or of each hex string) in order.
        value: for every other verb, the value in the canonical form of the harness protocol, ready to be sent.
        expectation: what is demanded of the answer.
        notation: for people: the frames as the suite writes them, where it does; of `request` those in its body.
        line: where the step stands in its file.
    """

    verb: Verb
    octets: tuple[bytes, ...]
    value: Any
    expectation: Expectation
    notation: tuple[str, ...] = ()
    line: int = 0


class Case(msgspec.Struct, frozen=True):
    """One vector for one revision. `docs/vector-format.md` explains the fields."""

    id: str
    rev: int
    title: str
    suite: str
    layer: Layer
    revision: str
    level: Level
    requirements: tuple[str, ...]
    violates: tuple[str, ...]
    deviations: tuple[str, ...]
    source: str
    comment: str
    requires: Mapping[str, Any]
    disputed: str
    setup: Mapping[str, Any]
    chunkings: tuple[Chunking, ...]
    tier: Tier
    steps: tuple[Step, ...]
    file: str
    line: int
