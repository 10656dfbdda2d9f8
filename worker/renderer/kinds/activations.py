"""Activations: one forward pass over a photograph."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from featurelens.engine.activations import ClassResponse, classify, respond
from featurelens.jobs.spec.activations import ActivationsSpec
from featurelens.jobs.store.photos import PhotoReader
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.one_pass import Findings, OnePass, OnePasses


class ActivationsPass(OnePass):
    """Which units respond most and least, and the classes."""

    def look(self) -> Findings:
        spec = self.ask.spec
        assert isinstance(spec, ActivationsSpec)
        picture = self.picture(spec.size)
        layers = respond(self.network, picture, spec.layers or [], spec.units)
        classes_layer = self.network.classes_layer
        classes = classify(self.network, picture, classes_layer, spec.units) if classes_layer else []
        return Findings(
            {
                "classes": [_class(one, self.network.labels) for one in classes],
                "layers": [{"layer": name, **asdict(response)} for name, response in layers.items()],
            }
        )


def workshop(_device: Device, photos: PhotoReader) -> OnePasses:
    """Photographs are read from `photos`."""
    return OnePasses(photos, ActivationsPass)


def _class(one: ClassResponse, labels: tuple[str, ...] | None) -> dict[str, Any]:
    label = labels[one.channel] if labels is not None and one.channel < len(labels) else None
    return {"channel": one.channel, "label": label, "logit": one.logit, "probability": one.probability}
