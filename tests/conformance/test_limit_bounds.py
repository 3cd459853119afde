"""Limits: what is allowed is ordinary, and what is not is demanded by nobody."""

from __future__ import annotations

import dataclasses

from hgframing import REVISIONS, Limits
from hgframing_conformance._limit_bounds import OVER, request_id

from .limit_tries import CASES


def test_limit_suites_try_every_limit() -> None:
    """Whatever `Limits` has is tried."""
    names = {field.name.replace("_", "-") for field in dataclasses.fields(Limits)}

    assert {limit for case in CASES.values() for limit in case["setup"]["limits"]} == names


def test_limit_suites_demand_only_what_is_allowed() -> None:
    """One above is an error that no level gates, and nothing that the frames ask for may happen."""
    for case_id, case in CASES.items():
        is_above = case_id.endswith("-above")
        last = case["steps"][-1]

        assert (case["level"] == "unspecified") == is_above, case_id
        assert ("error" in [name for action in last["expect"] for name in action]) == is_above, case_id
        assert ("never" in last) == is_above, case_id


def test_limit_suites_come_in_threes() -> None:
    """Below, at, above: the same conversation but for one."""
    ends = [case_id.rpartition("-")[2] for case_id in CASES]

    assert ends == list(OVER.values()) * (len(CASES) // 3)


def test_request_id_is_the_first_of_a_client() -> None:
    """1 (RID-002), where there are IDs."""
    assert request_id(REVISIONS["0006"]) == 1
    assert request_id(REVISIONS["0001"]) == 0
