"""What a picture takes of the device's memory, estimated from what the catalog says of its network.

Measured on a CPU in float32 (docs/reliability.md). Of the rows that pass one is counted, because a picture with more
can go in passes as small as that (docs/decisions/0020-large-pictures-in-passes.md).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry
from featurelens.jobs.scan_rows import rows
from featurelens.jobs.spec.objectives import InterpolationObjective, JointObjective
from featurelens.jobs.spec.parameterizations import CPPNParameters
from featurelens.jobs.spec.visualization import VisualizationSpec

_FLOAT = 4
_PASS = 1.5
"""Kept for the way back, as a part of what all layers up to the deepest one answer (measured: 0.6 to 1.4 in six
convolutional networks)."""
_TOKENS = 2.5
"""The same of layers that answer with tokens: attention keeps more than it answers (measured: 2.3 in ViT-B/16)."""
_ANSWERS = 5
"""Of every row, while others are on their way: what it answers and what stood before, both slopes, and some twice."""
_PICTURE = 12
"""Numbers for each value of a picture: parameters, moments, gradients, the way to the pixels (measured: 9 to 12)."""
_CPPN = 8
"""Numbers for each pixel and hidden unit of a CPPN (measured: 6.5)."""
_GATHERED = 56 << 10
"""Bytes for each unit of a scan, most of them while a hundred images are taken in (measured: 45 to 62 kB)."""
_READ = 7.5
"""Of the largest layer's answer, in a pass without a way back (measured: 4.1 to 7.2 in four networks)."""


def estimate(spec: VisualizationSpec, entry: ModelEntry, layers: Sequence[LayerEntry]) -> int:
    """Bytes. `spec` is resolved, `layers` are those of its network in the order they answer."""
    assert spec.size is not None
    assert spec.transform is not None
    pixels = spec.size[0] * spec.size[1]
    larger = pixels / (entry.input_size[0] * entry.input_size[1])
    read = layers_read(spec)
    answers = sum(_values(layer) for layer in _upto(read, layers) if layer.name in read) * larger
    rows = spec.pictures * spec.transform.views
    picture = _PICTURE * entry.input_channels
    if isinstance(spec.parameterization, CPPNParameters):
        picture += _CPPN * spec.parameterization.layers * spec.parameterization.width
    noise = rows * pixels * entry.input_channels if spec.transform.noise else 0
    row = kept(read, spec.size, entry, layers)
    return row + int(_FLOAT * (_ANSWERS * rows * answers + spec.pictures * pixels * picture + noise))


def kept(read: Collection[str], size: tuple[int, int], entry: ModelEntry, layers: Sequence[LayerEntry]) -> int:
    """Bytes for the way back of one picture of `size` through all `layers` up to the deepest one of `read`."""
    larger = size[0] * size[1] / (entry.input_size[0] * entry.input_size[1])
    holders = {layer.name.rpartition(".")[0] for layer in layers}
    return int(_FLOAT * sum(_kept(layer) for layer in _upto(read, layers) if layer.name not in holders) * larger)


def scanned(names: Sequence[str], size: tuple[int, int], entry: ModelEntry, layers: Sequence[LayerEntry]) -> int:
    """Bytes that a scan of these layers takes: what is gathered of each unit, and a pass without a way back.

    The pass is that of a CPU, where there are fewer images in it than on a GPU.
    """
    larger = size[0] * size[1] / (entry.input_size[0] * entry.input_size[1])
    known = {layer.name: layer for layer in layers}
    units = sum(known[name].channels for name in names if name in known)
    largest = max((_values(layer) for layer in _upto(names, layers)), default=0) * larger
    pictures = rows(entry.parameters or 0, size, "cpu")  # as many as there may be, where the number is not known
    return _GATHERED * units + int(_FLOAT * _READ * pictures * largest)


def most_numbers(
    names: Sequence[str], size: tuple[int, int], entry: ModelEntry, layers: Sequence[LayerEntry]
) -> list[int]:
    """How many numbers each of these layers answers to a picture of `size`, about."""
    larger = size[0] * size[1] / (entry.input_size[0] * entry.input_size[1])
    known = {layer.name: layer for layer in layers}
    return [int(_values(known[name]) * larger) for name in names]


def _upto(read: Collection[str], layers: Sequence[LayerEntry]) -> Sequence[LayerEntry]:
    places = {layer.name: place for place, layer in enumerate(layers)}
    return layers[: max((places[name] for name in read if name in places), default=len(layers) - 1) + 1]


def _kept(layer: LayerEntry) -> float:
    return (_TOKENS if layer.kind == "tokens" else _PASS) * _values(layer)


def _values(layer: LayerEntry) -> int:
    return layer.channels * (layer.height or 1) * (layer.width or 1)


def layers_read(spec: VisualizationSpec) -> set[str]:
    """The layers that the objective reads."""
    names = {spec.layer} if spec.layer else set()
    if isinstance(spec.objective, JointObjective):
        names |= {term.layer for term in spec.objective.terms}
    if isinstance(spec.objective, InterpolationObjective) and spec.objective.layer:
        names.add(spec.objective.layer)
    return names
