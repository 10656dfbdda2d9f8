"""Which data sets there are: published by the worker in Redis, as networks are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from pydantic import ValidationError
from redis import Redis
from redis.client import Pipeline

from featurelens.jobs import addresses
from featurelens.jobs.catalog.dataset_entry import DatasetEntry, DatasetSummary
from featurelens.jobs.catalog.hashes import replace
from featurelens.jobs.catalog.lists import ByWorker, Lists
from featurelens.jobs.errors import OtherVersion, UnknownDataset, unknown
from featurelens.jobs.logs import logger

DATASETS = "featurelens:catalog:datasets"
"""Hash: name -> summary."""
ENTRIES = "featurelens:catalog:dataset-entries"
"""Hash: name -> the whole entry, which may name thousands of labels."""
CONFLICTS = "featurelens:catalog:dataset-conflicts"
"""Hash: name -> between which workers it differs."""


class Datasets:
    """Reads and writes the data sets of the catalog; every read is one round trip.

    What is written are those of the worker with this id.
    """

    def __init__(self, redis: Redis, worker: str = "") -> None:
        self._redis = redis
        self.lists = Lists(redis, "datasets", worker)

    def publish(self, entries: Iterable[DatasetEntry]) -> None:
        """Replaces all of the worker's. One that differs between workers is offered by nobody, see `conflicts`."""
        self.lists.publish({entry.name: entry.model_dump_json() for entry in entries}, _write)

    def conflicts(self) -> dict[str, str]:
        """Names of data sets that differ between workers, and between which ones."""
        raw = cast("dict[bytes, bytes]", self._redis.hgetall(CONFLICTS))
        return {name.decode(): told.decode() for name, told in raw.items()}

    def all(self) -> list[DatasetSummary]:
        """Those that this version understands, sorted by name."""
        raw = cast("dict[bytes, bytes]", self._redis.hgetall(DATASETS))
        found = []
        for told in raw.values():
            try:
                found.append(DatasetSummary.model_validate_json(told))
            except ValidationError:
                logger().warning("not understood: written by another version", what="data set")
        return sorted(found, key=lambda entry: entry.name)

    def named(self, name: str, pointer: str = "/dataset") -> DatasetEntry:
        """Raises `UnknownDataset`, at `pointer`, with the names there are, or `OtherVersion`."""
        told = cast("bytes | None", self._redis.hget(ENTRIES, name))
        if told is None:
            known = [entry.name for entry in self.all()]
            raise unknown(UnknownDataset, pointer, "there is no data set", name, known, addresses.DATASETS)
        try:
            return DatasetEntry.model_validate_json(told)
        except ValidationError as error:
            raise OtherVersion.of("the catalog's entry of this data set") from error


def _write(pipe: Pipeline, lists: ByWorker) -> None:
    found: dict[str, dict[str, DatasetEntry]] = {}
    for worker, entries in lists.items():
        for name, told in entries.items():
            try:
                found.setdefault(name, {})[worker] = DatasetEntry.model_validate_json(told)
            except ValidationError:
                logger().warning("not understood: written by another version", what="data set", worker=worker)
    conflicts = {
        name: f"it differs between the workers {', '.join(by_worker)}"
        for name, by_worker in found.items()
        if len({entry.identity for entry in by_worker.values()}) > 1
    }
    offered = {name: next(iter(one.values())) for name, one in found.items() if one and name not in conflicts}
    summaries = {name: entry.model_dump_json(exclude={"labels"}) for name, entry in offered.items()}
    whole = {name: entry.model_dump_json() for name, entry in offered.items()}
    replace(pipe, {DATASETS: summaries, ENTRIES: whole, CONFLICTS: conflicts})
