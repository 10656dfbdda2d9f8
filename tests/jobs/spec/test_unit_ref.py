"""Units as people write them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry
from featurelens.jobs.catalog.resolution import resolve
from featurelens.jobs.errors import OutOfRange, UnknownLayer, UnknownModel
from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.spec.unit_ref import MOST_SPLITS
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.service.schemas.sweep_spec import SweepSpec
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


MODELS = ("plain", "org", "org/net", "a:b@c")
LABELS = ("cat", "and/or", "b:3", "a: b/c")
PLACES = ("conv", "block/conv", "net/conv", "a:b", "x/y:z", "a:7", "fc")


def entry(name: str) -> ModelEntry:
    return ENTRY.model_copy(update={"name": name, "aliases": (), "classes_layer": "fc", "labels": LABELS})


@pytest.fixture
def slashes(redis: Redis) -> Catalog:
    """Networks and layers whose names hold slashes and colons; only the network `org` has no layer `net/conv`."""
    catalog = Catalog(redis)
    catalog.publish([entry(name) for name in MODELS])
    for model in MODELS:
        names = [name for name in PLACES if (model, name) != ("org", "net/conv")]
        layers = [LayerEntry(name=name, type="Conv2d", kind="spatial", channels=16) for name in names]
        catalog.publish_layers(model, layers)
    return catalog


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("layer", PLACES)
def test_names_may_hold_slashes_and_colons(slashes: Catalog, model: str, layer: str) -> None:
    if (model, layer) == ("org", "net/conv"):
        model, layer = "org/net", "conv"
    unit = f"{model}/{layer}"
    long = resolve(slashes, spec(model=model, layer=layer, channel=3))[0]
    assert resolve(slashes, spec(unit=f"{unit}:3"))[0] == long
    for index, label in enumerate(LABELS):
        if layer == "fc":
            made = resolve(slashes, spec(unit=f"{unit}:{label}"))[0]
            assert (made.model, made.layer, made.listed_channel) == (model, layer, index)
    if layer != "a:7":  # which is channel 7 of a, or has to be given as layer
        assert resolve(slashes, spec(unit=unit, objective={"type": "layer"}))[0].layer == layer
    sweep = SweepSpec.model_validate({"unit": unit, "channels": "0-3"}) if layer != "a:7" else None
    if sweep is not None:
        widest = resolve(slashes, sweep.widest())[0]
        assert widest == long
        assert [(one.model, one.layer) for one in sweep.pictures_of(widest)] == [(model, layer)] * 4


def test_what_has_two_meanings_keeps_the_one_it_had(slashes: Catalog) -> None:
    """Names end at the first slash and the first colon, where there are such names."""
    slashes.publish_layers("org", [LayerEntry(name="net/conv", type="Conv2d", kind="spatial", channels=16)])
    assert resolve(slashes, spec(unit="org/net/conv:3"))[0].model == "org"
    assert resolve(slashes, spec(unit="org/net/conv:3", model="org/net"))[0].layer == "conv"


@pytest.mark.parametrize(
    ("unit", "kind", "told"),
    [
        ("org/net/conv:16", OutOfRange, "between 0 and 15 in layer conv"),
        ("org/net/konv:3", UnknownLayer, "nearest: .*conv"),
        ("nobody/net/conv:3", UnknownModel, "'nobody'"),
        ("plain/a:b:16", OutOfRange, "between 0 and 15 in layer a:b"),
        ("plain/fc:dog", OutOfRange, "no class 'dog'"),
    ],
)
def test_the_meaning_that_gets_furthest_is_refused(
    slashes: Catalog, unit: str, kind: type[Exception], told: str
) -> None:
    with pytest.raises(kind, match=told):
        resolve(slashes, spec(unit=unit))


def test_what_is_wrong_besides_is_told_once() -> None:
    with pytest.raises(ValidationError) as caught:
        spec(unit="a/b/c:d:3", steps=0)
    assert [error["loc"] for error in caught.value.errors()] == [("steps",)]


def test_it_is_not_read_in_any_number_of_ways() -> None:
    assert 1 < len(spec(unit="a/b:" * 30 + "c:3").meanings) <= (MOST_SPLITS + 1) * (MOST_SPLITS + 2)
    deep = "/".join("abcdefghij")
    assert [one.layer for one in spec(unit=f"m/{deep}:x:y:3").meanings if one.channel == 3][-1] == f"{deep}:x:y"


def test_the_schema_knows_it() -> None:
    schema = VisualizationSpec.model_json_schema()
    assert schema["properties"]["unit"]["type"] == "string"
    assert "model" not in schema.get("required", [])
