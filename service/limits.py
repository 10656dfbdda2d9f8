"""Limits on what is accepted: the cost of pictures, the length of the queue, the free space of the disk."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from featurelens.jobs.errors import Fault, StoreFull, TooExpensive
from featurelens.jobs.settings import Settings


@dataclass(frozen=True)
class Limits:
    """What an operator allows. A limit is named in the answer that refuses."""

    cost: int
    sweep_cost: int
    queue: int
    free_bytes: int
    folder: Path

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        return cls(
            settings.cost_limit,
            settings.sweep_cost_limit,
            settings.queue_limit,
            settings.min_free_bytes,
            settings.state.absolute(),
        )

    def check_cost(self, asked: int) -> None:
        """`asked` is what a job costs (`jobs.kinds`). Raises `TooExpensive` with the limit."""
        if asked > self.cost:
            detail = (
                f"steps x height x width x pictures x views is {asked:,}, and at most {self.cost:,} here; "
                "fewer steps or a smaller size would do"
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

    def check_disk(self) -> None:
        """Raises `StoreFull` rather than begin what could not be stored."""
        existing = next(folder for folder in (self.folder, *self.folder.parents) if folder.exists())
        if shutil.disk_usage(existing).free < self.free_bytes:
            raise StoreFull("the disk is nearly full; finished pictures are still served")
