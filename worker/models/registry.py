"""All networks of all sources under one roof: listed, described and loaded by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import structlog
import torch
from pydantic import TypeAdapter, ValidationError
from torch import nn

from featurelens.engine.network import Network
from featurelens.jobs import atomic_file
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry
from featurelens.jobs.catalog.formats import NUMBER
from featurelens.jobs.errors import ModelLoadFailed
from featurelens.jobs.settings import Settings
from featurelens.worker.models.inspection.layers import Description, describe
from featurelens.worker.models.meta_build import ShapesOnly, build_on_meta
from featurelens.worker.models.sources.base import Source
from featurelens.worker.models.sources.bundled import Bundled
from featurelens.worker.models.sources.local import Local
from featurelens.worker.models.sources.timm_source import Timm, installed
from featurelens.worker.models.sources.torchvision_source import Torchvision
from featurelens.worker.models.trial import describe_apart

_DESCRIPTION = TypeAdapter(Description)

log = structlog.get_logger(__name__)


class Registry:
    """The sources, first come first served: an alias that two of them use belongs to the first.

    `apart` says that own networks are described in a process of their own (`trial`), before their code runs here.
    """

    def __init__(self, settings: Settings, *, apart: bool = True) -> None:
        self._settings = settings
        self._apart = apart
        self._cache = settings.cache_folder
        self._sources: tuple[Source, ...] = (
            Bundled(),
            Torchvision(settings.cache_folder / "weights"),
            Local(settings.models, settings.cache_folder / "hub"),
            *([Timm(settings.cache_folder / "weights")] if installed() else []),
        )

    def entries(self) -> list[ModelEntry]:
        """Every network, without loading weights or asking another machine."""
        return [entry for _, entry in self._all()]

    def entry(self, name: str) -> ModelEntry:
        """A network by its name or alias; those behind it are not looked at. Raises `ModelLoadFailed`."""
        return self._find(name)[1]

    def describe(self, name: str) -> list[LayerEntry]:
        """The layers of a network in the order they answer. Raises `ModelLoadFailed`."""
        return self.description(name).layers

    def description(self, name: str) -> Description:
        """Its layers, and why others are none. Raises `ModelLoadFailed`."""
        source, entry = self._find(name)
        blueprint = source.blueprint(entry)
        path = self._cache / "layers" / str(NUMBER) / f"{blueprint}.json" if blueprint else None
        found = None if path is None else _kept(path)
        if found is None:
            foreign = self._apart and entry.source == "local"
            found = describe_apart(self._settings, entry.name, entry.digest) if foreign else _described(source, entry)
            if path is not None:
                _keep(path, found)
        layers = [
            layer.model_copy(update={"recommended": True}) if layer.name == entry.classes_layer else layer
            for layer in found.layers
        ]
        return replace(found, layers=layers)

    def build(self, name: str) -> tuple[ModelEntry, nn.Module]:
        """The network without its weights. Raises `ModelLoadFailed`."""
        source, entry = self._find(name)
        return entry, source.build(entry)

    def load(self, name: str) -> Network:
        """The network with its weights, downloaded if need be, on the CPU. Raises `ModelLoadFailed`."""
        source, entry = self._find(name)
        layers = self.describe(entry.name)  # first, because it may be done in a process apart
        return replace(
            source.load(entry),
            channels_last=frozenset(layer.name for layer in layers if layer.channels_last),
            layouts={layer.name: layer.layout for layer in layers if layer.layout is not None},
            channels={layer.name: layer.channels for layer in layers},
            classes_layer=entry.classes_layer,
        )

    def _all(self) -> Iterable[tuple[Source, ModelEntry]]:
        taken: set[str] = set()
        for source in self._sources:
            for entry in source.entries():
                aliases = tuple(alias for alias in entry.aliases if alias not in taken)
                taken.update(aliases)
                yield source, entry.model_copy(update={"aliases": aliases})

    def _find(self, name: str) -> tuple[Source, ModelEntry]:
        for source, entry in self._all():
            if name == entry.name or name in entry.aliases:
                return source, entry
        raise ModelLoadFailed(f"there is no network {name!r} (any more)")


def _described(source: Source, entry: ModelEntry) -> Description:
    orders = source.orders(entry)
    try:
        module = build_on_meta(lambda: source.build(entry))
        with torch.device("meta"), ShapesOnly():
            return describe(module, entry.input_channels, entry.input_size, orders)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  # whatever a network raises without values, it may run with some
        log.info("not described by shapes alone", model=entry.name, reason=str(error))
    module = source.build(entry)
    try:
        return describe(module, entry.input_channels, entry.input_size, orders)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a forward pass may raise anything, SystemExit too
        reason = error.detail if isinstance(error, ModelLoadFailed) else f"{type(error).__name__}: {error}"
        raise ModelLoadFailed(f"{entry.name} does not run on its own input size: {reason}") from error


def _kept(path: Path) -> Description | None:
    """A description from disk; one that cannot be read is a miss."""
    try:
        return _DESCRIPTION.validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        log.warning("layer list unreadable, computed again", file=path.name, error=str(error))
        return None


def _keep(path: Path, description: Description) -> None:
    try:
        atomic_file.write(path, _DESCRIPTION.dump_json(description), durable=False)
    except OSError as error:
        log.warning("layer list not kept", file=path.name, error=str(error))
