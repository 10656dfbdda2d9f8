"""Which networks, layers and units exist: data the worker publishes in Redis, so that the service needs no torch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Literal, cast

from pydantic import BaseModel, ConfigDict
from redis import Redis

from jobs.errors import CatalogPending, UnknownModel, unknown

MODELS = "featurelens:catalog:models"
LAYERS = "featurelens:catalog:layers"
WANTED = "featurelens:catalog:wanted"

LayerKind = Literal["spatial", "tokens", "vector"]


class LayerEntry(BaseModel):
    """One place in a network where a value can be read.

    `kind` says what the value is: spatial (channels x height x width), tokens (tokens x channels, height = number
    of tokens) or vector (channels alone). Heights and widths hold at the network's own input size.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    type: str
    kind: LayerKind
    channels: int
    height: int | None = None
    width: int | None = None
    rectified: bool = False


class ModelEntry(BaseModel):
    """One network with one set of weights. `name` is canonical, ``source:architecture@weights``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    aliases: tuple[str, ...] = ()
    source: Literal["bundled", "torchvision", "local"]
    architecture: str
    digest: str
    """Identity of the weights: ``sha256:`` and 64 hex digits, or for files not downloaded yet their published name."""
    renderer: str
    """Version of the engine that would make the pictures."""
    downloaded: bool
    input_channels: int
    input_size: tuple[int, int]
    min_size: int
    fixed_size: bool = False
    """True when only `input_size` itself can be fed (vision transformers, fully connected heads)."""
    labels: tuple[str, ...] | None = None
    classes_layer: str | None = None
    description: str = ""


class Catalog:
    """Reads and writes the catalog. Every read is one round trip; nothing is cached, so nothing is stale."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def publish(self, entries: Iterable[ModelEntry]) -> None:
        """Replaces the list of networks. Layers already described stay."""
        fields = [part for entry in entries for part in (entry.name, entry.model_dump_json())]
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(MODELS)
            if fields:
                pipe.hset(MODELS, items=fields)
            pipe.execute()

    def publish_layers(self, name: str, layers: Sequence[LayerEntry]) -> None:
        self._redis.hset(LAYERS, name, json.dumps([layer.model_dump(mode="json") for layer in layers]))

    def described(self) -> set[str]:
        """Canonical names of the networks whose layers are published."""
        return {name.decode() for name in cast("list[bytes]", self._redis.hkeys(LAYERS))}

    def next_wanted(self) -> str | None:
        """The network somebody waits for, if any (the worker asks before it describes the next one on its own)."""
        name = cast("bytes | None", self._redis.lpop(WANTED))
        return name.decode() if name else None

    def models(self) -> list[ModelEntry]:
        """All networks, sorted by name."""
        raw = cast("dict[bytes, bytes]", self._redis.hgetall(MODELS))
        return sorted((ModelEntry.model_validate_json(value) for value in raw.values()), key=lambda entry: entry.name)

    def model(self, name: str) -> ModelEntry:
        """The network with this canonical name or alias. Raises `UnknownModel` with the nearest names."""
        raw = cast("bytes | None", self._redis.hget(MODELS, name))
        if raw is not None:
            return ModelEntry.model_validate_json(raw)
        entries = self.models()
        for entry in entries:
            if name in entry.aliases:
                return entry
        known = [alias for entry in entries for alias in (*entry.aliases, entry.name)]
        raise unknown(UnknownModel, "/model", "there is no model", name, known, "/v1/models")

    def layers(self, entry: ModelEntry) -> list[LayerEntry]:
        """The layers of a network in the order they run. Raises `CatalogPending` while they are being worked out."""
        raw = cast("bytes | None", self._redis.hget(LAYERS, entry.name))
        if raw is None:
            with self._redis.pipeline(transaction=True) as pipe:
                pipe.lrem(WANTED, 0, entry.name)
                pipe.rpush(WANTED, entry.name)
                pipe.execute()
            raise CatalogPending(f"the layers of {entry.name} are being worked out; ask again in a moment")
        return [LayerEntry.model_validate(layer) for layer in json.loads(raw)]
