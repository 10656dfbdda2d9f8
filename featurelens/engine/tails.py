"""The last few numbers of a tensor: a processor that works on many numbers at once takes them one by one, and of some
functions that gives other bits.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

_ALIKE = 2**10
"""Numbers that leave none over."""


def same_sigmoid(alone: int, together: int) -> bool:
    """Whether, on this CPU, none of `alone` numbers is another's sigmoid when it is among so many `together`."""
    threads = torch.get_num_threads()
    value = _throughout(alone, threads)
    return value is not None and value == _throughout(together, threads)


@lru_cache(maxsize=1024)
def _throughout(count: int, _threads: int) -> float | None:
    """What all of `count` numbers become that are the telltale; None where they become different things.

    It depends on the number of threads, each of which has a last number of its own.
    """
    said = torch.sigmoid(torch.full((count,), _telltale()))
    first = said[0]
    return float(first) if bool((said == first).all()) else None


@lru_cache(maxsize=1)
def _telltale() -> float:
    """A number of which the sigmoid is another one by one than among many; any, if there is none."""
    numbers = torch.randn(_ALIKE, generator=torch.Generator().manual_seed(0))
    single: Tensor = torch.cat([torch.sigmoid(number) for number in torch.split(numbers, 1)])
    return float(numbers[(single != torch.sigmoid(numbers)).to(torch.uint8).argmax()])
