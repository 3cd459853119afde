"""Tests of `hgframing_fuzz._atheris_worker`: a process that is guided by coverage, and that we end ourselves."""

from __future__ import annotations

import dataclasses
import hashlib

from collections.abc import Callable
from pathlib import Path

import pytest

from hgframing_fuzz import encode_input
from hgframing_fuzz._atheris_worker import BLIND, _arguments, _dictionary, _sow
from hgframing_fuzz._campaign import CampaignDirectory
from hgframing_fuzz._campaign_worker import Worker
from hgframing_fuzz._engines import Engine
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._records import Ended, Record
from hgframing_fuzz._worker_process import WorkerProcess
from hgframing_fuzz.targets import TARGETS
from tests.fuzz.campaigning import BROKEN, ROOT, a_field, an_order, mortal, wait_for
from tests.fuzz.miniatures import an_input


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers import the tests' own implementations."""
    monkeypatch.chdir(ROOT)


def work(
    path: Path, locator: str, engine: Engine, enough: Callable[[Record], bool]
) -> tuple[CampaignDirectory, int, Record | None]:
    """Let a worker work until it has done enough, tell it to end, and look into its books."""
    pytest.importorskip("atheris")
    field = a_field(path, locator)
    field.directory.begin(field.identity)
    field.directory.keep(encode_input(an_input("4242 1 1 13 0")))
    worker = WorkerProcess(an_order(path, locator, engine=engine), field.directory, 60.0)

    def done() -> bool:
        record = field.directory.record("1-0")
        return worker.poll() is not None or (record is not None and enough(record))

    wait_for(done)
    worker.terminate()
    status = worker.wait(30.0)
    return field.directory, status, worker.close(status, field)


@pytest.mark.parametrize("engine", [Engine.ATHERIS, Engine.LIGHT])
def test_worker_finds_a_planted_fault_and_goes_on(tmp_path: Path, engine: Engine) -> None:
    """Findings are sorted and saved, the run ends when told, and the engine saw the code under test."""
    campaign, status, record = work(
        tmp_path,
        BROKEN,
        engine,
        lambda record: record.stint.branches > 50 and any(one.count > 1 for one in record.summary.buckets),
    )

    assert status == 0
    assert record is not None
    assert (record.stint.ended, record.summary.implementation) == (Ended.STOPPED, "Raises")
    [bucket] = [bucket for bucket in record.summary.buckets if ".IndexError." in bucket.id]
    assert bucket.count > 1
    assert (tmp_path / f"{bucket.id}.bin").read_bytes() == bytes.fromhex(bucket.octets)
    assert record.stint.branches > 50
    assert record.stint.features > 10
    assert len(campaign.corpus()) > 64


def test_worker_on_the_reference_finds_nothing(tmp_path: Path) -> None:
    """The same engine, and no fault."""
    _, status, record = work(
        tmp_path, "reference", Engine.ATHERIS, lambda record: record.stint.branches > 500
    )

    assert status == 0
    assert record is not None
    assert record.summary.buckets == ()
    assert record.stint.branches > 500
    assert record.stint.features > 50


def test_worker_that_is_not_instrumented_ends_before_it_begins(tmp_path: Path) -> None:
    """An engine that saw nothing of the code would be blind, and its silence would mean nothing."""
    _, status, record = work(tmp_path, mortal("blind"), Engine.ATHERIS, lambda _: False)

    assert status == BLIND
    assert record is None


@pytest.fixture
def worker(tmp_path: Path, guards: Guards) -> Worker:
    """A worker in this process."""
    field = a_field(tmp_path, "reference")
    field.directory.begin(field.identity)
    return Worker(
        an_order(tmp_path, engine=Engine.ATHERIS), TARGETS["server-reactor"].bind("reference", guards)
    )


def test_sown_corpus_has_libfuzzers_names(worker: Worker) -> None:
    """So that the same input is not there twice; a corpus that has inputs gets none."""
    _sow(worker, 5)
    sown = worker.campaign.corpus()
    _sow(worker, 6)

    assert len(sown) >= 50
    assert all(hashlib.sha1(path.read_bytes()).hexdigest() == path.name for path in sown)  # noqa: S324
    assert worker.campaign.corpus() == sown


def test_dictionary_is_written_as_libfuzzer_reads_it(worker: Worker) -> None:
    """Every octet as an escape; a target without words has no file."""
    worker.bound = dataclasses.replace(
        worker.bound, spec=dataclasses.replace(worker.bound.spec, dictionary=(b'a"', b"", b"\0"))
    )
    path = _dictionary(worker)

    assert path is not None
    assert path.read_text(encoding="ascii") == '"\\x61\\x22"\n"\\x00"\n'
    worker.bound = dataclasses.replace(
        worker.bound, spec=dataclasses.replace(worker.bound.spec, dictionary=())
    )
    assert _dictionary(worker) is None


def test_arguments_leave_nothing_to_libfuzzer_that_would_end_the_process() -> None:
    """And choose a seed, which 0 would not."""
    arguments = _arguments(0xFFFF_FFFE, Path("corpus"), Path("words"))

    assert arguments[0] == "-seed=1"
    assert {"-timeout=300", "-rss_limit_mb=0", "-handle_segv=0", "-handle_term=0", "-dict=words"} < set(
        arguments
    )
    assert arguments[-1] == "corpus"
