"""What is asked of a photograph becomes complete: layers named, the size filled in, a key of its own."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.errors import FeaturelensError, InvalidSpec, OutOfRange, UnknownLayer, UnknownModel
from featurelens.jobs.kinds import ACTIVATIONS
from featurelens.jobs.spec.activations import MAX_LAYERS, MAX_UNITS, ActivationsSpec
from tests.support.catalog import ENTRY

PHOTO = "sha256:" + "0" * 64


def spec(**fields: Any) -> ActivationsSpec:
    return ActivationsSpec.model_validate({"model": "tinynet", "photo": PHOTO, **fields})


def test_golden() -> None:
    """If this fails, every answer ever given has lost its name. Is that meant?"""
    asked = spec(model=ENTRY.name, layers=["conv2"], size=[64, 96])
    golden = "fa1_25ce9593253d7bcd6baa92ac7f1d465f61837420162ae4f768223a02708452e2"
    assert ACTIVATIONS.key(asked, "sha256:" + "0" * 64, "1") == golden


def test_every_part_counts() -> None:
    asked = spec(layers=["conv2"], size=64)
    changes: list[dict[str, object]] = [
        {"model": "other"},
        {"photo": "sha256:" + "1" * 64},
        {"layers": ["conv1"]},
        {"units": 11},
        {"size": (64, 32)},
    ]
    keys = {ACTIVATIONS.key(asked.model_copy(update=change), "w", "1") for change in changes}
    keys |= {ACTIVATIONS.key(asked, *rest) for rest in (("w", "1"), ("v", "1"), ("w", "2"))}
    assert len(keys) == len(changes) + 3
    assert set(ActivationsSpec.model_fields) == {name for change in changes for name in change}


def test_what_is_left_out_is_filled_in(catalog: Catalog) -> None:
    """Layers are the recommended ones; where there are none, some have to be named."""
    with pytest.raises(InvalidSpec, match="name some"):
        ACTIVATIONS.resolve(catalog, spec())
    layers = [layer.model_copy(update={"recommended": layer.name == "conv2"}) for layer in catalog.layers(ENTRY)]
    catalog.publish_layers(ENTRY.name, layers)
    whole, _ = ACTIVATIONS.resolve(catalog, spec())
    assert (whole.model, whole.layers, whole.size) == (ENTRY.name, ["conv2"], ENTRY.input_size)
    assert ACTIVATIONS.resolve(catalog, whole)[0] == whole
    assert ACTIVATIONS.cost(whole) == ENTRY.input_size[0] * ENTRY.input_size[1]


def test_layers_by_any_name_and_once(catalog: Catalog) -> None:
    whole, _ = ACTIVATIONS.resolve(catalog, spec(layers=["CONV2", "conv1", "conv2"]))
    assert whole.layers == ["conv2", "conv1"]


@pytest.mark.parametrize(
    ("given", "kind", "pointer"),
    [
        ({"model": "nonesuch"}, UnknownModel, "/model"),
        ({"layers": ["conv1", "nowhere"]}, UnknownLayer, "/layers/1"),
        ({"size": 8}, OutOfRange, "/size"),
    ],
)
def test_refused(catalog: Catalog, given: dict[str, Any], kind: type[FeaturelensError], pointer: str) -> None:
    with pytest.raises(kind) as error:
        ACTIVATIONS.resolve(catalog, spec(**given))
    assert [fault.pointer for fault in error.value.faults] == [pointer]


@pytest.mark.parametrize(
    "given",
    [
        {"photo": "me.jpg"},
        {"layers": []},
        {"layers": ["l"] * (MAX_LAYERS + 1)},
        {"units": 0},
        {"units": MAX_UNITS + 1},
        {"units": True},
        {"size": 7},
        {"channel": 3},
    ],
)
def test_not_valid(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        spec(**given)


def test_a_network_that_takes_no_photographs_says_so(catalog: Catalog) -> None:
    catalog.publish([ENTRY.model_copy(update={"input_channels": 4, "display": "sheet", "photograph": None})])
    with pytest.raises(InvalidSpec, match="takes no photographs") as error:
        ACTIVATIONS.resolve(catalog, spec(layers=["conv2"]))
    assert [fault.pointer for fault in error.value.faults] == ["/photo"]
