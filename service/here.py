"""What one layer says at one pixel, and how to picture it."""

from __future__ import annotations

from featurelens.jobs.spec.attribution import AttributionSpec
from featurelens.jobs.spec.maps import MapsSpec
from featurelens.jobs.spec.objectives import MAX_VECTOR, DirectionObjective
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.service.map_requests import LayerMaps
from featurelens.service.schemas.map_numbers import Here, UnitHere

POWER = 1.0
"""Of the cosine: not only much of what is seen here, but little else, as in a caricature."""


def here(maps: LayerMaps, x: int, y: int, units: int) -> Here:
    """What the layer's activations are at the position that covers the pixel (x, y) of the picture. Blocks."""
    column, row = maps.geometry.position(x, y)
    width, tokens = maps.job.width or 1, maps.job.tokens
    values = maps.file.column("activation", row * width + column)
    firing = [channel for channel, value in enumerate(values) if value > 0]
    best = sorted(firing, key=lambda channel: (-values[channel], channel))[:units]
    field = maps.geometry.field(column, row)
    return Here(
        layer=maps.job.spec.layer,
        kind=maps.layer.kind,
        value="activation",
        x=column,
        y=row,
        token=None if tokens is None else tokens.first + row * width + column,
        cell=list(maps.geometry.cell(column, row)),
        receptive_field=None if field is None else list(field),
        units=[UnitHere(channel=channel, value=values[channel]) for channel in best],
        request=_request(maps, values),
        attribution=_attribution(maps.job.spec, best[0], column, row) if best else None,
    )


def _request(maps: LayerMaps, vector: list[float]) -> VisualizationSpec | None:
    if not any(vector) or len(vector) > MAX_VECTOR:
        return None
    # The shortest decimals that are the same float32: half as long.
    short = [float(f"{value:.9g}") for value in vector]
    objective = DirectionObjective(type="direction", vector=short, power=POWER)
    return VisualizationSpec(model=maps.job.spec.model, layer=maps.job.spec.layer, objective=objective)


def _attribution(asked: MapsSpec, channel: int, x: int, y: int) -> AttributionSpec:
    fields = asked.model_dump(include={"model", "photo", "layer"})
    return AttributionSpec(**fields, channel=channel, of="position", x=x, y=y, size=asked.size)
