"""Short campaigns for the tests: fields, plans, and waiting for something to happen."""

from __future__ import annotations

import os
import time

from collections.abc import Callable
from pathlib import Path
from typing import Final

from hgframing_fuzz._campaign import CampaignDirectory, Identity
from hgframing_fuzz._campaign_run import Field
from hgframing_fuzz._engines import Engine
from hgframing_fuzz._order import Order
from hgframing_fuzz._records import Stint
from tests.fuzz import miniatures


ROOT: Final = Path(__file__).resolve().parents[2]
BROKEN: Final = "direct:tests.fuzz.test_targets_server_reactor_fuzzer:broken"


def mortal(kind: str) -> str:
    """The locator of a server that ends its process."""
    return f"direct:tests.fuzz.mortals:{kind}"


def a_field(
    path: Path,
    locator: str = BROKEN,
    *,
    target: str = "server-reactor",
    engines: tuple[Engine, ...] = (Engine.LOOP,),
) -> Field:
    """A target of a campaign."""
    return Field(
        directory=CampaignDirectory(path),
        identity=Identity(target, locator, 3),
        engines=engines,
        describe=lambda value: [f"frames {len(value.frames)}"],
        code=miniatures.Maker(miniatures.Miniature).code,
    )


def an_order(
    directory: Path,
    locator: str = BROKEN,
    *,
    seconds: float = 600.0,
    plateau: float = 600.0,
    resident: int = 1 << 40,
    engine: Engine = Engine.LOOP,
    parent: int | None = None,
    last: bool = True,
) -> Order:
    """What a worker is told."""
    now = time.monotonic()
    stint = Stint(1, 0, 0, engine, 1, 0.0, time.time())
    return Order(
        "server-reactor",
        locator,
        str(directory),
        now,
        now + seconds,
        plateau,
        resident,
        last,
        stint,
        os.getpid() if parent is None else parent,
    )


def wait_for(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until something has happened, on a busy machine too."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not happen"
        time.sleep(0.1)
