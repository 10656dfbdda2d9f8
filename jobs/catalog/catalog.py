"""Which networks, layers and units exist: data the worker publishes in Redis, so that the service needs no torch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, cast

from pydantic import TypeAdapter
from redis import Redis

from featurelens.jobs import addresses
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry, ModelSummary
from featurelens.jobs.errors import CatalogPending, UnknownModel, unknown

MODELS = "featurelens:catalog:models"
"""Hash: canonical name -> entry without its labels."""
ALIASES = "featurelens:catalog:aliases"
"""Hash: alias -> canonical name."""
LABELS = "featurelens:catalog:labels"
"""Hash: digest -> labels as JSON; most networks share the same thousand."""
LABELLED = "featurelens:catalog:labelled"
"""Hash: canonical name -> digest of its labels."""
LAYERS = "featurelens:catalog:layers:3"
"""Hash: canonical name -> its layers. The number rises with what is written about a layer."""
WANTED = "featurelens:catalog:wanted"

_LAYERS = TypeAdapter(list[LayerEntry])
_NAMES = TypeAdapter(tuple[str, ...])

_MODEL = """
local name = redis.call('HGET', KEYS[2], ARGV[1]) or ARGV[1]
local entry = redis.call('HGET', KEYS[1], name)
if not entry then return false end
local labels = redis.call('HGET', KEYS[4], name)
return {entry, labels and redis.call('HGET', KEYS[3], labels)}
"""


class Catalog:
    """Reads and writes the catalog. Every read is one round trip; nothing is cached, so nothing is stale."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._model = redis.register_script(_MODEL)

    def publish(self, entries: Iterable[ModelEntry]) -> None:
        """Replaces the list of networks. Layers already described stay."""
        fields: dict[str, dict[str, str]] = {MODELS: {}, ALIASES: {}, LABELS: {}, LABELLED: {}}
        for entry in entries:
            fields[MODELS][entry.name] = entry.model_dump_json(exclude={"labels"})
            fields[ALIASES].update(dict.fromkeys(entry.aliases, entry.name))
            if entry.labels is not None:
                labels = _NAMES.dump_json(entry.labels)
                digest = hashlib.sha256(labels).hexdigest()
                fields[LABELS][digest] = labels.decode()
                fields[LABELLED][entry.name] = digest
        with self._redis.pipeline(transaction=True) as pipe:
            for key, values in fields.items():
                pipe.delete(key)
                if values:
                    pipe.hset(key, mapping=cast("Any", values))
            pipe.execute()

    def publish_layers(self, name: str, layers: Sequence[LayerEntry]) -> None:
        self._redis.hset(LAYERS, name, _LAYERS.dump_json(list(layers)))

    def described(self) -> set[str]:
        """Canonical names of the networks whose layers are published."""
        return {name.decode() for name in cast("list[bytes]", self._redis.hkeys(LAYERS))}

    def next_wanted(self) -> str | None:
        """The network somebody waits for, if any (the worker asks before it describes the next one on its own)."""
        name = cast("bytes | None", self._redis.lpop(WANTED))
        return name.decode() if name else None

    def models(self) -> list[ModelSummary]:
        """All networks, sorted by name."""
        raw = cast("dict[bytes, bytes]", self._redis.hgetall(MODELS))
        entries = (ModelSummary.model_validate_json(value) for value in raw.values())
        return sorted(entries, key=lambda entry: entry.name)

    def model(self, name: str) -> ModelEntry:
        """The network with this canonical name or alias. Raises `UnknownModel` with the nearest names."""
        raw = self._model(keys=[MODELS, ALIASES, LABELS, LABELLED], args=[name])
        if raw is None:
            known = [alias for entry in self.models() for alias in (*entry.aliases, entry.name)]
            raise unknown(UnknownModel, "/model", "there is no model", name, known, addresses.MODELS)
        entry, labels = ModelEntry.model_validate_json(raw[0]), raw[1]
        return entry if labels is None else entry.model_copy(update={"labels": _NAMES.validate_json(labels)})

    def layers(self, entry: ModelEntry) -> list[LayerEntry]:
        """The layers of a network in the order they run. Raises `CatalogPending` while they are being worked out."""
        raw = cast("bytes | None", self._redis.hget(LAYERS, entry.name))
        if raw is None:
            with self._redis.pipeline(transaction=True) as pipe:
                pipe.lrem(WANTED, 0, entry.name)
                pipe.rpush(WANTED, entry.name)
                pipe.execute()
            raise CatalogPending(f"the layers of {entry.name} are being worked out; ask again in a moment")
        return _LAYERS.validate_json(raw)
