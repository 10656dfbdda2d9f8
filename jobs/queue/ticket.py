"""What is handed to the queue, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, NamedTuple

from featurelens.jobs.kinds import kind_of
from featurelens.jobs.kinds.base import Spec
from featurelens.jobs.queue.record import Record
from featurelens.jobs.queue.router import Demand


class Wanted(NamedTuple, Generic[Spec]):
    """A job to submit; `spec` is resolved, `digest` is that of the weights, `needs` and `memory` as in `Demand`."""

    key: str
    spec: Spec
    digest: str
    needs: tuple[str, ...] = ()
    memory: int = 0

    @property
    def demand(self) -> Demand:
        kind = kind_of(self.key)
        return Demand(kind.lane(self.spec, self.digest), kind.name, self.needs, self.memory)


@dataclass(frozen=True)
class Ticket:
    """A job's record and its place in the queue: `position` counts from 1 at the head, None when it does not wait.

    `fresh`: this call has started the attempt. `aside`: it waits for slots of another version (`jobs.queue.aside`).
    """

    record: Record
    position: int | None = None
    fresh: bool = False
    aside: bool = False
