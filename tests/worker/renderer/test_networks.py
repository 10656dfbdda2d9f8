"""Networks kept warm: loaded once, within a budget, failures told and then tried anew."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from torch import nn

from featurelens.engine.network import Network, Preprocessing
from featurelens.jobs.errors import ModelLoadFailed
from featurelens.worker.renderer.networks import Networks

SIZE = 10 * 10 * 4
"""Bytes of each network here."""


class Loader:
    """Loads when it is let, counts how often, and fails for the names in `broken`."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.broken: set[str] = set()
        self.may = threading.Event()
        self.may.set()
        self.done = threading.Semaphore(0)

    def __call__(self, name: str) -> Network:
        self.counts[name] = self.counts.get(name, 0) + 1
        assert self.may.wait(10)
        if name in self.broken:
            raise ModelLoadFailed(f"{name} is broken")
        return Network(name, nn.Linear(10, 10, bias=False), Preprocessing(), digest="d")

    def finished(self) -> None:
        self.done.release()


@pytest.fixture
def loader() -> Loader:
    return Loader()


@pytest.fixture
def make(loader: Loader) -> Iterator[Callable[[int], Networks]]:
    made: list[Networks] = []

    def networks(budget: int) -> Networks:
        made.append(Networks(loader, loader.finished, budget))
        return made[-1]

    yield networks
    for one in made:
        one.close()


def warm(networks: Networks, loader: Loader, *names: str, digest: str = "d") -> None:
    """Asks for each until it is there. Raises what loading raised."""
    for name in names:
        while networks.get(name, digest) is None:
            assert loader.done.acquire(timeout=10)


def test_many_who_ask_at_once_load_once(loader: Loader, make: Callable[[int], Networks]) -> None:
    networks = make(10 * SIZE)
    loader.may.clear()
    assert [networks.get("a", "d") for _ in range(5)] == [None] * 5
    assert networks.settle(()) == []
    loader.may.set()
    warm(networks, loader, "a")
    assert loader.counts == {"a": 1}


def test_the_one_unused_for_longest_goes(loader: Loader, make: Callable[[int], Networks]) -> None:
    networks = make(2 * SIZE)
    warm(networks, loader, "a", "b", "a", "c")
    assert networks.settle(()) == [("b", "d")]
    warm(networks, loader, "a", "c")
    assert loader.counts == {"a": 1, "b": 1, "c": 1}


def test_none_with_pictures_in_progress_goes(loader: Loader, make: Callable[[int], Networks]) -> None:
    networks = make(SIZE)
    warm(networks, loader, "a", "b", "c")
    assert networks.settle({("a", "d"), ("b", "d")}) == []
    assert networks.settle({("a", "d")}) == [("b", "d")]


def test_one_larger_than_the_budget_is_kept_while_it_is_the_only_one(
    loader: Loader, make: Callable[[int], Networks]
) -> None:
    networks = make(0)
    warm(networks, loader, "a")
    assert networks.settle(()) == []
    warm(networks, loader, "b")
    assert networks.settle(()) == [("a", "d")]


def test_a_failure_is_told_to_all_who_wait_and_then_tried_anew(loader: Loader, make: Callable[[int], Networks]) -> None:
    networks = make(SIZE)
    warm(networks, loader, "good")
    loader.broken.add("bad")
    for _ in range(3):
        with pytest.raises(ModelLoadFailed, match="broken"):
            warm(networks, loader, "bad")
    assert loader.counts["bad"] == 1
    networks.settle(())
    loader.broken.clear()
    warm(networks, loader, "bad", "good")
    assert loader.counts == {"good": 1, "bad": 2}


def test_changed_weights_are_loaded_anew_and_never_taken_for_others(
    loader: Loader, make: Callable[[int], Networks]
) -> None:
    networks = make(10 * SIZE)
    warm(networks, loader, "a")
    with pytest.raises(ModelLoadFailed, match="changed"):
        warm(networks, loader, "a", digest="older")
    warm(networks, loader, "a")
    assert loader.counts == {"a": 2}
