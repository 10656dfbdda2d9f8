"""What is asked of an attribution becomes complete, is refused with what is valid, and has a key of its own."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.errors import FeaturelensError, InvalidSpec, OutOfRange, UnknownLayer, UnknownModel
from featurelens.jobs.kinds import ATTRIBUTION
from featurelens.jobs.kinds.base import Listed
from featurelens.jobs.spec.attribution import AttributionSpec, OcclusionMethod
from tests.support.catalog import ENTRY, LAYERS

PHOTO = "sha256:" + "0" * 64
CAM = {"type": "grad_cam"}


def spec(**fields: Any) -> AttributionSpec:
    return AttributionSpec.model_validate(
        {"model": "tinynet", "photo": PHOTO, "layer": "conv2", "channel": 3, **fields}
    )


def test_golden() -> None:
    """If this fails, all attributions ever made have lost their name. Is that meant?"""
    golden = "ft1_cc4319fc44a1bd07c9d113bfb49c97326eb360a220204b2607b9933a5ccd5b43"
    assert ATTRIBUTION.key(spec(model=ENTRY.name, size=[64, 96]), "sha256:" + "0" * 64, "1") == golden


def test_every_part_counts() -> None:
    changes: list[dict[str, Any]] = [
        {"model": "other"},
        {"photo": "sha256:" + "1" * 64},
        {"layer": "conv1"},
        {"channel": 4},
        {"of": "maximum"},
        {"of": "position", "x": 1, "y": 2},
        {"of": "position", "x": 2, "y": 1},
        {"value": "preactivation"},
        {"method": {"type": "integrated_gradients", "steps": 65}},
        {"method": CAM},
        {"method": {"type": "occlusion", "window": 8, "stride": 4}},
        {"method": {"type": "occlusion", "window": 8, "stride": 5}},
        {"baseline": "grey"},
        {"size": [64, 32]},
    ]
    keys = {ATTRIBUTION.key(spec(**change), "w", "1") for change in [{}, *changes]}
    assert len(keys) == len(changes) + 1
    assert set(AttributionSpec.model_fields) == {name for change in changes for name in change}


def test_what_is_left_out_is_filled_in(catalog: Catalog) -> None:
    whole, entry = ATTRIBUTION.resolve(catalog, spec(layer="CONV2"))
    assert (whole.model, whole.layer, whole.size, entry.name) == (ENTRY.name, "conv2", ENTRY.input_size, ENTRY.name)
    assert ATTRIBUTION.resolve(catalog, whole)[0] == whole
    assert ATTRIBUTION.steps(whole) == 64
    assert ATTRIBUTION.cost(whole) == 64 * 64 * 96
    assert ATTRIBUTION.memory(catalog, whole) > 0
    assert ATTRIBUTION.listed(whole) == Listed("conv2", 3)
    assert ATTRIBUTION.photo(whole) == PHOTO
    assert ATTRIBUTION.shown(whole, "sha256:" + "1" * 64).photo == "sha256:" + "1" * 64


def test_windows(catalog: Catalog) -> None:
    whole, _ = ATTRIBUTION.resolve(catalog, spec(method={"type": "occlusion"}))
    assert whole.method == OcclusionMethod(type="occlusion", window=8, stride=4)
    assert ATTRIBUTION.resolve(catalog, whole)[0] == whole
    assert ATTRIBUTION.steps(whole) == 15 * 23
    only_stride, _ = ATTRIBUTION.resolve(catalog, spec(method={"type": "occlusion", "stride": 9}))
    assert only_stride.method == OcclusionMethod(type="occlusion", window=9, stride=9)


@pytest.mark.parametrize(("length", "window", "stride"), [(10, 4, 3), (10, 4, 4), (11, 10, 1), (9, 9, 9), (7, 9, 2)])
def test_windows_cover_all_and_no_more(length: int, window: int, stride: int) -> None:
    starts = OcclusionMethod(type="occlusion", window=window, stride=stride).starts(length)
    assert {pixel for start in starts for pixel in range(start, min(start + window, length))} == set(range(length))
    assert len(starts) == 1 or starts[-2] + window < length


def test_the_layer_of_grad_cam(catalog: Catalog) -> None:
    whole, _ = ATTRIBUTION.resolve(catalog, spec(layer="logits", method=CAM))
    assert whole.method.model_dump() == {"type": "grad_cam", "layer": "conv2"}
    named, _ = ATTRIBUTION.resolve(catalog, spec(layer="logits", method={**CAM, "layer": "CONV1"}))
    assert named.method.model_dump() == {"type": "grad_cam", "layer": "conv1"}
    assert (ATTRIBUTION.steps(whole), ATTRIBUTION.cost(whole)) == (1, 64 * 96)
    inside = LAYERS[0].model_copy(update={"name": "logits.norm"})
    added = LAYERS[0].model_copy(update={"name": "block.add", "type": "add"})
    catalog.publish_layers(ENTRY.name, [*LAYERS[:2], inside, added, LAYERS[2]])
    whole, _ = ATTRIBUTION.resolve(catalog, spec(layer="logits", method=CAM))
    assert whole.method.model_dump() == {"type": "grad_cam", "layer": "conv2"}


@pytest.mark.parametrize(
    ("given", "kind", "pointer"),
    [
        ({"model": "nonesuch"}, UnknownModel, "/model"),
        ({"layer": "nowhere"}, UnknownLayer, "/layer"),
        ({"size": 8}, OutOfRange, "/size"),
        ({"channel": 16}, OutOfRange, "/channel"),
        ({"layer": "conv1", "value": "preactivation"}, OutOfRange, "/value"),
        ({"of": "position", "x": 24, "y": 0}, OutOfRange, "/x"),
        ({"of": "position", "x": 23, "y": 16}, OutOfRange, "/y"),
        ({"layer": "logits", "of": "position", "x": 0, "y": 1}, OutOfRange, "/y"),
        ({"method": {"type": "occlusion", "window": 65}}, OutOfRange, "/method/window"),
        ({"layer": "conv1", "method": CAM}, InvalidSpec, "/method"),
        ({"method": {**CAM, "layer": "nowhere"}}, UnknownLayer, "/method/layer"),
        ({"method": {**CAM, "layer": "conv2"}}, OutOfRange, "/method/layer"),
        ({"method": {**CAM, "layer": "logits"}}, OutOfRange, "/method/layer"),
    ],
)
def test_refused(catalog: Catalog, given: dict[str, Any], kind: type[FeaturelensError], pointer: str) -> None:
    with pytest.raises(kind) as error:
        ATTRIBUTION.resolve(catalog, spec(**given))
    assert isinstance(error.value, InvalidSpec)
    assert [fault.pointer for fault in error.value.faults] == [pointer]


@pytest.mark.parametrize(
    "given",
    [
        {"photo": "me.jpg"},
        {"channel": None},
        {"of": "position"},
        {"of": "position", "x": 1},
        {"x": 1, "y": 1},
        {"of": "median"},
        {"value": "gradient"},
        {"method": "occlusion"},
        {"method": {"type": "integrated_gradients", "steps": 0}},
        {"method": {"type": "integrated_gradients", "steps": 1025}},
        {"method": {"type": "occlusion", "window": 4, "stride": 5}},
        {"method": {"type": "occlusion", "steps": 5}},
        {"baseline": "black"},
    ],
)
def test_not_valid(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        spec(**given)
