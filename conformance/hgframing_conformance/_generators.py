"""The generators by name: what each makes, and of what.

A generator yields suites, each a name and the content of a suite file. A case of it may have one key that the format
does not know, `why`: what the case is there for, told by `hgframing generate --explain` and never written.
"""

from __future__ import annotations

import dataclasses

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from hgframing_conformance._alphabet import generate_alphabet
from hgframing_conformance._boundaries import generate_boundaries
from hgframing_conformance._client_alphabet import generate_client_alphabet
from hgframing_conformance._client_interleavings import generate_client_interleavings
from hgframing_conformance._client_limits import generate_client_limits
from hgframing_conformance._client_numbers import generate_client_numbers
from hgframing_conformance._client_transitions import generate_client_transitions
from hgframing_conformance._client_walks import generate_client_walks
from hgframing_conformance._encoding_faults import generate_encoding_faults
from hgframing_conformance._observed import generate_observed
from hgframing_conformance._payload_faults import generate_payload_faults
from hgframing_conformance._server_interleavings import generate_server_interleavings
from hgframing_conformance._server_limits import generate_server_limits
from hgframing_conformance._server_numbers import generate_server_numbers
from hgframing_conformance._server_walks import generate_server_walks
from hgframing_conformance._transitions import generate_transitions


__all__ = ["GENERATORS", "Generator", "Suites", "explain"]

Suites: TypeAlias = Iterator[tuple[str, dict[str, Any]]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Generator:
    """One generator.

    Attributes:
        makes: what its cases are, in one line.
        parts: what yields its suites.
        seeded: the same, where chance decides something.
    """

    makes: str
    parts: tuple[Callable[[], Suites], ...] = ()
    seeded: tuple[Callable[[int], Suites], ...] = ()

    def suites(self, seed: int = 0) -> Suites:
        """Yield all suites, name and content.

        Args:
            seed: decides what chance decides.
        """
        for part in self.parts:
            yield from part()
        for random_part in self.seeded:
            yield from random_part(seed)


GENERATORS: Final[Mapping[str, Generator]] = {
    "transitions": Generator(
        makes="every transition of every table, by the shortest way",
        parts=(generate_transitions, generate_client_transitions),
    ),
    "alphabet": Generator(
        makes="in every state, every frame type with every flag nibble, and every combination of stream flags",
        parts=(generate_alphabet, generate_client_alphabet),
    ),
    "boundaries": Generator(
        makes="every field and every limit, at its end, one below and one above",
        parts=(
            generate_boundaries,
            generate_server_limits,
            generate_client_limits,
            generate_server_numbers,
            generate_client_numbers,
        ),
    ),
    "interleavings": Generator(
        makes="two requests on one connection, in all pairs of the ways they can differ",
        parts=(generate_server_interleavings, generate_client_interleavings),
    ),
    "walks": Generator(
        makes="few random walks over the tables that make pairs of transitions",
        seeded=(generate_server_walks, generate_client_walks),
    ),
    "payloads": Generator(
        makes="payloads that are cut off, lie, repeat themselves or hold the wrong types, and damaged compressed data",
        parts=(generate_payload_faults, generate_encoding_faults),
    ),
    "observed": Generator(
        makes="what was found by fuzzing and put down as drafts; gates nothing until a person decided",
        parts=(generate_observed,),
    ),
}


def explain(case: Mapping[str, Any]) -> str:
    """Say why a case exists: what it is there for, and which requirement decides it."""
    requirements = case.get("requirements", ())
    decided = f"decided by {', '.join(requirements)}" if requirements else "decided by no requirement"
    return f"{case['id']}: {case.get('why', case['title'])} ({case['level']}, {decided})"
