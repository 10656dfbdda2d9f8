"""What is remembered is what was kept last under this state, and there is room for so much."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from featurelens.jobs.store.remembered import Remembered


def test_only_in_the_state_it_was_kept_under() -> None:
    kept = Remembered[str](100)
    assert kept.get("a", 1) is None
    kept.keep("a", 1, "one", 10)
    assert kept.get("a", 1) == "one"
    assert kept.get("a", 2) is None
    kept.keep("a", 2, "two", 10)
    assert (kept.get("a", 1), kept.get("a", 2)) == (None, "two")
    kept.forget("a")
    kept.forget("a")
    assert kept.get("a", 2) is None


def test_what_nobody_asked_for_longest_goes() -> None:
    kept = Remembered[int](100)
    for name in range(4):
        kept.keep(name, "", name, 25)
    assert kept.get(0, "") == 0
    kept.keep(4, "", 4, 25)
    assert [kept.get(name, "") for name in range(5)] == [0, None, 2, 3, 4]
    kept.keep(2, "", 2, 1)
    kept.keep(5, "", 5, 24)
    assert [kept.get(name, "") for name in (0, 2, 3, 4, 5)] == [0, 2, 3, 4, 5]


def test_what_would_drive_out_all_others_is_not_kept() -> None:
    kept = Remembered[str](100)
    kept.keep("small", "", "small", 20)
    kept.keep("large", "", "large", 26)
    assert (kept.get("small", ""), kept.get("large", "")) == ("small", None)
    kept.keep("small", "", "grown", 26)
    assert kept.get("small", "") is None


def test_threads_that_keep_the_same_name_lose_no_room() -> None:
    remembered = Remembered[int](1000)
    at_once = threading.Barrier(8)

    def keep() -> None:
        at_once.wait()
        for number in range(400):
            remembered.keep(number % 3, number, number, 100)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            for done in [pool.submit(keep) for _ in range(8)]:
                done.result()
    finally:
        sys.setswitchinterval(interval)
    for name in range(10):
        remembered.keep(name, "last", name, 100)
    assert [remembered.get(name, "last") for name in range(10)] == list(range(10)), "there is room for ten"
