"""What is compared: for each layer that an implementation has, the reference and the implementation, driven alike.

An implementation that gives sessions is compared with sessions of the reference, one that answers messages with the
reference behind messages, asked for nothing that the implementation does not do. So both sides get the same calls, the
same answers to commands and the same octets, and whatever differs is theirs. The reference has its default limits here:
the low ones of the other targets would only show that they are low.
"""

from __future__ import annotations

import dataclasses

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from hgframing import Limits
from hgframing_conformance._cases import Layer
from hgframing_conformance._locators import REFERENCE
from hgframing_conformance.errors import ConnectError
from hgframing_fuzz._client_session import ReferenceClient
from hgframing_fuzz._message_subject import MessageSubject
from hgframing_fuzz._reference import ReferenceServer
from hgframing_fuzz._subjects import ClientSubject, SessionSubject, Subject, make_sessions, open_adapter


__all__ = ["LAYERS", "Compared", "Pair", "attach_pairs"]

#: The layers in the order of their codes in an input (`Options.layer_code`).
LAYERS: Final = (Layer.SERVER, Layer.CLIENT, Layer.CODEC)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The two sides of one layer.

    Attributes:
        ours: the reference.
        theirs: the implementation.
        codes: whether the codes of errors are compared.
        ends: whether the implementation can be told that the input has ended.
        known: a file of differences that the implementation itself says are expected.
    """

    ours: Subject
    theirs: Subject
    codes: bool = False
    ends: bool = True
    known: Path | None = None


class Compared:
    """The implementation that is compared, as engines and reports must know it.

    A coverage-guided engine needs code that it can see. Where the implementation runs elsewhere, that is the code of
    the reference, which is given the same inputs.

    Args:
        pairs: what there is to compare, one at least.
    """

    def __init__(self, pairs: Mapping[Layer, Pair]) -> None:
        self._theirs = next(iter(pairs.values())).theirs
        self.name = self._theirs.name
        self.revisions = self._theirs.revisions
        self.code = self._theirs.code
        ours = dict.fromkeys((*ReferenceServer.instrument, *ReferenceClient.instrument))
        self.instrument = self._theirs.instrument or tuple(ours)

    def close(self) -> None:
        """End the connection to the implementation."""
        self._theirs.close()


def attach_pairs(locator: str) -> Mapping[Layer, Pair]:
    """Attach an implementation beside the reference.

    Args:
        locator: as of `load_subject`; `reference` compares the reference with itself, through messages.

    Returns:
        A pair for each layer that the implementation has, one at least.

    Raises:
        LocatorError: the locator is none.
        SetupError: the implementation cannot be attached, or has no layer that can be compared.
    """
    if locator == "reference":
        locator = REFERENCE
    maker = make_sessions(locator)
    return _message_pairs(locator) if maker is None else _session_pairs(maker)


def _session_pairs(maker: Any) -> Mapping[Layer, Pair]:
    codes, known = getattr(maker, "error_codes", False), getattr(maker, "known_differences", None)
    pairs: dict[Layer, Pair] = {}
    if hasattr(maker, "open_server"):
        ours: Subject = SessionSubject(ReferenceServer(limits=Limits()))
        pairs[Layer.SERVER] = Pair(ours=ours, theirs=SessionSubject(maker), codes=codes, known=known)
    if hasattr(maker, "open_client"):
        ours = ClientSubject(ReferenceClient(limits=Limits()))
        pairs[Layer.CLIENT] = Pair(
            ours=ours,
            theirs=ClientSubject(maker),
            codes=codes,
            ends=getattr(maker, "client_ends", True),
            known=known,
        )
    return pairs


def _message_pairs(locator: str) -> Mapping[Layer, Pair]:
    theirs = open_adapter(locator)
    layers = [layer for layer in LAYERS if layer in theirs.hello.layers]
    if not layers:
        theirs.close()
        raise ConnectError(locator, f"has none of the layers {', '.join(LAYERS)}")
    reference = open_adapter(REFERENCE)
    pairs: dict[Layer, Pair] = {}
    for layer in layers:
        subject = MessageSubject(theirs, layer)
        pairs[layer] = Pair(
            ours=MessageSubject(reference, layer, like=theirs.hello),
            theirs=subject,
            codes=subject.error_codes,
        )
    return pairs
