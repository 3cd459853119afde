"""Constants: who uses them, as far as anybody can tell."""

from __future__ import annotations

import pytest

from hgframing_conformance._constants import Constants


SOURCE = b"""\
_PLAIN: Final = (
    65535
)
_OF_TABLE = 2
_OF_DEFAULT = 3
_OF_CLASS = 4
_OF_OTHERS = 5
PUBLIC = 6
_UNUSED = 7
_TABLE = {1: _OF_TABLE}
class A:
    largest = _OF_CLASS
    def f(self, a=_OF_DEFAULT):
        def g():
            return _PLAIN
        return g() + _OF_TABLE + _OF_CLASS + _OF_OTHERS + PUBLIC + _OF_DEFAULT
    async def h(self):
        return max(
            1, _PLAIN,
        )
"""


@pytest.mark.parametrize(
    ("line", "uses"),
    [
        (1, {15, 19}),
        (2, {15, 19}),
        (4, None),
        (5, None),
        (6, None),
        (7, None),
        (8, None),
        (9, set()),
        (10, set()),
        (12, None),
        (16, None),
    ],
)
def test_constant_is_used_where_functions_use_it(line: int, uses: set[int] | None) -> None:
    """What the import uses, what is public and what others name may matter anywhere."""
    assert Constants(SOURCE, [b"from m import _OF_OTHERS"]).uses(line) == uses
