"""Locators: the one-line names by which a user attaches an implementation.

A locator is `kind:rest`. The kinds are one table; everything else asks `connect`, and never looks into a locator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from hgframing_conformance._adapters import Adapter, AdapterOptions
from hgframing_conformance._direct import DirectAdapter
from hgframing_conformance._harness import HarnessAdapter
from hgframing_conformance._http_adapter import HttpAdapter
from hgframing_conformance._reflect_adapter import ReflectAdapter
from hgframing_conformance.errors import LocatorError


__all__ = ["KINDS", "REFERENCE", "connect"]

#: The locator of the reference implementation, run in this process.
REFERENCE: Final = "direct:hgframing_conformance:reference"


def _direct(rest: str, options: AdapterOptions) -> Adapter:
    module, colon, attribute = rest.partition(":")
    if (
        not colon
        or not attribute.isidentifier()
        or not all(part.isidentifier() for part in module.split("."))
    ):
        raise LocatorError(f"direct:{rest}: write direct:package.module:factory")
    return DirectAdapter(rest, options)


#: Kind -> how it is written, and what connects it.
KINDS: Final[Mapping[str, tuple[str, Callable[[str, AdapterOptions], Adapter]]]] = MappingProxyType(
    {
        "direct": ("direct:package.module:factory", _direct),
        "exec": ("exec:command arguments", HarnessAdapter),
        "http": ("http://host:port/path", HttpAdapter),
        "reflect": ("reflect:http://host:port/path", ReflectAdapter),
    }
)


def connect(locator: str, options: AdapterOptions | None = None) -> Adapter:
    """Connect to an implementation; it is past `hello` and the probe when this returns.

    Args:
        locator: written as one of `KINDS` is, for instance `direct:package.module:factory`.
        options: deadline and restarts; the defaults suit an implementation that does no I/O.

    Raises:
        LocatorError: the locator is not written as any kind is.
        SetupError: the implementation could not be brought to the point where it takes cases.
    """
    kind, colon, rest = locator.partition(":")
    if not colon or kind not in KINDS:
        forms = ", ".join(form for form, _ in KINDS.values())
        raise LocatorError(f"{locator}: not a locator; the kinds are {forms}")
    return KINDS[kind][1](rest, options if options is not None else AdapterOptions())
