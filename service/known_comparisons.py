"""Finished comparisons of a picture."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from featurelens.jobs.errors import OtherVersion
from featurelens.jobs.kinds import COMPARISON
from featurelens.jobs.queue.index import JobIndex
from featurelens.jobs.spec.comparison import ComparisonSpec
from featurelens.jobs.store.result import Result
from featurelens.jobs.store.result_store import ResultStore
from featurelens.service.schemas.comparison import Comparison, finished


class KnownComparisons:
    """Which there are is asked of the broker each time, what they say is read from the store."""

    def __init__(self, index: JobIndex, store: ResultStore) -> None:
        self._index = index
        self._store = store

    def version(self, picture: str) -> Hashable:
        """Another one whenever `of` may say something else."""
        keys = self._index.about(picture)
        if keys:
            self._store.get_all(keys)  # the store knows the version of what it has read
        return tuple((key, self._store.version(key)) for key in keys)

    def about(self, pictures: Sequence[str]) -> dict[str, list[str]]:
        """Keys of those of each picture, the latest first; some may be gone."""
        return dict(zip(pictures, self._index.about_all(pictures), strict=True))

    def of(self, keys: Sequence[str], weights: str, renderer: str) -> dict[str, Comparison]:
        """Of those of one picture the latest with each data set, by a network with these weights and this engine."""
        results = self._store.get_all(keys) if keys else {}
        latest: dict[str, Comparison] = {}
        for key in keys:
            found = results.get(key)
            if not isinstance(found, Result) or not isinstance(found.spec, ComparisonSpec):
                continue
            same = COMPARISON.tells_of(key, found.spec, weights, renderer)
            if same and found.spec.dataset not in latest:
                try:
                    latest[found.spec.dataset] = finished(found)
                except OtherVersion:
                    continue
        return latest
