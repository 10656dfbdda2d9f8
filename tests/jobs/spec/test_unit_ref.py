"""Units as people write them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.resolution import resolve
from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.spec.visualization import VisualizationSpec
from tests.support.catalog import ENTRY


def spec(**fields: Any) -> VisualizationSpec:
    return VisualizationSpec.model_validate(fields)


@pytest.mark.parametrize(
    ("unit", "model", "layer", "channel"),
    [
        ("googlenet/inception4a:97", "googlenet", "inception4a", 97),
        ("torchvision:resnet50@IMAGENET1K_V2/layer4.2:15", "torchvision:resnet50@IMAGENET1K_V2", "layer4.2", 15),
    ],
)
def test_a_unit_is_model_layer_and_channel(unit: str, model: str, layer: str, channel: int) -> None:
    assert spec(unit=unit) == spec(model=model, layer=layer, channel=channel)


def test_parts_of_a_unit_may_be_fields() -> None:
    whole = spec(model="tinynet", layer="conv2", channel=3)
    assert spec(unit="conv2:3", model="tinynet") == whole
    assert spec(unit="tinynet/conv2:3", layer="conv2") == whole
    assert spec(unit="tinynet/conv2", objective={"type": "layer"}).layer == "conv2"


@pytest.mark.parametrize("unit", ["", "/", ":", "a/", "/b:1", "a/:1", "a/b:", "x" * 10_000, 5, None, "conv2:3"])
def test_what_is_no_unit_is_refused(unit: object) -> None:
    with pytest.raises(ValidationError):
        spec(unit=unit)


@pytest.mark.parametrize("other", [{"model": "b"}, {"layer": "c"}, {"channel": 4}])
def test_fields_that_say_otherwise_are_refused(other: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(other))):
        spec(unit="a/b:3", **other)


def test_it_leaves_no_trace_in_the_key(catalog: Catalog) -> None:
    short, long = (
        resolve(catalog, asked)[0]
        for asked in (spec(unit="tinynet/Conv2:3"), spec(model="tinynet", layer="conv2", channel=3))
    )
    assert VISUALIZATION.key(short, ENTRY.digest, "1") == VISUALIZATION.key(long, ENTRY.digest, "1")


def test_the_schema_knows_it() -> None:
    schema = VisualizationSpec.model_json_schema()
    assert schema["properties"]["unit"]["type"] == "string"
    assert schema["anyOf"] == [{"required": ["model"]}, {"required": ["unit"]}]
