"""The kind `attribution`: which pixels of one photograph made one unit fire."""

from __future__ import annotations

from collections.abc import Sequence

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry
from featurelens.jobs.catalog.feature_maps import largest
from featurelens.jobs.catalog.layer_names import LayerNames
from featurelens.jobs.catalog.resolution import check_photograph, resolve_size
from featurelens.jobs.errors import InvalidSpec, OutOfRange
from featurelens.jobs.kinds.base import Kind, Listed
from featurelens.jobs.memory import kept
from featurelens.jobs.spec.attribution import AttributionSpec, GradCamMethod, IntegratedGradientsMethod, OcclusionMethod

TICK_PIXELS = 1 << 17
"""Of one tick, at least one picture's: two of 224 x 224, which take a VGG-16 a second there and back on two cores."""

MOST_ROWS = 16
"""Pictures of one tick."""

_BEFORE = "/method/layer"


class Attribution(Kind[AttributionSpec]):
    """Passes over many pictures between the photograph and none: a few of them a tick."""

    name = "attribution"
    prefix = "ft1_"
    spec = AttributionSpec

    def resolve(self, catalog: Catalog, spec: AttributionSpec) -> tuple[AttributionSpec, ModelEntry]:
        """Finds layers by any of their names; fills in size, window, stride, and the layer of Grad-CAM."""
        entry = catalog.model(spec.model)
        check_photograph(entry, "/photo")
        size = resolve_size(spec.size, entry)
        layers = catalog.layers(entry)
        names = LayerNames(entry, layers)
        layer = names.named(spec.layer, "/layer")
        if spec.channel >= layer.channels:
            detail = f"channel must be between 0 and {layer.channels - 1} in layer {layer.name}"
            raise OutOfRange.at("/channel", detail)
        if spec.value == "preactivation" and not layer.rectified:
            detail = f"layer {layer.name} does not end in ReLU: value must be activation"
            raise OutOfRange.at("/value", detail)
        _check_position(spec, layer, entry, size)
        method = spec.method
        if isinstance(method, OcclusionMethod):
            method = method.completed(size)
            if (method.window or 0) > min(size):
                raise OutOfRange.at("/method/window", f"window must be at most {min(size)}, the shorter side")
        elif isinstance(method, GradCamMethod):
            wanted = None if method.layer is None else names.named(method.layer, _BEFORE)
            method = method.model_copy(update={"layer": _before(layer, layers, wanted)})
        changes = {"model": entry.name, "layer": layer.name, "size": size, "method": method}
        return spec.model_copy(update=changes), entry

    def cost(self, spec: AttributionSpec) -> int:
        """Steps x height x width."""
        assert spec.size is not None
        return self.steps(spec) * spec.size[0] * spec.size[1]

    def memory(self, catalog: Catalog, spec: AttributionSpec) -> int:
        entry = catalog.model(spec.model)
        assert spec.size is not None
        gradients = isinstance(spec.method, IntegratedGradientsMethod)
        rows = min(max(1, TICK_PIXELS // (spec.size[0] * spec.size[1])), MOST_ROWS) if gradients else 1
        return rows * kept({spec.layer}, spec.size, entry, catalog.layers(entry))

    def steps(self, spec: AttributionSpec) -> int:
        """Pictures on the way, or windows."""
        assert spec.size is not None
        match spec.method:
            case IntegratedGradientsMethod(steps=steps):
                return steps
            case OcclusionMethod() as method:
                return len(method.starts(spec.size[0])) * len(method.starts(spec.size[1]))
            case GradCamMethod():
                return 1

    def photo(self, spec: AttributionSpec) -> str | None:
        return spec.photo

    def listed(self, spec: AttributionSpec) -> Listed:
        return Listed(spec.layer, spec.channel)


def _check_position(spec: AttributionSpec, layer: LayerEntry, entry: ModelEntry, size: tuple[int, int]) -> None:
    """As far as the catalog makes it certain; tokens lie on the picture in a way that it does not know."""
    if layer.kind == "tokens":
        return
    height, width = largest(layer, entry.input_size, size)
    for axis, place, positions in (("x", spec.x, width), ("y", spec.y, height)):
        if place is not None and positions is not None and place >= positions:
            valid = f"between 0 and {positions - 1}" if positions > 1 else "0"
            detail = f"{axis} must be {valid}: it counts positions of the feature maps of {layer.name}"
            raise OutOfRange.at(f"/{axis}", detail)


def _before(unit: LayerEntry, layers: Sequence[LayerEntry], wanted: LayerEntry | None) -> str:
    """The layer whose maps Grad-CAM adds up: `wanted`, where it will do. `layers` are in the order they answer."""
    earlier = layers[: [layer.name for layer in layers].index(unit.name)]
    fit = [layer for layer in earlier if _is_fit(layer)]
    apart = [layer.name for layer in fit if not layer.name.startswith(f"{unit.name}.")]
    if not apart:
        raise InvalidSpec.at("/method", f"no spatial layer stands before {unit.name}: Grad-CAM has no maps to weight")
    if wanted is None:
        return apart[-1]
    if wanted not in fit:
        nearest = ", ".join(apart[:-6:-1])
        detail = f"it must be a module with feature maps that answers before {unit.name}, such as {nearest}"
        raise OutOfRange.at(_BEFORE, detail)
    return wanted.name


def _is_fit(layer: LayerEntry) -> bool:
    """A module (functions between modules have no hooks) with maps (channels, rows, columns) of several positions."""
    maps = layer.kind == "spatial" and layer.layout is None and (layer.height or 1) * (layer.width or 1) > 1
    return maps and layer.type not in {"add", "relu", "cat"}
