"""Units as people write them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry
from featurelens.jobs.catalog.resolution import resolve
from featurelens.jobs.errors import OutOfRange, UnknownLayer
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.key import visualization_key
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
    assert visualization_key(short, ENTRY.digest, "1") == visualization_key(long, ENTRY.digest, "1")


def test_the_schema_knows_it() -> None:
    schema = VisualizationSpec.model_json_schema()
    assert schema["properties"]["unit"]["type"] == "string"
    assert schema["anyOf"] == [{"required": ["model"]}, {"required": ["unit"]}]


def network(redis: Redis, layers: list[str], **changes: Any) -> Catalog:
    catalog = Catalog(redis)
    entry = ENTRY.model_copy(update=changes)
    catalog.publish([entry])
    entries = [LayerEntry(name=name, type="Conv2d", kind="spatial", channels=4, height=8, width=8) for name in layers]
    catalog.publish_layers(entry.name, entries)
    return catalog


def test_underscores_as_lucent_writes_them(redis: Redis) -> None:
    catalog = network(redis, ["layer4.2.conv3", "layer4.2", "blocks.encoder_layer_3"])
    for given, meant in (("layer4_2_conv3", "layer4.2.conv3"), ("layer4_2", "layer4.2")):
        assert resolve(catalog, spec(unit=f"tinynet/{given}:3"))[0].layer == meant
    joint = {"type": "joint", "terms": [{"layer": "blocks_encoder_layer_3", "channel": 1}]}
    resolved = resolve(catalog, spec(model="tinynet", objective=joint))[0]
    assert resolved.model_dump()["objective"]["terms"][0]["layer"] == "blocks.encoder_layer_3"


def test_a_name_that_does_not_decide_tells_its_candidates(redis: Redis) -> None:
    catalog = network(redis, ["a.b_c", "a_b.c", "other"])
    with pytest.raises(UnknownLayer, match=r"any of a\.b_c, a_b\.c"):
        resolve(catalog, spec(unit="tinynet/a_b_c:0"))
    with pytest.raises(UnknownLayer, match=r"nearest: other"):
        resolve(catalog, spec(unit="tinynet/otter:0"))


@pytest.mark.parametrize("name", ["mixed4a", "mixed4a_3x3", "conv2d0"])
def test_distill_names_are_refused_with_the_reason(redis: Redis, name: str) -> None:
    catalog = network(redis, ["inception4a"], architecture="googlenet")
    with pytest.raises(UnknownLayer, match="508"):
        resolve(catalog, spec(unit=f"tinynet/{name}:97"))


class TestClasses:
    LABELS = ("goldfish", "crane", "Crane", "tench")

    @pytest.fixture
    def catalog(self, redis: Redis) -> Catalog:
        return network(redis, ["body", "fc"], labels=self.LABELS, classes_layer="fc")

    def entry(self, catalog: Catalog) -> ModelEntry:
        return catalog.model("tinynet")

    def test_labels_come_with_the_network_only(self, catalog: Catalog) -> None:
        assert self.entry(catalog).labels == self.LABELS
        assert not any(hasattr(entry, "labels") for entry in catalog.models())

    def test_a_class_by_its_label(self, catalog: Catalog) -> None:
        resolved = resolve(catalog, spec(unit="tinynet/fc:Tench"))[0]
        assert (resolved.layer, resolved.model_dump()["objective"]["label"]) == ("fc", 3)

    @pytest.mark.parametrize(
        ("unit", "told"), [("fc:crane", "1, 2"), ("fc:goldfisch", "goldfish"), ("body:tench", "fc")]
    )
    def test_labels_that_do_not_decide(self, catalog: Catalog, unit: str, told: str) -> None:
        with pytest.raises(OutOfRange, match=told):
            resolve(catalog, spec(unit=f"tinynet/{unit}"))
