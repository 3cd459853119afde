"""Imports scripts of bench, which are no package: they find each other because they lie side by side."""

from __future__ import annotations

import importlib
import sys

from pathlib import Path
from typing import Any, Final


BENCH: Final = Path(__file__).resolve().parents[2] / "bench"


def load(name: str) -> Any:
    """Import a script as its neighbours do."""
    if str(BENCH) not in sys.path:
        sys.path.append(str(BENCH))
    return importlib.import_module(name)
