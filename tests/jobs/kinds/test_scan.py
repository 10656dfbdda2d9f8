"""What is asked of a data set becomes complete, and bound to the images as they are."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.errors import FeaturelensError, InvalidSpec, OutOfRange, UnknownDataset, UnknownLayer
from featurelens.jobs.kinds import SCAN
from featurelens.jobs.spec.scan import MAX_KEEP, ScanSpec
from tests.support.catalog import ENTRY
from tests.support.datasets import ENTRY as DATASET


def spec(**fields: Any) -> ScanSpec:
    return ScanSpec.model_validate({"model": "tinynet", "dataset": DATASET.name, **fields})


@pytest.fixture(autouse=True)
def published(catalog: Catalog) -> None:
    catalog.datasets.publish([DATASET])


def test_golden() -> None:
    """If this fails, every scan ever made has lost its name. Is that meant?"""
    asked = spec(model=ENTRY.name, layers=["conv2"], size=[64, 96], identity=DATASET.identity, images=40)
    weights, first = "sha256:" + "0" * 64, "fs1_fa8a6c188a6fadbc0e080651633a27ee2858dc43d2f23b4a360ba85e64b98cd1"
    second = "fs1_22e5853eb3bce66e0b4462af0c4efd9613bdb829be7f398e8779e9be1eb69c4f"
    golden = "fs1_71cb8dd4e5b5f13bfd1a6427093cf5cf42e898b20b1279b686cf9083421ce4fd"
    assert SCAN.key(asked, weights, "1") == golden
    told = [SCAN.tells_of(key, asked, weights, "1") for key in (golden, second, first, "fs1_" + "0" * 64)]
    assert told == [True, True, True, False]
    assert not SCAN.tells_of(first, asked, weights, "2")


def test_every_part_counts() -> None:
    asked = spec(layers=["conv2"], size=64, identity=DATASET.identity, images=40)
    changes: list[dict[str, object]] = [
        {"model": "other"},
        {"dataset": "other"},
        {"layers": ["conv1"]},
        {"keep": 8},
        {"size": (64, 32)},
        {"identity": "sha256:" + "6" * 64},
        {"images": 41},
    ]
    keys = {SCAN.key(asked.model_copy(update=change), "w", "1") for change in changes}
    assert len(keys | {SCAN.key(asked, *rest) for rest in (("w", "1"), ("v", "1"), ("w", "2"))}) == len(changes) + 3
    assert set(ScanSpec.model_fields) == {name for change in changes for name in change}


def test_what_is_left_out_is_filled_in(catalog: Catalog) -> None:
    whole, entry = SCAN.resolve(catalog, spec(layers=["CONV2", "conv2"]))
    assert (whole.model, whole.layers, whole.size) == (ENTRY.name, ["conv2"], ENTRY.input_size)
    assert (whole.identity, whole.images, SCAN.steps(whole)) == (DATASET.identity, 40, 40)
    assert SCAN.cost(whole) == 40 * ENTRY.input_size[0] * ENTRY.input_size[1]
    assert SCAN.resolve(catalog, whole) == (whole, entry)


@pytest.mark.parametrize(
    ("given", "kind", "pointer"),
    [
        ({"dataset": "nonesuch"}, UnknownDataset, "/dataset"),
        ({"layers": ["nowhere"]}, UnknownLayer, "/layers/0"),
        ({"layers": None}, InvalidSpec, "/layers"),
        ({"size": 8}, OutOfRange, "/size"),
        ({"images": 7}, OutOfRange, "/images"),
        ({"identity": "sha256:" + "0" * 64}, InvalidSpec, "/identity"),
    ],
)
def test_refused(catalog: Catalog, given: dict[str, Any], kind: type[FeaturelensError], pointer: str) -> None:
    with pytest.raises(kind) as error:
        SCAN.resolve(catalog, spec(**{"layers": ["conv1"], **given}))
    assert [fault.pointer for fault in error.value.faults] == [pointer]


def test_what_cannot_be_scanned_says_so(catalog: Catalog) -> None:
    catalog.datasets.publish([DATASET.model_copy(update={"images": 0})])
    with pytest.raises(InvalidSpec, match="has no images"):
        SCAN.resolve(catalog, spec(layers=["conv1"]))
    catalog.publish([ENTRY.model_copy(update={"input_channels": 4, "display": "sheet", "photograph": None})])
    with pytest.raises(InvalidSpec, match="takes no photographs"):
        SCAN.resolve(catalog, spec(layers=["conv1"]))


@pytest.mark.parametrize(
    "given", [{"dataset": "a/b"}, {"dataset": ".."}, {"layers": []}, {"keep": 0}, {"keep": MAX_KEEP + 1}, {"images": 0}]
)
def test_not_valid(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        spec(**given)
