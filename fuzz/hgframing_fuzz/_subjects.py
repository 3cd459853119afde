"""What is fuzzed, and how a locator becomes it.

A *subject* plays a script and writes down what it saw. There are two ways to reach an implementation:

* **sessions**, in this process: octets in, actions out, exceptions with their traceback. Fast, and findings
  are sorted by the place where they strike. The reference is one, and so is whatever `direct:module:factory`
  gives that has `open_server` or `open_client`.
* **messages**, the harness protocol: any implementation that the conformance suite can drive, `exec:` or
  `direct:`. A whole input is one message. What its API throws arrives as `raised`, so its findings are sorted
  by type and message.
"""

from __future__ import annotations

import enum
import importlib

from collections.abc import Callable
from typing import Any, Final, Protocol

import hgframing

from hgframing import Revision
from hgframing_conformance._adapters import Adapter, AdapterOptions
from hgframing_conformance._cases import Layer
from hgframing_conformance._locators import REFERENCE, connect
from hgframing_conformance.errors import ConnectError, LocatorError
from hgframing_fuzz._blame import CodeUnderTest
from hgframing_fuzz._client_session import ReferenceClient, calls_of
from hgframing_fuzz._drive import Script, Session, drive
from hgframing_fuzz._input import REVISION_CODES
from hgframing_fuzz._message_subject import MessageSubject
from hgframing_fuzz._outcome import Trace
from hgframing_fuzz._reference import ReferenceServer


__all__ = [
    "Attached",
    "ClientMaker",
    "ClientSubject",
    "OwnCode",
    "ServerMaker",
    "SessionSubject",
    "Side",
    "Subject",
    "load_subject",
    "make_maker",
    "make_sessions",
    "open_adapter",
    "revision_codes",
]

#: Seconds for one input through messages. No input is worth more, and a hang is a finding.
_MESSAGE_TIMEOUT: Final = 5.0
#: How often a harness may die before the run is given up: each death is counted in its bucket and costs a
#: restart.
_MAX_RESTARTS: Final = 1000


class Side(enum.Enum):
    """Which of the two reactors of an implementation."""

    SERVER = "open_server"
    CLIENT = "open_client"


class Attached(Protocol):
    """What is fuzzed, as far as engines and reports must know it."""

    @property
    def name(self) -> str:
        """Who it is, for people."""

    @property
    def revisions(self) -> tuple[str, ...]:
        """The revision keys that it speaks, newest first, not empty."""

    @property
    def code(self) -> CodeUnderTest | None:
        """Which code findings are blamed on; None where it runs elsewhere and cannot be seen."""

    @property
    def instrument(self) -> tuple[str, ...]:
        """The modules that a coverage-guided engine instruments."""

    def close(self) -> None:
        """End the connection to the implementation."""


class Subject(Attached, Protocol):
    """Something that plays scripts."""

    @property
    def cuts(self) -> bool:
        """Whether octets may arrive cut anywhere; else one whole frame at a time."""

    def observe(self, script: Script, trace: Trace) -> None:
        """Play a script to a fresh reactor.

        Args:
            script: what to play.
            trace: what was seen is appended, also before an exception.

        Raises:
            Exception: whatever the implementation lets through.
        """


class OwnCode:
    """Code of this distribution that no implementation has a counterpart of.

    Args:
        modules: what is fuzzed, imported already: findings are blamed on their packages, engines instrument them.
    """

    name = f"hgframing {hgframing.__version__}"
    revisions = REVISION_CODES

    def __init__(self, *modules: str) -> None:
        self.instrument = modules
        packages = sorted({module.partition(".")[0] for module in modules})
        self.code = CodeUnderTest.of_modules(packages, modules)

    def close(self) -> None:
        """Do nothing: there is nothing to end."""


class Maker(Protocol):
    """What a factory returns that gives sessions: a subject's attributes."""

    @property
    def name(self) -> str:
        """Who it is."""

    @property
    def revisions(self) -> tuple[str, ...]:
        """The revision keys that it speaks, newest first."""

    @property
    def cuts(self) -> bool:
        """Whether octets may arrive cut anywhere."""

    @property
    def code(self) -> CodeUnderTest:
        """Which code findings are blamed on."""

    @property
    def instrument(self) -> tuple[str, ...]:
        """The modules that a coverage-guided engine instruments."""


class ServerMaker(Maker, Protocol):
    """What makes server reactors."""

    def open_server(self, revision: Revision, *, defer_output: bool) -> Session:
        """Make a fresh server reactor."""


class ClientMaker(Maker, Protocol):
    """What makes client reactors."""

    def open_client(self, revision: Revision, *, calls: int) -> Session:
        """Make a fresh client reactor that has issued so many requests, 1–4, with IDs 1, 3, 5, 7."""


class SessionSubject:
    """A subject in this process.

    Args:
        maker: makes the reactors.
    """

    def __init__(self, maker: ServerMaker) -> None:
        self.name = maker.name
        self.revisions = maker.revisions
        self.cuts = maker.cuts
        self.code = maker.code
        self.instrument = maker.instrument
        self._open = maker.open_server

    def observe(self, script: Script, trace: Trace) -> None:
        """Play a script; see `Subject.observe`."""
        drive(self._open(script.revision, defer_output=script.options.defer_output), script, trace)

    def close(self) -> None:
        """Do nothing: there is nothing to end."""


class ClientSubject:
    """A client in this process.

    Args:
        maker: makes the reactors.
    """

    def __init__(self, maker: ClientMaker) -> None:
        self.name = maker.name
        self.revisions = maker.revisions
        self.cuts = maker.cuts
        self.code = maker.code
        self.instrument = maker.instrument
        self._open = maker.open_client

    def observe(self, script: Script, trace: Trace) -> None:
        """Play a script; see `Subject.observe`."""
        calls = calls_of(script.options, script.revision)
        drive(self._open(script.revision, calls=calls), script, trace)

    def close(self) -> None:
        """Do nothing: there is nothing to end."""


def revision_codes(subject: Attached) -> tuple[int, ...]:
    """The revision octets of inputs for a subject, newest revision first."""
    return tuple(code for code, key in enumerate(REVISION_CODES) if key in subject.revisions)


def load_subject(locator: str, side: Side = Side.SERVER) -> Subject:
    """Attach what a locator names, by sessions if it has them, else by messages.

    Args:
        locator: `reference`, `direct:package.module:factory` or `exec:command arguments`.
        side: which reactor is driven.

    Raises:
        LocatorError: it is no locator.
        SetupError: there is nothing to attach, or it is broken; the message says what it printed.
    """
    if locator in {"reference", REFERENCE}:
        return _subject_of(ReferenceServer() if side is Side.SERVER else ReferenceClient(), side)
    maker = make_sessions(locator)
    if maker is not None:
        if not hasattr(maker, side.value):
            raise ConnectError(locator, f"has no {side.value}")
        return _subject_of(maker, side)
    return MessageSubject(open_adapter(locator), Layer.SERVER if side is Side.SERVER else Layer.CLIENT)


def make_sessions(locator: str) -> Any | None:
    """Make what a `direct:` locator names, if it gives sessions: it has `open_server`, `open_client` or both.

    Raises:
        LocatorError: it is no locator.
        ConnectError: the factory cannot be called.
    """
    if not locator.startswith("direct:"):
        return None
    maker = make_maker(locator)
    return maker if any(hasattr(maker, side.value) for side in Side) else None


def open_adapter(locator: str) -> Adapter:
    """Connect what a locator names, for messages.

    Raises:
        LocatorError: it is no locator, or a URL: servers of others are no place for malformed input by the million.
        SetupError: there is nothing to attach, or it is broken.
    """
    if locator.startswith(("http:", "reflect:")):
        raise LocatorError(f"{locator}: what is behind a URL is not fuzzed; the kinds are direct: and exec:")
    return connect(locator, AdapterOptions(timeout=_MESSAGE_TIMEOUT, max_restarts=_MAX_RESTARTS))


def _subject_of(maker: Any, side: Side) -> Subject:
    return SessionSubject(maker) if side is Side.SERVER else ClientSubject(maker)


def make_maker(locator: str) -> Any:
    """Call the factory that a `direct:` locator names.

    Raises:
        LocatorError: it names none.
        ConnectError: it cannot be imported or called.
    """
    module, _, attribute = locator.removeprefix("direct:").partition(":")
    if not attribute:
        raise LocatorError(f"{locator}: write direct:package.module:factory")
    # Foreign code: whatever it raises is for its author to read, as one line.
    try:
        factory: Callable[[], Any] = getattr(importlib.import_module(module), attribute)
        return factory()
    except Exception as error:
        raise ConnectError(locator, f"cannot be made: {type(error).__name__}: {error}") from error
