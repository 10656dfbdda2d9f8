"""Memory: flat over many pictures of different sizes, and short in the renderer."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.fault_injection import FULL, LOG, pids
from tests.support.processes import rss
from tests.support.stack import Stack
from tests.support.stack_pictures import LONG, SHORT, accept, whole


@pytest.mark.skipif(not FULL, reason="FEATURELENS_FAULTS=full asks for it")
def test_many_pictures_in_flat_memory(stack: Stack) -> None:
    """Of the largest process of each part, after the first hundred and after all."""
    parts = ("worker.renderer", "service", "worker.slot", "valkey")
    before = {part: pids(stack, part) for part in parts}
    sizes: dict[str, list[int]] = {part: [] for part in parts}
    for first in range(0, 500, 100):
        urls = [stack.post(**_mixed(number)).headers["location"] for number in range(first, first + 100)]
        for url in urls:
            stack.finished(url, within=300)
        for part in parts:
            sizes[part].append(max(map(rss, before[part])))
    LOG.info("MiB after each hundred pictures: %s", sizes)
    assert {part: pids(stack, part) for part in parts} == before
    for grown in sizes.values():
        assert grown[-1] < grown[0] * 1.15 + 20


def _mixed(number: int) -> dict[str, Any]:
    sign = "negative" if number % 3 == 0 else "positive"
    size = (64, 80, 96)[number % 3]
    return SHORT | {"seed": 8000 + number, "size": size, "steps": 2 + number % 5, "sign": sign}


@pytest.mark.parametrize("megabytes", [0, 3])
def test_a_renderer_that_can_compute_no_more_is_replaced(stack: Stack, megabytes: int) -> None:
    """With less memory than the code of a new primitive takes, once: a library that fails once may fail for ever.

    With 3 MB some can still compute, but have no room for a picture: as a larger one has stretched the heap before, a
    fresh renderer has more, and makes it.
    """
    stack.finished(accept(stack, **SHORT | {"size": 512, "steps": 1, "seed": 8900 + megabytes}))
    urls = [accept(stack, **LONG, seed=8800 + 10 * megabytes + number) for number in range(2)]
    stack.running(urls[0])
    with bounded(stack, megabytes << 20):
        urls += [accept(stack, **SHORT | {"size": size, "seed": 8800 + megabytes}) for size in (112, 120, 136)]
        whole(stack, urls)


def test_a_picture_without_room_in_a_renderer_that_has_grown(stack: Stack) -> None:
    """A fresh one makes it, and makes the neighbour anew, which is not to blame."""
    stack.finished(accept(stack, **SHORT | {"size": 896, "steps": 1, "seed": 8950}))
    before = pids(stack, "worker.renderer")
    neighbour = accept(stack, **LONG, seed=8951)
    stack.running(neighbour)
    with bounded(stack, 16 << 20):
        whole(stack, [accept(stack, **SHORT | {"size": 1024, "steps": 1, "seed": 8952}), neighbour])
    assert not before & pids(stack, "worker.renderer")


@contextmanager
def bounded(stack: Stack, more: int) -> Iterator[None]:
    """The renderer that is there gets no more address space than it has, and `more` bytes."""
    (renderer,) = pids(stack, "worker.renderer")
    pages = int(Path(f"/proc/{renderer}/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + more
    resource.prlimit(renderer, resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            resource.prlimit(renderer, resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)
