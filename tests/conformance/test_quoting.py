"""Foreign text in our messages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hgframing_conformance._quoting import clean, probe_name, quote


@given(st.text() | st.binary())
def test_clean_leaves_nothing_that_moves_a_cursor(text: str | bytes) -> None:
    """Whatever is quoted, only printable text, line ends and tabulators are left."""
    assert not any(
        (ord(char) < 32 and char not in "\t\n") or 0x7F <= ord(char) < 0xA0 for char in clean(text)
    )


def test_clean_shows_what_was_there() -> None:
    """Control characters and octets that are no UTF-8 are shown as escapes."""
    assert clean("\x1b[31mred") == "\\x1b[31mred"
    assert clean(b"\xffoctet") == "\\xffoctet"


@given(st.text(), st.integers(2, 50))
def test_quote_keeps_both_ends(text: str, limit: int) -> None:
    """A long text loses its middle and says how much."""
    shown = quote(text, limit=limit)
    whole = clean(text)
    if len(whole) <= limit:
        assert shown == whole
    else:
        assert shown.startswith(whole[: limit // 2])
        assert shown.endswith(whole[-(limit // 2) :])
        assert f"{len(whole) - 2 * (limit // 2)} characters" in shown


def test_probe_name_cannot_be_known() -> None:
    """No two probes are the same."""
    assert len({probe_name() for _ in range(100)}) == 100
