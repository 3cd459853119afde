"""What adapters have in common."""

from __future__ import annotations

from hgframing_conformance._adapters import AdapterOptions, prefixes


def test_prefixes_grow_by_one_step_up_to_the_whole() -> None:
    """The step that kills is the last of the first prefix that does; nothing else of the message changes."""
    message = {"op": "case", "seq": 7, "steps": [{"a": 1}, {"b": 2}, {"c": 3}]}
    found = list(prefixes(message))
    assert [len(prefix["steps"]) for prefix in found] == [1, 2, 3]
    assert found[-1] == message
    assert all(prefix["seq"] == 7 for prefix in found)


def test_adapter_options_defaults_bound_a_run() -> None:
    """Nobody has to choose a deadline or a budget."""
    assert AdapterOptions().timeout == 5
    assert AdapterOptions().max_restarts == 50
