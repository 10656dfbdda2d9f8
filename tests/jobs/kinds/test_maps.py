"""What is asked of a layer's maps becomes complete, and has a key of its own."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.errors import FeaturelensError, OutOfRange, TooLarge, UnknownLayer, UnknownModel
from featurelens.jobs.kinds import MAPS
from featurelens.jobs.kinds.base import Listed
from featurelens.jobs.spec.maps import MAX_BYTES, MapsSpec
from tests.support.catalog import ENTRY, LAYERS

PHOTO = "sha256:" + "0" * 64


def spec(**fields: Any) -> MapsSpec:
    return MapsSpec.model_validate({"model": "tinynet", "photo": PHOTO, "layer": "conv2", **fields})


def test_golden() -> None:
    """If this fails, all maps ever made have lost their name. Is that meant?"""
    golden = "fm1_b7780df36bbf67ce46af85ddfa36fe6d01eb5a5de46a02dd7f1b8c10616eaf13"
    assert MAPS.key(spec(model=ENTRY.name, size=[64, 96]), "sha256:" + "0" * 64, "1") == golden


def test_every_part_counts() -> None:
    asked = spec(size=64)
    changes: list[dict[str, object]] = [
        {"model": "other"},
        {"photo": "sha256:" + "1" * 64},
        {"layer": "conv1"},
        {"size": (64, 32)},
    ]
    keys = {MAPS.key(asked.model_copy(update=change), "w", "1") for change in changes}
    keys |= {MAPS.key(asked, *rest) for rest in (("w", "1"), ("v", "1"), ("w", "2"))}
    assert len(keys) == len(changes) + 3
    assert set(MapsSpec.model_fields) == {name for change in changes for name in change}


def test_what_is_left_out_is_filled_in(catalog: Catalog) -> None:
    whole, entry = MAPS.resolve(catalog, spec(layer="CONV2"))
    assert (whole.model, whole.layer, whole.size, entry.name) == (ENTRY.name, "conv2", ENTRY.input_size, ENTRY.name)
    assert MAPS.resolve(catalog, whole)[0] == whole
    assert MAPS.cost(whole) == ENTRY.input_size[0] * ENTRY.input_size[1]
    assert MAPS.listed(whole) == Listed("conv2")
    assert MAPS.photo(whole) == PHOTO
    assert MAPS.shown(whole, "sha256:" + "1" * 64).photo == "sha256:" + "1" * 64


def test_too_many_numbers(catalog: Catalog) -> None:
    """Of a layer that ends in ReLU, pre-activations count as well."""
    layer = LAYERS[1].model_copy(update={"channels": 1, "height": 1024, "width": MAX_BYTES >> 13})
    catalog.publish_layers(ENTRY.name, [layer])
    MAPS.resolve(catalog, spec())
    catalog.publish_layers(ENTRY.name, [layer.model_copy(update={"channels": 2})])
    with pytest.raises(TooLarge, match="128 MB") as error:
        MAPS.resolve(catalog, spec())
    assert [fault.pointer for fault in error.value.faults] == ["/layer"]


@pytest.mark.parametrize(
    ("given", "kind", "pointer"),
    [
        ({"model": "nonesuch"}, UnknownModel, "/model"),
        ({"layer": "nowhere"}, UnknownLayer, "/layer"),
        ({"size": 8}, OutOfRange, "/size"),
    ],
)
def test_refused(catalog: Catalog, given: dict[str, Any], kind: type[FeaturelensError], pointer: str) -> None:
    with pytest.raises(kind) as error:
        MAPS.resolve(catalog, spec(**given))
    assert [fault.pointer for fault in error.value.faults] == [pointer]


@pytest.mark.parametrize("given", [{"photo": "me.jpg"}, {"layer": ""}, {"layer": None}, {"size": 7}, {"channel": 3}])
def test_not_valid(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        spec(**given)
