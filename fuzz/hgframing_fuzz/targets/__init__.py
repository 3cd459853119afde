"""What can be fuzzed. One module for each target, and each is also a script that other engines can start.

A new target is a module `<name>_fuzzer.py` with a `SPEC`, and a line here. Nothing is looked up at run time:
a frozen executable, which is how OSS-Fuzz runs Python targets, has no entry points to look up.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hgframing_fuzz._spec import TargetSpec
from hgframing_fuzz.targets import (
    cbor_strict_fuzzer,
    client_reactor_fuzzer,
    differential_fuzzer,
    encode_round_trip_fuzzer,
    expectation_files_fuzzer,
    frame_splitting_fuzzer,
    harness_replies_fuzzer,
    header_fuzzer,
    notation_fuzzer,
    reactor_pair_fuzzer,
    server_output_fuzzer,
    server_reactor_fuzzer,
    stream_encodings_fuzzer,
    suite_yaml_fuzzer,
)


__all__ = ["TARGETS"]

#: Every target by its name.
TARGETS: Final[Mapping[str, TargetSpec]] = MappingProxyType(
    {
        module.SPEC.name: module.SPEC
        for module in (
            server_reactor_fuzzer,
            client_reactor_fuzzer,
            server_output_fuzzer,
            reactor_pair_fuzzer,
            header_fuzzer,
            frame_splitting_fuzzer,
            stream_encodings_fuzzer,
            encode_round_trip_fuzzer,
            cbor_strict_fuzzer,
            notation_fuzzer,
            suite_yaml_fuzzer,
            harness_replies_fuzzer,
            expectation_files_fuzzer,
            differential_fuzzer,
        )
    }
)
