"""Runs one input in this process, with everything that watches a worker, to see whether the process survives it."""

from __future__ import annotations

import faulthandler
import os
import sys
import traceback

import msgspec

from hgframing_fuzz._deaths import ESCAPED
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import decode_input
from hgframing_fuzz._order import Order
from hgframing_fuzz.targets import TARGETS


__all__ = ["main"]


def main(text: str, octets: bytes) -> None:
    """Run it.

    Args:
        text: the order of the worker that died, in JSON.
        octets: the input.
    """
    faulthandler.enable()
    order = msgspec.json.decode(text, type=Order)
    guards = Guards()
    bound = TARGETS[order.target].bind(order.locator, guards)
    try:
        with guards:
            bound.target.check(decode_input(octets))
    except BaseException:  # noqa: BLE001 -- SystemExit for instance
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(ESCAPED)
    finally:
        bound.subject.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.stdin.buffer.read())
