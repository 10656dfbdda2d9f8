"""Memory that is not to be had: a real limit on the address space, in a process of its own."""

from __future__ import annotations

import hashlib
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from featurelens.engine.lane import Lane
from featurelens.engine.memory import out_of_memory
from featurelens.engine.objectives import Channel
from featurelens.engine.optimization import Recipe
from tests.support.lanes import finish
from tests.support.small_networks import network, stack

SIZE = (256, 256)
ROOM = 160 << 20
"""Bytes: a row of these takes 20 to 30 MB, so that 16 of them have no room and a few have."""


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (torch.OutOfMemoryError("no room"), True),
        (MemoryError(), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"), True),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes"), True),
        (RuntimeError("std::bad_alloc"), True),
        (RuntimeError("could not create a primitive"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("not enough memory"), False),
    ],
)
def test_what_tells(error: Exception, told: bool) -> None:
    assert out_of_memory(error) == told


def test_the_allocator_of_this_torch_is_understood() -> None:
    with pytest.raises(RuntimeError) as raised:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert out_of_memory(raised.value)


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS does not hold elsewhere")
def test_a_cpu_without_room_shrinks_the_lane_and_changes_no_picture() -> None:
    limited = subprocess.run([sys.executable, "-m", __name__], capture_output=True, text=True, check=True, timeout=120)
    limit, digest = limited.stdout.split()
    assert int(limit) < 16, limited.stderr
    assert digest == made_together()[1]


def made_together(limited: bool = False) -> tuple[int, str]:
    """16 pictures: the lane's limit after them, and their sha256; `limited`: with `ROOM` more than one has needed."""
    lane = Lane(network(stack()), ["4"], SIZE, dtype=torch.bfloat16)
    first = lane.join(Recipe(Channel("4", 0), SIZE, steps=1))
    finish(lane)
    lane.result(first)  # oneDNN that has once found no memory may make nothing new: what one row needs is made before
    if limited:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + ROOM,) * 2)
    renders = [lane.join(Recipe(Channel("4", number % 12), SIZE, steps=2, seed=number)) for number in range(16)]
    finish(lane)
    digest = hashlib.sha256()
    for render in renders:
        digest.update(lane.result(render).pixels.numpy().tobytes())
    return lane.limit, digest.hexdigest()


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.stdout.write("{} {}".format(*made_together(limited=True)))
