"""The store stays within its size, and keeps what is looked at."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from featurelens.jobs.store.file_store import FileStore
from featurelens.jobs.store.last_used import COUNTS_FOR
from featurelens.service.eviction.evictable import LEFTOVER, EvictableFiles, EvictableResults
from featurelens.service.eviction.eviction import DOWN_TO, Eviction
from tests.support.results import FILES, IMAGES, result


def key(number: int) -> str:
    return f"fv1_{number:02x}" + "0" * 62


def filled(folder: Path, ages: list[float]) -> FileStore:
    """One result for each age in seconds."""
    store = FileStore(folder)
    for number, age in enumerate(ages):
        store.put(result(files=FILES).model_copy(update={"key": key(number)}), IMAGES, list(FILES.values()))
        moment = time.time() - age
        os.utime(folder / key(number)[4:6] / key(number) / "result.json", (moment, moment))
    return store


@given(ages=st.lists(st.integers(1, 10**6), min_size=1, max_size=8, unique=True), share=st.floats(0.05, 1.2))
@hypothesis_settings(max_examples=15, deadline=None)
def test_the_oldest_go(tmp_path_factory: object, ages: list[int], share: float) -> None:
    folder = tmp_path_factory.mktemp("store")  # type: ignore[attr-defined]
    store = filled(folder, [float(age) for age in ages])
    evictable = EvictableResults(store, folder)
    total = Eviction("results", evictable, 0).evict().bytes
    limit = max(1, int(total * share))
    usage = Eviction("results", evictable, limit).evict()
    kept = [ages[number] for number in range(len(ages)) if store.get(key(number)) is not None]
    assert kept == [age for age in ages if age in sorted(ages)[: len(kept)]], "the youngest are kept"
    assert usage.bytes <= limit
    assert usage.evicted + usage.entries == len(ages)
    if share >= 1.01:
        assert usage.evicted == 0
    elif kept and usage.evicted:
        assert usage.bytes + total / len(ages) > limit * DOWN_TO - 16, "no more go than must"
    assert Eviction("results", evictable, 0).evict().bytes == usage.bytes


@pytest.mark.parametrize(
    "look",
    [
        lambda store: store.image(key(0)),
        lambda store: store.file(key(0), "maps.safetensors"),
        lambda store: store.file_part(key(0), "maps.safetensors", 0, 1),
    ],
)
def test_a_look_keeps(tmp_path: Path, look: Callable[[FileStore], object]) -> None:
    store = filled(tmp_path, [COUNTS_FOR * 3, COUNTS_FOR * 2])
    assert look(store) is not None
    evictable = EvictableResults(store, tmp_path)
    size = Eviction("results", evictable, 0).evict().bytes
    assert Eviction("results", evictable, size - 1).evict().evicted == 1
    assert store.get(key(0)) is not None
    assert store.get(key(1)) is None


def test_leftovers_go(tmp_path: Path) -> None:
    store = filled(tmp_path, [1.0])
    old, young = tmp_path / ".aside" / "old", tmp_path / ".aside" / "young"
    for folder in (old, young):
        folder.mkdir()
        (folder / "image-0.png").write_bytes(b"torn")
    os.utime(old, (0, time.time() - LEFTOVER - 1))
    Eviction("results", EvictableResults(store, tmp_path), 0).evict()
    assert (old.exists(), young.exists()) == (False, True)
    assert store.get(key(0)) is not None


def test_a_clock_that_was_set_makes_nothing_a_leftover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is being written stays, whatever this process takes for the time."""
    store = filled(tmp_path, [1.0])
    young = tmp_path / ".aside" / "young"
    young.mkdir()
    now = time.time() + 2 * LEFTOVER
    monkeypatch.setattr(time, "time", lambda: now)
    Eviction("results", EvictableResults(store, tmp_path), 0).evict()
    assert young.exists()


def test_files(tmp_path: Path) -> None:
    """Finished ones go by age, unfinished ones when nobody finishes them any more."""
    for age, name in enumerate(("ab/new", "ab/newer.png", "old", "cd/oldest")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(100))
        os.utime(path, (0, time.time() - 10 * age))
    left, unfinished = tmp_path / "ab" / ".left", tmp_path / ".unfinished"
    for path in (left, unfinished):
        path.write_bytes(bytes(10**6))
    os.utime(left, (0, time.time() - LEFTOVER - 1))
    assert Eviction("files", EvictableFiles(tmp_path), 0).evict().bytes == 400
    usage = Eviction("files", EvictableFiles(tmp_path), 250).evict()
    assert (usage.entries, usage.bytes, usage.evicted) == (2, 200, 2)
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"new", "newer.png", ".unfinished"}
    assert Eviction("files", EvictableFiles(tmp_path / "nothing"), 1).evict().entries == 0


def test_processes_that_evict_at_once_delete_no_more_than_one_would(tmp_path: Path) -> None:
    """Each has listed everything before any of them deletes."""
    for number in range(120):
        path = tmp_path / f"{number:03}"
        path.write_bytes(b"x" * 10)
        os.utime(path, (number, number))
    listed = [list(EvictableFiles(tmp_path).entries()) for _ in range(4)]
    for entries in listed:
        evictable = EvictableFiles(tmp_path)
        evictable.entries = lambda entries=entries: iter(entries)  # type: ignore[method-assign,misc]
        Eviction("files", evictable, 1000).evict()
    assert len(list(tmp_path.iterdir())) == int(100 * DOWN_TO)
