"""Which networks, layers and units exist: data the worker publishes in Redis, so that the service needs no torch."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, TypeVar, cast

from pydantic import BaseModel, TypeAdapter, ValidationError
from redis import Redis

from featurelens.jobs import addresses
from featurelens.jobs.catalog import formats, merging
from featurelens.jobs.catalog.datasets import Datasets
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry, ModelSummary
from featurelens.jobs.catalog.formats import FORMER, LAYERS
from featurelens.jobs.catalog.lists import Lists
from featurelens.jobs.catalog.merging import ALIASES, CONFLICTS, LABELLED, LABELS, MODELS
from featurelens.jobs.errors import CatalogPending, NotDescribable, OtherVersion, UnknownModel, unknown
from featurelens.jobs.logs import logger

PROBLEMS = "featurelens:catalog:problems"
"""Hash: canonical name -> why its layers cannot be listed."""
WANTED = "featurelens:catalog:wanted"
"""List of canonical names; after a colon and the id of a worker: of those that it is to describe."""

_LAYERS = TypeAdapter(list[LayerEntry])
_NAMES = TypeAdapter(tuple[str, ...])

_MODEL = """
local name = redis.call('HGET', KEYS[2], ARGV[1]) or ARGV[1]
local entry = redis.call('HGET', KEYS[1], name)
if not entry then return false end
local labels = redis.call('HGET', KEYS[4], name)
local problem = redis.call('HGET', KEYS[6], name) or redis.call('HGET', KEYS[5], name)
return {entry, labels and redis.call('HGET', KEYS[3], labels), problem}
"""


# Of what only a former version has described a newer worker shall say more: it is wanted all the same.
_LIST = """
local layers = redis.call('HGET', KEYS[1], ARGV[1])
local problem = redis.call('HGET', KEYS[2], ARGV[1])
if not layers and not problem then
  redis.call('LREM', KEYS[3], 0, ARGV[1])
  redis.call('RPUSH', KEYS[3], ARGV[1])
end
for i = 5, #KEYS do layers = layers or redis.call('HGET', KEYS[i], ARGV[1]) end
return {layers, problem, redis.call('HGET', KEYS[4], ARGV[1])}
"""


class Catalog:
    """Reads and writes the catalog. Every read is one round trip; nothing is cached, so nothing is stale.

    Networks that are written are those of the worker with this id.
    """

    def __init__(self, redis: Redis, worker: str = "") -> None:
        self._redis = redis
        self._worker = worker
        self.lists = Lists(redis, "networks", worker)
        self.datasets = Datasets(redis, worker)
        self._model = redis.register_script(_MODEL)
        self._layers = redis.register_script(_LIST)

    def publish(self, entries: Iterable[ModelEntry]) -> None:
        """Replaces the worker's list of networks. Layers already described stay, and so do problems."""
        told = {entry.name: entry.model_dump_json(exclude={"problem"}) for entry in entries}
        self.lists.publish(told, merging.write)
        formats.tell(self._redis)

    def listed(self) -> dict[str, ModelEntry]:
        """The worker's list as it was published last, by canonical name, as far as this version understands it."""
        entries = _understood(ModelEntry, map(json.loads, self.lists.own().values()))
        return {entry.name: entry for entry in entries}

    def conflicts(self) -> dict[str, str]:
        """Names of networks and data sets that differ between workers, and between which ones."""
        raw = cast("dict[bytes, bytes]", self._redis.hgetall(CONFLICTS))
        return {name.decode(): told.decode() for name, told in raw.items()} | self.datasets.conflicts()

    def publish_layers(self, name: str, layers: Sequence[LayerEntry]) -> None:
        told = _LAYERS.dump_json(list(layers))
        with self._redis.pipeline(transaction=True) as pipe:
            for key in formats.ALL:
                pipe.hset(key, name, told)
            pipe.hdel(PROBLEMS, name)
            pipe.execute()

    def publish_problem(self, name: str, reason: str) -> None:
        """The layers of this network cannot be listed, for a reason that may be shown to a client."""
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(PROBLEMS, name, reason)
            for key in formats.ALL:
                pipe.hdel(key, name)
            pipe.execute()

    def forget(self, names: Collection[str]) -> None:
        """What is known of the layers of these networks no longer holds."""
        if names:
            with self._redis.pipeline(transaction=True) as pipe:
                for key in (*formats.ALL, PROBLEMS):
                    pipe.hdel(key, *names)
                pipe.execute()

    def described(self) -> set[str]:
        """Canonical names of the networks whose layers are published, as this version describes them."""
        return {name.decode() for name in cast("list[bytes]", self._redis.hkeys(LAYERS))}

    def is_described(self, name: str) -> bool:
        """Whether its layers are published, or why they cannot be."""
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.hexists(LAYERS, name)
            pipe.hexists(PROBLEMS, name)
            return any(pipe.execute())

    def problems(self) -> dict[str, str]:
        """Why the layers of networks cannot be listed, by canonical name."""
        raw = cast("dict[bytes, bytes]", self._redis.hgetall(PROBLEMS))
        return {name.decode(): reason.decode() for name, reason in raw.items()}

    def next_wanted(self, patience: float = 0.0) -> str | None:
        """The network that somebody has asked for and waits for; waits up to `patience` seconds for one."""
        lists = [f"{WANTED}:{self._worker}", WANTED] if self._worker else [WANTED]
        if patience:
            found = cast("list[bytes] | None", self._redis.blpop(lists, timeout=patience))
            return found[1].decode() if found else None
        names = (cast("bytes | None", self._redis.lpop(wanted)) for wanted in lists)
        return next((name.decode() for name in names if name is not None), None)

    def hand_on(self, name: str) -> None:
        """Leaves the description of a network to another worker, one that has it."""
        others = [worker for worker in self.lists.having(name) if worker != self._worker]
        if others:
            self._redis.rpush(f"{WANTED}:{others[0]}", name)

    def models(self) -> list[ModelSummary]:
        """All networks that this version understands, sorted by name."""
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.hgetall(MODELS)
            pipe.hgetall(PROBLEMS)
            pipe.hgetall(CONFLICTS)
            raw, problems, conflicts = cast("list[dict[bytes, bytes]]", pipe.execute())
            problems |= conflicts
        entries = _understood(ModelSummary, map(json.loads, raw.values()))
        told = (_with_problem(entry, problems.get(entry.name.encode())) for entry in entries)
        return sorted(told, key=lambda entry: entry.name)

    def model(self, name: str) -> ModelEntry:
        """The network with this canonical name or alias.

        Raises `UnknownModel` with the nearest names, or `OtherVersion`.
        """
        raw = self._model(keys=[MODELS, ALIASES, LABELS, LABELLED, PROBLEMS, CONFLICTS], args=[name])
        if raw is None:
            known = [alias for entry in self.models() for alias in (*entry.aliases, entry.name)]
            raise unknown(UnknownModel, "/model", "there is no model", name, known, addresses.MODELS)
        found = next(_understood(ModelEntry, [json.loads(raw[0])]), None)
        if found is None:
            raise OtherVersion.of("the catalog's entry of this network")
        entry, labels = _with_problem(found, raw[2]), raw[1]
        return entry if labels is None else entry.model_copy(update={"labels": _NAMES.validate_json(labels)})

    def layers(self, entry: ModelEntry) -> list[LayerEntry]:
        """The layers of a network in the order they run, as far as this version understands them.

        Raises `CatalogPending` while they are being worked out, `NotDescribable` where that has failed, `OtherVersion`
        where the worker publishes them only as this version cannot read them.
        """
        keys = [LAYERS, PROBLEMS, WANTED, CONFLICTS, *FORMER]
        raw, problem, conflict = cast("list[bytes | None]", self._layers(keys=keys, args=[entry.name]))
        if conflict is not None:
            raise NotDescribable.at("/model", f"{entry.name} cannot be used: {conflict.decode()}")
        if raw is not None:
            try:
                return _LAYERS.validate_json(raw)
            except ValidationError:
                return list(_understood(LayerEntry, json.loads(raw)))
        if problem is not None:
            detail = f"the layers of {entry.name} cannot be listed: {problem.decode()}"
            raise NotDescribable.at("/model", detail)
        formats.check(self._redis)
        raise CatalogPending(f"the layers of {entry.name} are being worked out; ask again in a moment")


Told = TypeVar("Told", bound=BaseModel)


def _understood(entry: type[Told], told: Iterable[Any]) -> Iterator[Told]:
    """Those that are such entries. A worker of another version may publish what is none to this one."""
    for one in told:
        try:
            yield entry.model_validate(one)
        except ValidationError:
            logger().warning("not understood: written by another version", what=entry.__name__)


Entry = TypeVar("Entry", bound=ModelSummary)


def _with_problem(entry: Entry, reason: bytes | None) -> Entry:
    return entry if reason is None else entry.model_copy(update={"problem": reason.decode()})
