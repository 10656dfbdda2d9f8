"""A scan that is read in parts, by anybody, in any order, says to the bit what one says that is read in one go."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from featurelens.jobs import scan_rows
from featurelens.jobs.store.folder import Folder
from featurelens.worker.datasets.shelf import Shelf
from featurelens.worker.protocol import Ask
from featurelens.worker.renderer.scans import reading
from tests.support import killable
from tests.support.line_images import IMAGES, KEEP, SIDE, orientations
from tests.support.scanning import KEY, Told, asked, same
from tests.support.wait import until

ROWS = killable.ROWS


@pytest.fixture(autouse=True)
def few_rows() -> Iterator[None]:
    most = scan_rows.MOST["cpu"]
    scan_rows.MOST["cpu"] = ROWS
    yield
    scan_rows.MOST["cpu"] = most


@pytest.fixture
def ask(lines: Path) -> Ask:
    """Of images of which one is broken."""
    next((lines / "lines").rglob("07.png")).write_bytes(b"no image")
    return asked(Shelf(lines), orientations(), "lines", ["0", "1"], (SIDE, SIDE), KEEP)


@pytest.fixture
def whole(lines: Path, ask: Ask, tmp_path: Path) -> Told:
    """Read in one go."""
    told = killable.finish(tmp_path / "whole", lines, ask, orientations())
    assert told.numbers["broken"]["count"] == 1
    return told


def test_any_parts_read_apart_in_any_order_give_the_same_bits(
    lines: Path, ask: Ask, tmp_path: Path, whole: Told, taken: list[int]
) -> None:
    """Cut anywhere between batches; what nobody has read, the scan reads itself."""
    for seed in range(8):
        dice = random.Random(seed)
        cuts = sorted({0, IMAGES, *(ROWS * dice.randrange(IMAGES // ROWS) for _ in range(dice.randrange(1, 8)))})
        pieces = [range(*ends) for ends in pairwise(cuts)]
        dice.shuffle(pieces)
        missing = pieces[: dice.randrange(3)]
        state = tmp_path / str(seed)
        for number, part in enumerate(one for one in pieces if one not in missing):
            killable.read(state / str(number), lines, ask, orientations(), part)
            for made in (state / str(number)).iterdir():
                shutil.copy(made, state / made.name)
        taken.clear()
        same(killable.finish(state, lines, ask, orientations()), whole)
        assert taken == [first for part in sorted(missing, key=lambda one: one.start) for first in part[::ROWS]]
        # Parts go with the whole, in a thread.
        until(partial(_nothing_unfinished, state))


def _nothing_unfinished(state: Path) -> bool:
    return not list(state.glob("*.safetensors"))


def test_in_processes_of_their_own(lines: Path, ask: Ask, tmp_path: Path, whole: Told) -> None:
    """Into one folder, side by side."""
    pieces = [range(18), range(18, IMAGES)]
    killable.read_apart(tmp_path / "state", lines, ask, orientations(), pieces)
    same(killable.finish(tmp_path / "state", lines, ask, orientations()), whole)


def test_a_part_that_is_not_whole_is_read_again(lines: Path, ask: Ask, tmp_path: Path, whole: Told) -> None:
    """Unfinished, unreadable, or overlapping one that was taken over."""
    state = tmp_path / "state"
    killable.read(state, lines, ask, orientations(), range(12, 24))
    killable.read(state, lines, ask, orientations(), range(18, 36))
    (state / f"{KEY}.27-40.safetensors").write_bytes(b"torn")
    reading_every, reading.CHECKPOINT_EVERY = reading.CHECKPOINT_EVERY, -1e9
    killable.read(state, lines, ask, orientations(), range(12), batches=2)
    reading.CHECKPOINT_EVERY = reading_every
    assert (state / f"{KEY}.0-12.safetensors").exists()
    same(killable.finish(state, lines, ask, orientations()), whole)


class Slow(Folder):
    """As a bucket far away."""

    SECONDS = 1.5

    def write(self, name: str, content: bytes) -> None:
        time.sleep(self.SECONDS)
        super().write(name, content)


def test_a_store_that_takes_its_time_holds_up_nobody(
    lines: Path, ask: Ask, tmp_path: Path, whole: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CHECKPOINT_EVERY", reading.CHECKPOINT_EVERY)  # what `begun` sets goes again
    scans, work = killable.begun(Slow(tmp_path / "slow"), lines, ask, orientations())
    ended, longest = False, 0.0
    while not ended:
        begun = time.monotonic()
        ended = work in work.tick([work])
        longest = max(longest, time.monotonic() - begun)
    assert longest < Slow.SECONDS
    same(Told(scans, work), whole)


def test_a_part_that_begins_within_a_batch(lines: Path, ask: Ask, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="multiple of 3"):
        killable.read(tmp_path / "state", lines, ask, orientations(), range(4, 9))
