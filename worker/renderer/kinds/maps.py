"""Feature maps: all that one layer answers to a photograph, in one file of arrays.

`maps.safetensors` holds, in float32, `activation` and, where the layer ends in ReLU, `preactivation` (C, H, W), of both
the `.maximum`, `.minimum` and `.mean` of each map (C,); `photograph` (H, W, 3 or 1), the pixels that the network was
shown, 0 to 255; of transformers `first` (C, K), tokens that stand for no patch, and `attention` (heads, queries, keys).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from safetensors.torch import save
from torch import Tensor

from featurelens.engine.layer_maps import LayerMaps, layer_maps
from featurelens.jobs.spec.maps import MAX_BYTES, MapsSpec
from featurelens.jobs.store.map_file import FILE_NAME
from featurelens.jobs.store.photos import PhotoReader
from featurelens.worker.protocol import FileHead
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.one_pass import Findings, OnePass, OnePasses


class MapsPass(OnePass):
    """All maps of one layer."""

    def look(self) -> Findings:
        spec = self.ask.spec
        assert isinstance(spec, MapsSpec)
        picture = self.picture(spec.size)
        found = layer_maps(self.network, picture, spec.layer)
        if sum(maps.nbytes for maps in found.values.values()) > MAX_BYTES:
            raise ValueError(f"at most {MAX_BYTES >> 20} MB of maps are kept of one layer")
        content = save(_tensors(found, self.shown(picture)))
        head = FileHead(name=FILE_NAME, media_type="application/octet-stream", bytes=len(content))
        return Findings(_numbers(found), {head: content})


def workshop(_device: Device, photos: PhotoReader) -> OnePasses:
    """Photographs are read from `photos`."""
    return OnePasses(photos, MapsPass)


def _tensors(found: LayerMaps, shown: Tensor) -> dict[str, Tensor]:
    tensors = {**found.values, "first": found.first, "attention": found.attention, "photograph": shown}
    for name, maps in found.values.items():
        flat = maps.flatten(1)
        tensors |= {f"{name}.maximum": flat.amax(1), f"{name}.minimum": flat.amin(1), f"{name}.mean": flat.mean(1)}
    return {name: tensor for name, tensor in tensors.items() if tensor is not None}


def _numbers(found: LayerMaps) -> dict[str, Any]:
    channels, height, width = found.activation.shape
    attention = None
    if found.attention is not None:
        heads, queries, keys = found.attention.shape
        attention = {"module": found.attends, "heads": heads, "queries": queries, "keys": keys}
    return {
        "channels": channels,
        "height": height,
        "width": width,
        "values": {
            name: {"minimum": float(maps.amin()), "maximum": float(maps.amax())} for name, maps in found.values.items()
        },
        "tokens": None if found.tokens is None else asdict(found.tokens),
        "attention": attention,
    }
