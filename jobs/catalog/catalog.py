"""Which networks, layers and units exist: data the worker publishes in Redis, so that the service needs no torch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, WithJsonSchema
from redis import Redis

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

_PAIR = WithJsonSchema({"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2})
"""Pydantic's own schema of a tuple is none that OpenAPI knows."""

LayerKind = Literal["spatial", "tokens", "vector"]
Source = Literal["bundled", "torchvision", "timm", "local"]


class Branch(BaseModel):
    """A part of a concatenation: `channels` channels of the whole, counted from `first`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="what it is: its largest filter, or pool", examples=["3x3"])
    layer: str | None = Field(
        None, description="the layer that makes it, where it is one", examples=["inception4a.branch2"]
    )
    first: int
    channels: int
    note: str = ""


class LayerEntry(BaseModel):
    """One place in a network where a value can be read.

    `kind` says what the value is: spatial (channels x height x width), tokens (tokens x channels, height = number
    of tokens, or height x width x channels) or vector (channels alone). Heights and widths hold at the network's own
    input size.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    type: str
    kind: LayerKind
    channels: int = Field(description="how many units it has, counted from 0")
    height: int | None = None
    width: int | None = None
    rectified: bool = Field(False, description="whether it ends in ReLU; then *negative* goes to what stands before it")
    receptive_field: tuple[int, int] | None = Field(
        None,
        description="height and width in pixels of what one position sees of the picture, without padding's cut; null "
        "where that is not defined, as after attention or pooling over the whole picture",
    )
    stride: tuple[int, int] | None = Field(None, description="pixels from one position to the next, down and across")
    branches: tuple[Branch, ...] = Field((), description="the parts of a concatenation, in the order of their channels")
    recommended: bool = Field(False, description="worth looking at first: ends of blocks or stages, and the classes")

    @property
    def channels_last(self) -> bool:
        """Whether it answers with (height, width, channels)."""
        return self.kind == "tokens" and self.width is not None


class ModelSummary(BaseModel):
    """One network with one set of weights, in a list. `name` is canonical, ``source:architecture@weights``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    aliases: tuple[str, ...] = ()
    source: Source
    architecture: str
    digest: str
    """Identity of the weights in every key, the same for ever: ``sha256:`` and 64 hex digits, or ``torchvision:`` and
    the published name of the file, which tells the first digits of its sha256 (docs/decisions)."""
    sha256: str | None = None
    """64 hex digits of the weights file, measured; None until it is here."""
    renderer: str
    """Version of the engine that would make the pictures."""
    downloaded: bool
    input_channels: int
    input_size: Annotated[tuple[int, int], _PAIR]
    min_size: int
    fixed_size: bool = False
    """True when only `input_size` itself can be fed (vision transformers, fully connected heads)."""
    classes_layer: str | None = None
    parameters: int | None = None
    description: str = ""


class ModelEntry(ModelSummary):
    """All of it: with the names of its classes."""

    labels: tuple[str, ...] | None = None


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
            raise unknown(UnknownModel, "/model", "there is no model", name, known, "/v1/models")
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
