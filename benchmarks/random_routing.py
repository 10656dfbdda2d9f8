"""``python -m benchmarks.random_routing``: a service that deals each picture to any renderer that can make it.

What routing by lane is measured against (`benchmarks.renderers`); it shares broker, store and workers with others.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence

from featurelens.jobs.queue import router
from featurelens.jobs.queue.routing import Candidate
from featurelens.service.__main__ import main


def anywhere(lane: str, candidates: Sequence[Candidate], pictures: int, _: object = None) -> list[tuple[str, int]]:
    """In place of `featurelens.jobs.queue.routing.dealt`."""
    return [(random.choice(candidates).id, 1) for _ in range(pictures)]


if __name__ == "__main__":
    assert "dealt" in vars(router)
    vars(router)["dealt"] = anywhere
    sys.exit(main())
