"""The catalog knows what is valid, and says so."""

from __future__ import annotations

import pytest
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.resolution import resolve
from featurelens.jobs.errors import CatalogPending, OutOfRange, UnknownLayer, UnknownModel
from featurelens.jobs.spec.visualization import VisualizationSpec
from tests.support.catalog import ENTRY, LAYERS


def spec(**changes: object) -> VisualizationSpec:
    return VisualizationSpec.model_validate({"model": "tinynet", "layer": "conv2", "channel": 0, **changes})


def test_resolves_alias_and_size(catalog: Catalog) -> None:
    resolved, entry = resolve(catalog, spec())
    assert (resolved.model, resolved.size, entry) == (ENTRY.name, ENTRY.input_size, ENTRY)
    assert resolve(catalog, resolved)[0] == resolved
    assert resolve(catalog, spec(size=[50, 60]))[0].size == (50, 60)


def test_unknown_names_tell_the_nearest(catalog: Catalog) -> None:
    with pytest.raises(UnknownModel, match="tinynet") as model:
        resolve(catalog, spec(model="tinnynet"))
    assert model.value.faults[0].pointer == "/model"
    with pytest.raises(UnknownLayer, match=r"nearest: conv[12]") as layer:
        resolve(catalog, spec(layer="conv3"))
    assert layer.value.faults[0].pointer == "/layer"


@pytest.mark.parametrize(
    ("changes", "pointer", "valid"),
    [({"channel": 16}, "/channel", "between 0 and 15"), ({"size": 47}, "/size", "at least 48")],
)
def test_ranges(catalog: Catalog, changes: dict[str, object], pointer: str, valid: str) -> None:
    with pytest.raises(OutOfRange, match=valid) as error:
        resolve(catalog, spec(**changes))
    assert error.value.faults[0].pointer == pointer


def test_fixed_size(catalog: Catalog) -> None:
    catalog.publish([ENTRY.model_copy(update={"fixed_size": True})])
    assert resolve(catalog, spec(size=[64, 96]))[0].size == (64, 96)
    with pytest.raises(OutOfRange, match="64x96 only"):
        resolve(catalog, spec(size=64))


def test_layers_are_asked_for_once(redis: Redis) -> None:
    catalog = Catalog(redis)
    catalog.publish([ENTRY])
    for _ in range(3):
        with pytest.raises(CatalogPending):
            resolve(catalog, spec())
    assert catalog.next_wanted() == ENTRY.name
    assert catalog.next_wanted() is None
    catalog.publish_layers(ENTRY.name, LAYERS)
    assert catalog.layers(ENTRY) == LAYERS


def test_publishing_replaces_the_networks(catalog: Catalog) -> None:
    catalog.publish([ENTRY.model_copy(update={"name": "other", "aliases": ()})])
    assert [entry.name for entry in catalog.models()] == ["other"]


def test_a_picture_as_small_as_the_network_survives_its_record(catalog: Catalog) -> None:
    """Digits of 28x28 pixels."""
    catalog.publish([ENTRY.model_copy(update={"input_size": (28, 28), "min_size": 28, "fixed_size": True})])
    resolved = resolve(catalog, spec())[0]
    assert resolved.size == (28, 28)
    assert VisualizationSpec.model_validate_json(resolved.model_dump_json()) == resolved
