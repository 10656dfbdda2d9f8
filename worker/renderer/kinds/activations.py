"""Activations: one forward pass over a photograph."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from typing import Any

import torch

from featurelens.engine.activations import ClassResponse, classify, respond
from featurelens.engine.network import Network
from featurelens.jobs.spec.activations import ActivationsSpec
from featurelens.jobs.store.photos import Photos
from featurelens.worker.protocol import Ask, Finished, Preview, Stage
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.photograph import decoded
from featurelens.worker.renderer.work import Identity, Work


class ForwardPass:
    """One photograph through one network: a work that is its own group, because one tick does it."""

    stage: Stage = "reading"
    score: float | None = None
    rows = 1
    room = 1

    def __init__(self, ask: Ask, network: Network, png: bytes, device: Device, begun: float) -> None:
        self.ask = ask
        self.network = network
        self.identity = self
        self.works: list[ForwardPass] = [self]
        self._png = png
        self._device = device
        self._begun = begun
        self._numbers: dict[str, Any] = {}

    @property
    def step(self) -> int:
        return 1 if self._numbers else 0

    def preview(self) -> tuple[Preview, bytes] | None:
        return None

    def tick(self, chosen: Sequence[Work]) -> Collection[Work]:
        spec = self.ask.spec
        assert isinstance(spec, ActivationsSpec)
        assert spec.size is not None
        picture = decoded(self._png, spec.size, self.network)
        layers = respond(self.network, picture, spec.layers or [], spec.units)
        classes_layer = self.network.classes_layer
        classes = classify(self.network, picture, classes_layer, spec.units) if classes_layer else []
        self._numbers = {
            "classes": [_class(one, self.network.labels) for one in classes],
            "layers": [{"layer": name, **asdict(response)} for name, response in layers.items()],
            **Device(torch.device("cpu"), torch.float32).numbers(self.network),
        }
        self.leave()
        return [self]

    def finish(self) -> tuple[Finished, bytes]:
        seconds = round(time.monotonic() - self._begun, 3)
        return Finished(numbers={**self._numbers, "seconds": seconds}), b""

    def leave(self) -> None:
        self.works = []


class ForwardPasses:
    """All forward passes of one device."""

    def __init__(self, device: Device, photos: Photos) -> None:
        self._device = device
        self._photos = photos
        self._passes: list[ForwardPass] = []

    def begin(self, ask: Ask, network: Network, begun: float) -> ForwardPass:
        """Reads the photograph; everything else happens in the tick. Raises `UnknownPhoto`."""
        assert isinstance(ask.spec, ActivationsSpec)
        made = ForwardPass(ask, network, self._photos.get(ask.spec.photo), self._device, begun)
        self._passes.append(made)
        return made

    def groups(self) -> Iterable[ForwardPass]:
        self._passes = [one for one in self._passes if one.works]
        return list(self._passes)

    def release(self, networks: Iterable[Identity]) -> None:
        """Nothing is kept for a network."""


def workshop(device: Device, photos: Photos) -> ForwardPasses:
    """The workshop of `device`; photographs are read from `photos`."""
    return ForwardPasses(device, photos)


def _class(one: ClassResponse, labels: tuple[str, ...] | None) -> dict[str, Any]:
    label = labels[one.channel] if labels is not None and one.channel < len(labels) else None
    return {"channel": one.channel, "label": label, "logit": one.logit, "probability": one.probability}
