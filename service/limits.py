"""Limits on what is accepted: the cost of pictures, the length of the queue, the free space of the disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from featurelens.jobs import disk
from featurelens.jobs.errors import Fault, StoreFull, StoreReadOnly, TooExpensive, TooLarge
from featurelens.jobs.settings import Settings


@dataclass(frozen=True)
class Limits:
    """What an operator allows. A limit is named in the answer that refuses."""

    cost: int
    sweep_cost: int
    scan_cost: int
    picture: int
    queue: int
    free_bytes: int
    results: Path
    """Where results are stored; in the state folder where that is a bucket."""

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        return cls(
            settings.cost_limit,
            settings.sweep_cost_limit,
            settings.scan_cost_limit,
            settings.picture_bytes,
            settings.queue_limit,
            settings.min_free_bytes,
            settings.results_folder,
        )

    def check_cost(self, asked: int) -> None:
        """`asked` is what a job costs (`jobs.kinds`). Raises `TooExpensive` with the limit."""
        if asked > self.cost:
            detail = (
                f"steps x height x width x pictures x views is {asked:,}, and at most {self.cost:,} here; "
                "fewer steps or a smaller size would do"
            )
            raise TooExpensive(detail, (Fault("", detail),))

    def check_scan(self, asked: int) -> None:
        """The same for a scan."""
        if asked > self.scan_cost:
            detail = (
                f"images x height x width is {asked:,}, and at most {self.scan_cost:,} here; a smaller data set or a "
                "smaller size would do"
            )
            raise TooExpensive(detail, (Fault("", detail),))

    def check_sweep(self, each: int, pictures: int) -> None:
        """`pictures` that cost `each`: each of them, and all together. Raises `TooExpensive`."""
        self.check_cost(each)
        asked = each * pictures
        if asked > self.sweep_cost:
            detail = (
                f"steps x height x width x pictures x views of the whole sweep is {asked:,}, and at most "
                f"{self.sweep_cost:,} here; fewer channels at a time, fewer steps or a smaller size would do"
            )
            raise TooExpensive(detail, (Fault("", detail),))

    def check_memory(self, asked: int, found: int) -> None:
        """`asked` bytes are estimated, the renderer has `found` (0: not known). Raises `TooLarge` with both."""
        most = self.memory(found)
        if most is not None and asked > most:
            detail = (
                f"this would take about {asked:,} bytes of memory, and at most {most:,} may be taken here; "
                "a smaller size, or fewer pictures, views or layers, would do"
            )
            raise TooLarge(detail, (Fault("", detail),))

    def memory(self, found: int) -> int | None:
        """Bytes that one picture may take where the renderer has `found` (0: not known); None: no limit is known."""
        return min((bound for bound in (self.picture, found) if bound), default=None)

    def check_disk(self, folder: Path | None = None) -> None:
        """Raises `StoreFull` rather than begin what could not be stored in `folder`, or as a result."""
        where = folder or self.results
        if disk.free(where) < self.free_bytes:
            raise StoreFull("the disk is nearly full; finished pictures are still served")
        try:
            disk.check_writable(where)
        except OSError as error:
            raise unstorable(error) from error


def unstorable(error: OSError) -> StoreFull:
    """What a client is told when the disk did not take something."""
    why = disk.reason(error) or "the disk takes nothing"
    kind = StoreFull if error.errno in disk.NO_ROOM else StoreReadOnly
    return kind(f"{why}; finished pictures are still served")
