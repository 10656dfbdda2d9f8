"""Renderers that help with a scan: whoever comes, goes, hangs or dies, it says to the bit what one alone says."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from featurelens.jobs import scan_rows
from featurelens.jobs.queue.broker import connect
from featurelens.launcher.claim import free_port
from featurelens.worker.datasets.shelf import Shelf
from featurelens.worker.protocol import Ask
from featurelens.worker.renderer.kinds.scan import HelpWork, Scans, ScanWork
from featurelens.worker.renderer.scans import pulse, reading, whole
from featurelens.worker.renderer.scans.ledger import Ledger
from tests.support import killable
from tests.support.line_images import IMAGES, KEEP, SIDE, orientations
from tests.support.scanning import Told, asked, same, workshop
from tests.support.wait import until


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small batches, of which each is told, and nothing is too close to the front to be claimed."""
    monkeypatch.setitem(scan_rows.MOST, "cpu", killable.ROWS)
    monkeypatch.setattr(reading, "CHECKPOINT_EVERY", reading.CHECKPOINT_EVERY)  # what `begun` sets goes again
    monkeypatch.setattr(pulse, "EVERY", 0.0)
    monkeypatch.setattr(whole, "AHEAD", 0.0)


@pytest.fixture
def ask(lines: Path) -> Ask:
    """Of images of which one is broken, at the back."""
    sorted((lines / "lines").rglob("*.png"))[-2].write_bytes(b"no image")
    return asked(Shelf(lines), orientations(), "lines", ["0", "1"], (SIDE, SIDE), KEEP)


@pytest.fixture
def alone(lines: Path, ask: Ask, tmp_path: Path) -> Told:
    told = killable.finish(tmp_path / "alone", lines, ask, orientations())
    assert told.numbers["broken"]["count"] == 1
    return told


class Fleet:
    """Renderers with a folder and a broker in common, each of which has a turn when the test says so."""

    def __init__(self, redis: Redis, state: Path, lines: Path, ask: Ask) -> None:
        self.ledger = Ledger(redis)
        self._state, self._lines, self._ask, self._network = state, lines, ask, orientations()
        self.works: list[ScanWork | HelpWork] = []
        self.renderers: list[Scans] = []

    def scan(self) -> ScanWork:
        """One that does the job."""
        work = self._renderer().begin(self._ask, self._network, time.monotonic())
        assert isinstance(work, ScanWork)
        self.works.append(work)
        return work

    def help(self) -> HelpWork:
        """One that helps with what is offered, and has claimed a piece."""
        (told, _) = self.ledger.offers()[0]
        work = self._renderer().begin(Ask.model_validate_json(told), self._network, time.monotonic())
        assert isinstance(work, HelpWork)
        self.works.append(work)
        while not work.step and work.works:
            work.tick([work])
        return work

    def offered(self, work: ScanWork) -> None:
        """Ticks it until there is something to help with."""
        while not self.ledger.offers():
            work.tick([work])

    def end(self, scan: ScanWork, dice: random.Random) -> Told:
        """All have turns in any order until the scan is finished."""
        while scan.works:
            work = dice.choice([one for one in self.works if one.works])
            work.tick([work])
        return Told(self._renderer(), scan)

    def _renderer(self) -> Scans:
        scans = workshop(self._state, self._lines, ledger=self.ledger)
        scans._decoder._decoder = killable.InPlace()
        reading.CHECKPOINT_EVERY = -1e9
        self.renderers.append(scans)
        return scans


@pytest.fixture
def fleet(redis: Redis, tmp_path: Path, lines: Path, ask: Ask) -> Iterator[Fleet]:
    fleet = Fleet(redis, tmp_path / "state", lines, ask)
    yield fleet
    for work in fleet.works:
        work.leave()
    for renderer in fleet.renderers:
        renderer._threads.shutdown(wait=False)


@pytest.mark.parametrize("helpers", [0, 1, 3])
def test_helpers_read_their_share(
    fleet: Fleet, alone: Told, taken: list[int], helpers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hardly anything is read twice (here nothing keeps the two apart), and nothing is left in the broker."""
    monkeypatch.setattr(whole, "MARGIN", 1e6)
    taken.clear()
    scan = fleet.scan()
    fleet.offered(scan)
    helping = [fleet.help() for _ in range(helpers) if fleet.ledger.offers()]
    told = fleet.end(scan, random.Random(3))
    same(told, alone)
    assert set(taken) == set(range(0, IMAGES, killable.ROWS))
    assert len(taken) <= len(set(taken)) + 5 * helpers
    assert bool(helping) == (sum(work.step for work in helping) > 0)
    until(lambda: not fleet.ledger.offers())


def test_progress_counts_what_helpers_have_read(fleet: Fleet) -> None:
    scan = fleet.scan()
    fleet.offered(scan)
    read, helper = scan.step, fleet.help()
    until(lambda: scan.tick([scan]) or scan.step > scan._course._reading.done)
    assert scan.step - read >= killable.ROWS
    assert helper.works


def test_one_that_hangs_is_not_waited_for(fleet: Fleet, alone: Told) -> None:
    """It has a lease, does nothing more, and loses its piece: what it has kept counts."""
    scan = fleet.scan()
    fleet.offered(scan)
    helper = fleet.help()
    assert 0 < helper.step < IMAGES // 4, "it is in the middle of its piece"
    fleet.works.remove(helper)
    begun = time.monotonic()
    same(fleet.end(scan, random.Random(1)), alone)
    assert time.monotonic() - begun < 20
    while helper.works:
        helper.tick([helper])


def test_one_that_leaves_has_kept_what_it_read(fleet: Fleet, alone: Told, taken: list[int]) -> None:
    """As where it gets a job: what is in its checkpoint is not read again."""
    taken.clear()
    scan = fleet.scan()
    fleet.offered(scan)
    fleet.help().leave()
    same(fleet.end(scan, random.Random(1)), alone)
    assert len(taken) <= -(-IMAGES // killable.ROWS) + 1


def test_a_helper_that_is_killed(
    fleet: Fleet,
    alone: Told,
    broker: str,
    lines: Path,
    tmp_path: Path,
    taken: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A process of its own: the rest is read here, long before its lease ends; all of it, where that is sooner done."""
    monkeypatch.setattr(whole, "MARGIN", 0.01)
    taken.clear()
    process, told = killable.helping(tmp_path / "state", lines, broker, orientations())
    scan = fleet.scan()
    fleet.offered(scan)
    assert told.poll(20)
    process.kill()
    process.join(20)
    begun = time.monotonic()
    same(fleet.end(scan, random.Random(1)), alone)
    assert time.monotonic() - begun < 20
    assert 0 <= -(-IMAGES // killable.ROWS) - len(taken) <= 5


def test_a_process_that_helps(fleet: Fleet, alone: Told, broker: str, lines: Path, tmp_path: Path) -> None:
    """To the end of the scan, with which its help ends."""
    process, told = killable.helping(tmp_path / "state", lines, broker, orientations())
    scan = fleet.scan()
    fleet.offered(scan)
    assert told.poll(20)
    same(fleet.end(scan, random.Random(1)), alone)
    process.join(20)
    assert process.exitcode == 0


def test_a_scan_that_is_given_up_ends_its_helpers(fleet: Fleet) -> None:
    scan = fleet.scan()
    fleet.offered(scan)
    helper = fleet.help()
    scan.leave()
    until(lambda: not fleet.ledger.offers())
    steps = 0
    while helper.works:
        helper.tick([helper])
        steps += 1
    assert helper.step < IMAGES // 2


def test_another_execution_goes_on_with_the_same_helpers(
    fleet: Fleet, alone: Told, taken: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The renderer that read the whole has died, so that nobody has said so."""
    monkeypatch.setattr(whole, "MARGIN", 1e6)
    taken.clear()
    first = fleet.scan()
    fleet.offered(first)
    fleet.help()
    fleet.works.remove(first)
    second = fleet.scan()
    same(fleet.end(second, random.Random(5)), alone)
    assert len(taken) <= -(-IMAGES // killable.ROWS) + 6
    first.leave()


def test_without_a_broker_it_is_read_alone(fleet: Fleet, alone: Told) -> None:
    with connect(f"redis://127.0.0.1:{free_port()}") as nobody:
        fleet.ledger = Ledger(nobody)
        same(fleet.end(fleet.scan(), random.Random(1)), alone)


def test_other_conditions_are_no_help(fleet: Fleet, alone: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever would find other bits claims nothing."""
    scan = fleet.scan()
    fleet.offered(scan)
    with monkeypatch.context() as other:
        other.setattr("featurelens.worker.renderer.device.Device.instructions", "of another machine")
        helper = fleet.help()
    assert (helper.step, helper.works) == (0, [])
    same(fleet.end(scan, random.Random(1)), alone)
