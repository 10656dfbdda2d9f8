"""Which renderer a job goes to: pictures of one lane to the same one, none overloaded. Knows no broker and no clock.

Rendezvous hashing (Thaler and Ravishankar 1998): every lane ranks all renderers by a hash of both, so all services
agree without telling each other, and a renderer that joins or leaves moves its own share of lanes only. With bounded
loads (Mirrokni, Thorup and Zadimoghaddam 2018) a lane goes to the first in its ranking that is not far above the mean.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableSequence, Sequence
from hashlib import blake2b
from itertools import takewhile
from typing import NamedTuple, TypeVar

T = TypeVar("T")

SLACK = 1.25
"""How far above the mean load a renderer may be and still get the next block."""


class Candidate(NamedTuple):
    """A renderer that may do a job: live, of the right version, with the network, not draining."""

    id: str
    backlog: int
    """Pictures that wait for it or are in the making there; of sweeps only, or not of sweeps, whichever are dealt."""
    capacity: int
    """Pictures of one lane that are worth having in the making at once, at least 1; of those asked for alone fewer."""


def ranking(lane: str, renderers: Iterable[str]) -> list[str]:
    """`renderers` as `lane` prefers them, the first most. The same in every process and version."""
    return sorted(renderers, key=lambda renderer: (_weight(lane, renderer), renderer), reverse=True)


def dealt(lane: str, candidates: Sequence[Candidate], pictures: int, last: str | None = None) -> list[tuple[str, int]]:
    """Where `pictures` of one lane go, in order: (renderer, how many).

    In blocks of a renderer's capacity, each to the first in the ranking whose backlog, that of the blocks before
    included, is at most `SLACK` times the mean and one block. Backlogs are counted in capacities, so a larger renderer
    gets as much more. `last`, where the lane's job before went, comes before the ranking: what a home cannot take then
    comes together elsewhere, and not one by one wherever there is room. Raises ValueError where nobody can do it.
    """
    if not candidates:
        raise ValueError("no renderer to deal to")
    known = {candidate.id: candidate for candidate in candidates}
    preferred = [known[last]] if last is not None and last in known else []
    preferred += [known[name] for name in ranking(lane, known) if name != last]
    backlogs = {candidate.id: candidate.backlog for candidate in preferred}
    capacity = sum(candidate.capacity for candidate in preferred)
    total = sum(backlogs.values())
    blocks = []
    while pictures > 0:
        bound = SLACK * total / capacity + 1
        chosen = next(one for one in preferred if backlogs[one.id] <= bound * one.capacity)
        block = min(chosen.capacity, pictures)
        blocks.append((chosen.id, block))
        backlogs[chosen.id] += block
        total += block
        pictures -= block
    return blocks


def tail_block(lanes: Sequence[str | None], capacity: int) -> int:
    """How many jobs an idle renderer takes from the tail of a queue of jobs of these `lanes`, the head first.

    The jobs of one lane that end the queue, at most `capacity` and at most half of all that wait; 0: nothing.
    """
    last = lanes[-1] if lanes else None
    same = sum(1 for _ in takewhile(lambda lane: lane == last, reversed(lanes)))
    return min(same, capacity, (len(lanes) + 1) // 2)


class Blocks:
    """The blocks of one queue of sweeps: what `jobs.queue.blocks` does in the broker, said without one."""

    def __init__(self) -> None:
        self._latest: dict[str, tuple[int, object]] = {}
        """By lane: how many have come to its latest block, and the last of them."""

    def put(self, queue: MutableSequence[T], lane: str, job: T, capacity: int) -> None:
        """Puts a job of `lane` behind the last of its lane's latest block, or begins a block at the end of `queue`."""
        if not queue:
            self._latest.clear()
        size, last = self._latest.get(lane, (0, None))
        place = next((len(queue) - back for back, one in enumerate(reversed(queue)) if one is last), None)
        if place is None or size >= capacity:
            size, place = 0, len(queue)
        queue.insert(place, job)
        self._latest[lane] = size + 1, job


def _weight(lane: str, renderer: str) -> bytes:
    return blake2b(f"{len(lane)}:{lane}{renderer}".encode(), digest_size=16).digest()
