"""Which data sets there are: published by the worker in Redis, as networks are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from pydantic import ValidationError
from redis import Redis

from featurelens.jobs import addresses
from featurelens.jobs.catalog.dataset_entry import DatasetEntry, DatasetSummary
from featurelens.jobs.catalog.hashes import replace
from featurelens.jobs.errors import OtherVersion, UnknownDataset, unknown
from featurelens.jobs.logs import logger

DATASETS = "featurelens:catalog:datasets"
"""Hash: name -> summary."""
ENTRIES = "featurelens:catalog:dataset-entries"
"""Hash: name -> the whole entry, which may name thousands of labels."""


class Datasets:
    """Reads and writes the data sets of the catalog; every read is one round trip."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def publish(self, entries: Iterable[DatasetEntry]) -> None:
        """Replaces all of them."""
        found = list(entries)
        summaries = {entry.name: entry.model_dump_json(exclude={"labels"}) for entry in found}
        whole = {entry.name: entry.model_dump_json() for entry in found}
        replace(self._redis, {DATASETS: summaries, ENTRIES: whole})

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
