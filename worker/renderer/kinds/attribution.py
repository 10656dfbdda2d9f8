"""Attribution: which pixels of a photograph made a unit fire, in one file of arrays.

`attribution.safetensors` holds, in float32, `attribution` (H, W), by integrated gradients `colors` (C, H, W), whose sum
it is, by Grad-CAM `map` (h, w), which it is spread from; and `photograph` (H, W, 3 or 1), the pixels that the network
was shown, 0 to 255.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import torch
from safetensors.torch import save
from torch import Tensor

from featurelens.engine.extraction.untouched import on_device
from featurelens.engine.network import Network
from featurelens.engine.unit_value import UnitValue
from featurelens.jobs.kinds import ATTRIBUTION
from featurelens.jobs.spec.attribution import AttributionSpec, GradCamMethod, IntegratedGradientsMethod, OcclusionMethod
from featurelens.jobs.store.map_file import ATTRIBUTION_NAME
from featurelens.jobs.store.photos import PhotoReader
from featurelens.worker.protocol import Ask, FileHead
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.one_pass import Findings, OnePass, OnePasses
from featurelens.worker.renderer.work import Work

if TYPE_CHECKING:
    from featurelens.worker.renderer.attribution_methods import Attribution, Progress

SCALE = 0.98
"""The part of the pixels that the darkest colors leave below them: single pixels may say ten times as much as all."""


class AttributionWork(OnePass):
    """One photograph and one unit: as many ticks as its method takes."""

    def __init__(self, ask: Ask, network: Network, png: bytes, begun: float) -> None:
        super().__init__(ask, network, png, begun)
        assert isinstance(ask.spec, AttributionSpec)
        self._spec = ask.spec
        self._steps = ATTRIBUTION.steps(ask.spec)
        self._done = 0
        self._progress: Progress | None = None
        self._found: Attribution | None = None

    @property
    def step(self) -> int:
        return self._done

    def tick(self, chosen: Sequence[Work]) -> Collection[Work]:
        if self._progress is None:
            self._begin()
            assert self._progress is not None
        self._done, self._found = next(self._progress)
        return super().tick(chosen) if self._done == self._steps else ()

    def look(self) -> Findings:
        """What all ticks have found."""
        assert self._found is not None
        pixels = self._found.pixels.float()
        with torch.no_grad():
            value, at_baseline = (float(self._value(shown[None])) for shown in (self._picture, self._baseline))
        difference, total = value - at_baseline, float(self._found.pixels.sum())
        if not (math.isfinite(value) and math.isfinite(at_baseline) and pixels.isfinite().all()):
            raise ValueError("the layer or its gradients are no numbers, or too large for float32")
        error = abs(total - difference)
        size = pixels.abs().flatten()
        content = save(self._tensors(pixels))
        head = FileHead(name=ATTRIBUTION_NAME, media_type="application/octet-stream", bytes=len(content))
        numbers = {
            "explained": value,
            "at_baseline": at_baseline,
            "baseline": self._color.tolist(),
            "sum": total,
            "completeness_error": error,
            "relative_error": error / abs(difference) if difference else None,
            "scale": float(size.quantile(SCALE)) or float(size.amax()),
        }
        return Findings(numbers, {head: content})

    def _begin(self) -> None:
        from featurelens.worker.renderer import attribution_methods as methods

        spec = self._spec
        position = None if spec.x is None or spec.y is None else (spec.x, spec.y)
        before, maximum = spec.value == "preactivation", spec.of == "maximum"
        self._value = UnitValue(self.network, spec.layer, spec.channel, maximum, position, before)
        self._picture = self.picture(spec.size)
        neutral = self.network.preprocessing.neutral
        self._color = neutral if spec.baseline == "neutral" else torch.full_like(neutral, 0.5)
        self._baseline = self._color[:, None, None].expand_as(self._picture)
        match spec.method:
            case IntegratedGradientsMethod(steps=steps):
                self._progress = methods.integrated_gradients(self._value, self._picture, self._baseline, steps)
            case OcclusionMethod() as method:
                self._progress = methods.occlusion(self._value, self._picture, self._baseline, method)
            case GradCamMethod(layer=name):
                assert name is not None
                layer = on_device(self.network.module, self._picture.device).get_submodule(name)
                self._progress = methods.grad_cam(self._value, self._picture, layer, name)

    def _tensors(self, pixels: Tensor) -> dict[str, Tensor]:
        assert self._found is not None
        tensors = {
            "attribution": pixels,
            "colors": self._found.colors,
            "map": self._found.map,
            "photograph": self.shown(self._picture),
        }
        known = {name: tensor for name, tensor in tensors.items() if tensor is not None}
        return {
            name: (tensor.float() if tensor.is_floating_point() else tensor).contiguous()
            for name, tensor in known.items()
        }


def workshop(_device: Device, photos: PhotoReader) -> OnePasses:
    """Photographs are read from `photos`."""
    return OnePasses(photos, AttributionWork)
