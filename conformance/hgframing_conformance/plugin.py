"""The pytest plugin: every case and chunking is one test item.

    pytest --pyargs hgframing_conformance --implementation exec:./harness --expectations mine.yaml

checks an implementation; without options it checks the reference. Selection, repetition, distribution and reports are
pytest's own: `-k`, `--lf`, `-n`, `--junitxml`.

| outcome | pytest says |
|---|---|
| passed | passed |
| not as expected, or not run | failed |
| known to fail, or does not gate | xfailed, with the reason |
| unsupported | skipped, with what it needs |

With an expectation file there is one item more, `expectations`, which fails if the file itself no longer holds.

pytest loads this module in every run of every project beside which it is installed. So it imports nothing of ours
before it is asked for, adds its options to a group of their own, and looks at one file name.
"""

from __future__ import annotations

import datetime as dt

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest


if TYPE_CHECKING:
    from hgframing_conformance._adapters import Adapter
    from hgframing_conformance._cases import Case
    from hgframing_conformance._expectations import Expectations
    from hgframing_conformance._run import Engine
    from hgframing_conformance._select import Item


__all__ = ["pytest_addoption", "pytest_collect_file"]

_VECTORS: Final = Path(__file__).with_name("test_vectors.py")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, in a group of their own."""
    group = parser.getgroup("hgframing", "conformance of Mercurial's frame protocol")
    group.addoption(
        "--implementation",
        dest="hgframing_implementation",
        metavar="LOCATOR",
        help="what to check, a LOCATOR of hgframing check such as 'exec:command arguments'; default: the reference",
    )
    group.addoption(
        "--expectations",
        dest="hgframing_expectations",
        type=Path,
        metavar="FILE",
        help="what the implementation is known to fail",
    )
    group.addoption(
        "--hgframing-revision",
        action="append",
        default=[],
        metavar="KEY",
        help="only cases of this revision; may be repeated",
    )
    group.addoption(
        "--hgframing-layer",
        action="append",
        default=[],
        choices=["codec", "server", "client", "http"],
        help="only cases of this layer; may be repeated",
    )
    group.addoption(
        "--hgframing-tier",
        choices=["quick", "core", "distinct", "full"],
        default="core",
        help="how much; distinct and full include those before them, quick is a few cases of all that notice most",
    )
    group.addoption(
        "--hgframing-suites",
        action="append",
        type=Path,
        default=[],
        metavar="PATH",
        help="suite files or directories instead of those that ship",
    )
    group.addoption(
        "--hgframing-timeout", type=float, default=5.0, metavar="SECONDS", help="seconds for one case"
    )
    group.addoption(
        "--hgframing-strict", action="store_true", help="cases of level should gate as those of must"
    )


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Put the vectors in the place of our own, empty test module."""
    collectors = yield
    if file_path.name != _VECTORS.name or file_path != _VECTORS:
        return collectors
    return [VectorFile.from_parent(parent, path=file_path)]


class Connection:
    """The implementation, the engine and what is expected, shared by the items of a run.

    It connects when the first item runs: collecting alone starts no process.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._adapter: Adapter | None = None
        self._engine: Engine | None = None
        self._broken = ""
        self.expectations: Expectations | None = None

    def engine(self) -> Engine:
        """Return the engine; connect first if need be.

        Raises:
            pytest.fail.Exception: the implementation cannot be attached.
        """
        if self._broken:
            pytest.fail(self._broken, pytrace=False)
        if self._engine is None:
            self._connect()
        if self._engine is None:
            raise AssertionError("connected or failed")
        return self._engine

    def adapter(self) -> Adapter:
        """Return the adapter; connect first if need be."""
        self.engine()
        if self._adapter is None:
            raise AssertionError("connected or failed")
        return self._adapter

    def close(self) -> None:
        """End the connection."""
        if self._adapter is not None:
            self._adapter.close()
            self._adapter = None

    def _connect(self) -> None:
        from hgframing_conformance._adapters import AdapterOptions  # noqa: PLC0415
        from hgframing_conformance._locators import REFERENCE, connect  # noqa: PLC0415
        from hgframing_conformance._run import Engine, RunOptions  # noqa: PLC0415
        from hgframing_conformance.errors import ConformanceError  # noqa: PLC0415

        option = self._config.option
        try:
            self._adapter = connect(
                option.hgframing_implementation or REFERENCE,
                AdapterOptions(timeout=option.hgframing_timeout),
            )
        except ConformanceError as error:
            self._broken = str(error)
            if not hasattr(self._config, "workerinput"):
                # Nothing else could happen to any other item. A worker of pytest-xdist has to go on failing.
                pytest.exit(f"hgframing: {error}", returncode=pytest.ExitCode.USAGE_ERROR)
            pytest.fail(self._broken, pytrace=False)
        self._engine = Engine(self._adapter, RunOptions(strict=option.hgframing_strict))


class VectorFile(pytest.File):
    """Collects the vectors."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield an item for every case and chunking that the options select.

        Raises:
            pytest.UsageError: the suites or the expectation file cannot be read, or nothing is selected.
        """
        from hgframing_conformance._cases import Tier  # noqa: PLC0415
        from hgframing_conformance._expectations import read_expectations  # noqa: PLC0415
        from hgframing_conformance._select import select  # noqa: PLC0415
        from hgframing_conformance._suites import load_suites  # noqa: PLC0415
        from hgframing_conformance.errors import ConformanceError  # noqa: PLC0415

        option = self.config.option
        connection = Connection(self.config)
        try:
            selection = _selection(option)
            if option.hgframing_expectations is not None:
                connection.expectations = read_expectations(option.hgframing_expectations)
            # An expectation file speaks of all cases, whatever is selected.
            tiers = selection.tiers if connection.expectations is None else frozenset(Tier)
            cases = load_suites(option.hgframing_suites or None, tiers=tiers)
            selected = list(select(cases, selection))
        except ConformanceError as error:
            raise pytest.UsageError(f"hgframing: {error}") from None
        if not selected:
            raise pytest.UsageError("hgframing: the options select no case")
        self.config.add_cleanup(connection.close)
        for item in selected:
            yield VectorItem.from_parent(self, name=item.name, vector=item, connection=connection)
        if connection.expectations is not None:
            yield ExpectationsItem.from_parent(self, name="expectations", cases=cases, connection=connection)


def _selection(option: Any) -> Any:
    from hgframing import REVISIONS  # noqa: PLC0415
    from hgframing_conformance._cases import Layer, Tier  # noqa: PLC0415
    from hgframing_conformance._quick import read_quick  # noqa: PLC0415
    from hgframing_conformance._select import Selection  # noqa: PLC0415

    for key in option.hgframing_revision:
        if key not in REVISIONS:
            known = ", ".join(REVISIONS)
            raise pytest.UsageError(f"--hgframing-revision: unknown revision {key!r}; known are {known}")
    return Selection(
        revisions=frozenset(option.hgframing_revision),
        layers=frozenset(map(Layer, option.hgframing_layer)),
        tiers=(Tier.FULL if option.hgframing_tier == "quick" else Tier(option.hgframing_tier)).included,
        names=read_quick() if option.hgframing_tier == "quick" else None,
    )


class NotAsExpectedError(Exception):
    """An item is not as expected; the text is the whole report of it."""


class _Item(pytest.Item):
    """An item of ours: what it reports is text, never a traceback."""

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show our report. Reading sources for a traceback would also cost more than the item."""
        if isinstance(excinfo.value, NotAsExpectedError | pytest.xfail.Exception | pytest.fail.Exception):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)


class VectorItem(_Item):
    """One case in one chunking."""

    def __init__(self, *, vector: Item, connection: Connection, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._vector = vector
        self._connection = connection
        case = vector.case
        self.keywords[case.level.value] = True
        self.keywords[case.layer.value] = True
        self.user_properties += [
            ("level", case.level.value),
            ("requirements", " ".join(case.requirements)),
            ("deviations", " ".join(case.deviations)),
        ]

    def runtest(self) -> None:
        """Run the case and say in pytest's words what became of it."""
        from hgframing_conformance._expectations import Status, status_without_file  # noqa: PLC0415
        from hgframing_conformance._outcomes import OutcomeKind  # noqa: PLC0415
        from hgframing_conformance._report import failure_text  # noqa: PLC0415
        from hgframing_conformance._repro import repeated_options  # noqa: PLC0415
        from hgframing_conformance._summary import Judged  # noqa: PLC0415

        (outcome,) = self._connection.engine().run([self._vector])
        book = self._connection.expectations
        status = status_without_file(outcome) if book is None else book.status(outcome)
        said = f"{outcome.kind.value}: {outcome.reason}"
        if not status.is_expected:
            option = self.config.option
            again = repeated_options(
                suites=option.hgframing_suites, timeout=option.hgframing_timeout, messages=False
            )
            judged = Judged(outcome=outcome, status=status)
            raise NotAsExpectedError(failure_text(judged, option.hgframing_implementation, again))
        if outcome.kind is OutcomeKind.UNSUPPORTED:
            pytest.skip(f"unsupported, for want of {outcome.reason}")
        if status is Status.KNOWN:
            pytest.xfail(f"known to fail: {said}")
        if outcome.kind.is_failure:
            pytest.xfail(f"does not gate ({outcome.item.case.level.value}): {said}")

    def reportinfo(self) -> tuple[Path | str, int | None, str]:
        """Name the place in the suite."""
        case = self._vector.case
        return case.file, max(case.line - 1, 0), self.name


class ExpectationsItem(_Item):
    """The expectation file itself."""

    def __init__(self, *, cases: tuple[Case, ...], connection: Connection, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._cases = cases
        self._connection = connection

    def runtest(self) -> None:
        """Check that every entry still means what it says, and that no capability was lost."""
        from hgframing_conformance._select import items, unsupported  # noqa: PLC0415

        book = self._connection.expectations
        hello = self._connection.adapter().hello
        if book is None:
            raise AssertionError("this item exists for an expectation file")
        supported = (item for case in self._cases for item in items(case) if not unsupported(item, hello))
        problems = book.problems(supported, hello, dt.datetime.now(tz=dt.UTC).date())
        if problems:
            raise NotAsExpectedError("\n".join(map(str, problems)))

    def reportinfo(self) -> tuple[Path | str, int | None, str]:
        """Name the file."""
        book = self._connection.expectations
        return (book.file if book is not None else self.path), 0, self.name
