"""Layers and classes under the names that people give them."""

from __future__ import annotations

from typing import Any

import pytest
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry
from featurelens.jobs.catalog.resolution import resolve
from featurelens.jobs.errors import OutOfRange, UnknownLayer
from featurelens.jobs.spec.visualization import VisualizationSpec
from tests.support.catalog import ENTRY


def spec(**fields: Any) -> VisualizationSpec:
    return VisualizationSpec.model_validate(fields)


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
