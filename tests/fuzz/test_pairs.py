"""What is compared with what, for each way in which an implementation can be attached."""

from __future__ import annotations

import sys

from types import SimpleNamespace
from typing import Any

import pytest

from hgframing import REVISIONS
from hgframing_conformance._cases import Layer
from hgframing_conformance.errors import ConnectError, LocatorError
from hgframing_fuzz import Kind, Options
from hgframing_fuzz._client_session import ReferenceClient
from hgframing_fuzz._drive import make_script
from hgframing_fuzz._input import Delivery
from hgframing_fuzz._outcome import Trace
from hgframing_fuzz._pairs import Compared, Pair, attach_pairs
from hgframing_fuzz._reference import ReferenceServer
from tests.fuzz.message_zoo import Honest
from tests.fuzz.miniatures import an_input


@pytest.fixture
def attach(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Attach what a factory makes."""

    def attach(factory: Any) -> Any:
        monkeypatch.setitem(sys.modules, "pair_subject", SimpleNamespace(factory=factory))
        return attach_pairs("direct:pair_subject:factory")

    return attach


def observe(pair: Pair, side: str) -> Trace:
    """Run one command, which is answered."""
    value = an_input(
        "1 1 stream-begin command-request new cbor:{b'name': b'run'}",
        options=Options(driver=0x04, answers=1),
    )
    trace: Trace = []
    getattr(pair, side).observe(make_script(value, REVISIONS["0006"], Delivery.FRAME), trace)
    return trace


def test_attach_pairs_of_sessions_has_the_sides_that_are_there(attach: Any) -> None:
    """A server alone is compared as a server."""
    pairs = attach(ReferenceServer)

    assert list(pairs) == [Layer.SERVER]
    assert (pairs[Layer.SERVER].codes, pairs[Layer.SERVER].known) == (False, None)
    # The low limits of the other targets would be what differs.
    assert observe(pairs[Layer.SERVER], "ours") == observe(pairs[Layer.SERVER], "theirs")


def test_attach_pairs_of_messages_has_the_layers_that_are_declared() -> None:
    """The reference behind messages has all of them."""
    pairs = attach_pairs("reference")

    assert list(pairs) == [Layer.SERVER, Layer.CLIENT, Layer.CODEC]
    assert all(pair.codes for pair in pairs.values())


def test_attach_pairs_asks_the_reference_for_no_more(attach: Any) -> None:
    """An implementation that answers no command is compared with a reference that is not asked to either."""
    pair = attach(lambda: Honest(steps=["receive", "end-input"]))[Layer.SERVER]

    kinds = [one.kind for seen in observe(pair, "ours") for one in seen.observed]
    assert Kind.RUN_COMMAND in kinds
    assert Kind.SEND_FRAMES not in kinds


def test_attach_pairs_without_a_layer_is_a_setup_error(attach: Any) -> None:
    """HTTP alone cannot be compared."""

    class Web(Honest):
        def exchange(self, message: dict[str, Any]) -> dict[str, Any]:
            return super().exchange(message) | ({"layers": ["http"]} if message["op"] == "hello" else {})

    with pytest.raises(ConnectError, match="has none of the layers server, client, codec"):
        attach(Web)


def test_compared_is_the_implementation_that_an_engine_can_see(attach: Any) -> None:
    """Where it runs elsewhere, the reference is instrumented in its place, and nothing is blamed."""
    here, elsewhere = Compared(attach(ReferenceServer)), Compared(attach(Honest))

    assert (here.instrument, here.code) == (ReferenceServer.instrument, ReferenceServer().code)
    assert (elsewhere.name, elsewhere.revisions, elsewhere.code) == ("zoo 1", ("0006", "0005"), None)
    assert {*ReferenceServer.instrument, *ReferenceClient.instrument} == set(elsewhere.instrument)


def test_attach_pairs_of_no_locator() -> None:
    """The message lists the kinds."""
    with pytest.raises(LocatorError, match="not a locator"):
        attach_pairs("nothing")
