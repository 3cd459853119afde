"""Tests of `hgframing_fuzz._codecs`: what a locator attaches, and what it says when it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hgframing import REVISIONS, Frame
from hgframing_conformance._reference import ReferenceHarness
from hgframing_conformance.errors import ConnectError, LocatorError
from hgframing_fuzz._codecs import MAX_PAYLOAD, Cut, MessageCodec, ReferenceCodec, load_codec
from hgframing_fuzz._watch import ObjectionError
from tests.fuzz.message_zoo import Honest


R5 = REVISIONS["0006"]
FRAME = Frame(1, 1, 1, 1, 1, b"abc")
WRITTEN = bytes.fromhex("0300000100010111") + b"abc"


@pytest.mark.parametrize(
    ("locator", "kind"),
    [
        ("reference", ReferenceCodec),
        ("direct:hgframing_conformance:reference", ReferenceCodec),
        ("direct:tests.fuzz.codec_zoo:honest", object),
        ("direct:tests.fuzz.test_codecs:by_messages", MessageCodec),
    ],
)
def test_codec_reads_and_writes_however_it_is_reached(locator: str, kind: type) -> None:
    """In this process, ours and another's, and by messages."""
    codec = load_codec(locator)

    assert isinstance(codec, kind)
    assert codec.cuts
    assert codec.revisions[0] == "0006"
    for revision in ("0006", "0001"):
        short = FRAME if revision == "0006" else Frame(0, 0, 0, 1, 1, b"abc")
        octets = codec.write(REVISIONS[revision], short)
        assert octets is not None
        chunks = [octets[:2], octets[2:], octets]
        assert codec.read(REVISIONS[revision], chunks, ends=True, limit=MAX_PAYLOAD) == Cut(
            (short, short), refused=False
        )
    assert codec.write(R5, FRAME) == WRITTEN
    assert codec.read(R5, [WRITTEN, WRITTEN[:4]], ends=True, limit=MAX_PAYLOAD) == Cut((FRAME,), refused=True)
    assert codec.read(R5, [WRITTEN, WRITTEN[:4]], ends=False, limit=MAX_PAYLOAD) == Cut(
        (FRAME,), refused=False
    )
    assert codec.write(R5, Frame(1, 1, 1, 16, 1)) is None
    codec.close()


def by_messages() -> ReferenceHarness:
    """The reference, seen as a harness only."""
    return ReferenceHarness()


class Wrong(Honest):
    """Declares a codec, and answers everything with one action."""

    def __init__(self, action: dict[str, Any]) -> None:
        super().__init__()
        self.action = action

    def exchange(self, message: dict[str, Any]) -> dict[str, Any]:
        """Say that there is a codec."""
        reply = super().exchange(message)
        return {**reply, "layers": ["codec"]} if message["op"] == "hello" else reply

    def step(self, step: Mapping[str, Any]) -> list[dict[str, Any]]:  # noqa: ARG002 -- whatever it is
        """Answer one step."""
        return [self.action]


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ({"raised": {"type": "TypeError", "message": "no"}}, "TypeError"),
        ({"frame": {"type": 1}}, "bad-reply"),
        ({"want-frame": 1}, "bad-reply"),
    ],
)
def test_message_that_is_no_answer_is_a_finding(
    action: dict[str, Any], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception of its API, and what breaks the harness protocol."""
    monkeypatch.setitem(globals(), "wrong", lambda: Wrong(action))
    codec = load_codec(f"direct:{__name__}:wrong")

    with pytest.raises(ObjectionError) as caught:
        codec.read(R5, [WRITTEN], ends=True, limit=MAX_PAYLOAD)
    assert caught.value.finding.kind == kind
    codec.close()


def test_limit_of_the_reference_is_the_one_that_is_wished_for() -> None:
    """Others take what every receiver must, and perhaps more."""
    reference = load_codec("reference")

    assert reference.limit_for(5) == 5
    assert reference.read(R5, [WRITTEN], ends=True, limit=2) == Cut((), refused=True)
    assert load_codec("direct:tests.fuzz.codec_zoo:honest").limit_for(5) == MAX_PAYLOAD


@pytest.mark.parametrize(
    ("locator", "error"),
    [
        ("nowhere", LocatorError),
        ("direct:tests.fuzz.test_subjects:a_maker", ConnectError),
        ("direct:tests.fuzz.message_zoo:honest", ConnectError),
    ],
)
def test_locator_without_a_codec_is_refused(locator: str, error: type[Exception]) -> None:
    """No locator; a reactor and no codec; a harness that does not declare the layer."""
    with pytest.raises(error):
        load_codec(locator)
