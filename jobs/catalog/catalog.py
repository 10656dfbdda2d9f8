"""Which networks, layers and units exist: data the worker publishes in Redis, so that the service needs no torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, TypeVar, cast

from pydantic import BaseModel, TypeAdapter, ValidationError
from redis import Redis

from featurelens.jobs import addresses
from featurelens.jobs.catalog import formats
from featurelens.jobs.catalog.datasets import Datasets
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry, ModelSummary
from featurelens.jobs.catalog.formats import FORMER, LAYERS
from featurelens.jobs.catalog.hashes import replace
from featurelens.jobs.errors import CatalogPending, NotDescribable, OtherVersion, UnknownModel, unknown
from featurelens.jobs.logs import logger

MODELS = "featurelens:catalog:models"
"""Hash: canonical name -> entry without its labels."""
ALIASES = "featurelens:catalog:aliases"
"""Hash: alias -> canonical name."""
LABELS = "featurelens:catalog:labels"
"""Hash: digest -> labels as JSON; most networks share the same thousand."""
LABELLED = "featurelens:catalog:labelled"
"""Hash: canonical name -> digest of its labels."""
PROBLEMS = "featurelens:catalog:problems"
"""Hash: canonical name -> why its layers cannot be listed."""
WANTED = "featurelens:catalog:wanted"

_LAYERS = TypeAdapter(list[LayerEntry])
_NAMES = TypeAdapter(tuple[str, ...])

_MODEL = """
local name = redis.call('HGET', KEYS[2], ARGV[1]) or ARGV[1]
local entry = redis.call('HGET', KEYS[1], name)
if not entry then return false end
local labels = redis.call('HGET', KEYS[4], name)
return {entry, labels and redis.call('HGET', KEYS[3], labels), redis.call('HGET', KEYS[5], name)}
"""


# Of what only a former version has described a newer worker shall say more: it is wanted all the same.
_LIST = """
local layers = redis.call('HGET', KEYS[1], ARGV[1])
local problem = redis.call('HGET', KEYS[2], ARGV[1])
if not layers and not problem then
  redis.call('LREM', KEYS[3], 0, ARGV[1])
  redis.call('RPUSH', KEYS[3], ARGV[1])
end
for i = 4, #KEYS do layers = layers or redis.call('HGET', KEYS[i], ARGV[1]) end
return {layers, problem}
"""


class Catalog:
    """Reads and writes the catalog. Every read is one round trip; nothing is cached, so nothing is stale."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self.datasets = Datasets(redis)
        self._model = redis.register_script(_MODEL)
        self._layers = redis.register_script(_LIST)

    def publish(self, entries: Iterable[ModelEntry]) -> None:
        """Replaces the list of networks. Layers already described stay, and so do problems."""
        fields: dict[str, dict[str, str]] = {MODELS: {}, ALIASES: {}, LABELS: {}, LABELLED: {}}
        for entry in entries:
            fields[MODELS][entry.name] = entry.model_dump_json(exclude={"labels", "problem"})
            fields[ALIASES].update(dict.fromkeys(entry.aliases, entry.name))
            if entry.labels is not None:
                labels = _NAMES.dump_json(entry.labels)
                digest = hashlib.sha256(labels).hexdigest()
                fields[LABELS][digest] = labels.decode()
                fields[LABELLED][entry.name] = digest
        replace(self._redis, fields)
        formats.tell(self._redis)

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
        if patience:
            found = cast("list[bytes] | None", self._redis.blpop([WANTED], timeout=patience))
            return found[1].decode() if found else None
        name = cast("bytes | None", self._redis.lpop(WANTED))
        return name.decode() if name else None

    def models(self) -> list[ModelSummary]:
        """All networks that this version understands, sorted by name."""
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.hgetall(MODELS)
            pipe.hgetall(PROBLEMS)
            raw, problems = cast("list[dict[bytes, bytes]]", pipe.execute())
        entries = _understood(ModelSummary, map(json.loads, raw.values()))
        told = (_with_problem(entry, problems.get(entry.name.encode())) for entry in entries)
        return sorted(told, key=lambda entry: entry.name)

    def model(self, name: str) -> ModelEntry:
        """The network with this canonical name or alias.

        Raises `UnknownModel` with the nearest names, or `OtherVersion`.
        """
        raw = self._model(keys=[MODELS, ALIASES, LABELS, LABELLED, PROBLEMS], args=[name])
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
        keys = [LAYERS, PROBLEMS, WANTED, *FORMER]
        raw, problem = cast("list[bytes | None]", self._layers(keys=keys, args=[entry.name]))
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
