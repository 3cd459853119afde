"""What a target consists of, so that engines and commands need not know any.

Binding a spec to a locator gives everything that an engine asks for: something to run inputs against and
something that makes them.

Three kinds of targets share this one shape. Some drive a reactor of any implementation (`side` says which), some
another part of any implementation, and some code of this distribution that nobody else has, such as the loader of
suites: those take no implementation. All of them take the one input format (`_input`); `form` says whether its
frames mean something to the target, or whether they are octets like all others.
"""

from __future__ import annotations

import dataclasses

from collections.abc import Callable
from random import Random

from hgframing import Revision
from hgframing_conformance._locators import REFERENCE
from hgframing_conformance.errors import LocatorError
from hgframing_fuzz._description import describe_input, excerpt
from hgframing_fuzz._drive import choose_revision
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import Form, FuzzInput, InputMaker
from hgframing_fuzz._outcome import Target
from hgframing_fuzz._subjects import Attached, Side, revision_codes


__all__ = ["BoundTarget", "TargetSpec"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TargetSpec:
    """One kind of thing to fuzz.

    Attributes:
        name: in kebab-case, after what it drives.
        summary: one sentence for `hgframing-fuzz targets`.
        open: attaches what a locator names and makes the target that drives it, watched by guards. Where no
            implementation is taken the locator is `reference`.
        make_mutator: makes what generates and mutates inputs, for some revision octets.
        takes_implementation: whether a locator may name anything but the reference.
        side: which reactor is driven; None: something else.
        form: what an input means.
        seeds: makes inputs that are worth starting from, few and small.
        dictionary: octets that mean something to what is driven, for engines that work on octets.
    """

    name: str
    summary: str
    open: Callable[[str, Guards], tuple[Attached, Target]]
    make_mutator: Callable[[tuple[int, ...], Random], InputMaker]
    takes_implementation: bool = True
    side: Side | None = None
    form: Form = Form.FRAMES
    seeds: Callable[[], tuple[bytes, ...]] = tuple
    dictionary: tuple[bytes, ...] = ()

    def bind(self, locator: str, guards: Guards) -> BoundTarget:
        """Attach an implementation.

        Args:
            locator: see `load_subject`; `reference` where none is taken.
            guards: what watches time and memory.

        Raises:
            LocatorError: the locator is none, or the target takes none.
            SetupError: the implementation cannot be attached.
        """
        if not self.takes_implementation and locator not in {"reference", REFERENCE}:
            raise LocatorError(
                f"{locator}: the target {self.name} fuzzes code of hgframing itself and takes no implementation"
            )
        subject, target = self.open(locator, guards)
        return BoundTarget(spec=self, subject=subject, target=target)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BoundTarget:
    """A target with its implementation.

    Attributes:
        spec: which kind.
        subject: what is fuzzed.
        target: what inputs are run against.
    """

    spec: TargetSpec
    subject: Attached
    target: Target

    def mutator(self, rng: Random) -> InputMaker:
        """Make what makes inputs."""
        return self.spec.make_mutator(revision_codes(self.subject), rng)

    def revision(self, value: FuzzInput) -> Revision:
        """The revision that an input is driven with."""
        return choose_revision(value.options, self.subject.revisions)

    def describe(self, value: FuzzInput) -> list[str]:
        """An input for people, one line for each fact."""
        return describe_input(value, self.revision(value), self.spec.form)

    def excerpt(self, value: FuzzInput) -> list[str]:
        """What an input begins with, in a few lines."""
        return excerpt(value, self.revision(value), self.spec.form)
