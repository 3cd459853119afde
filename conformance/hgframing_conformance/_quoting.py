"""Foreign text in our messages: shortened, and with nothing in it that moves a cursor.

What a harness prints ends up in terminals, XML and JSON. Control characters other than the end of a line and the
tabulator are shown as escapes, and long text loses its middle, never its ends: a cause stands at one of them.
"""

from __future__ import annotations

import re
import secrets

from typing import Final


__all__ = ["MAX_QUOTE", "clean", "probe_name", "quote"]

#: Characters of a quotation. A terminal's screen holds about two thousand.
MAX_QUOTE: Final = 400

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def clean(text: str | bytes) -> str:
    """Show control characters as escapes; octets that are no UTF-8 too."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "backslashreplace")
    return _CONTROL.sub(lambda match: ascii(match[0])[1:-1], text)


def quote(text: str | bytes, *, limit: int = MAX_QUOTE) -> str:
    """Clean a text and take the middle out of it where it is long.

    Args:
        text: what somebody else wrote.
        limit: characters of it to keep, at least 2.
    """
    shown = clean(text)
    if len(shown) <= limit:
        return shown
    half = limit // 2
    return f"{shown[:half]}[... {len(shown) - 2 * half} characters ...]{shown[-half:]}"


def probe_name() -> str:
    """Return an `op` that no harness can know, for the probe of honesty; another one on every call."""
    return f"probe-{secrets.token_hex(6)}"
