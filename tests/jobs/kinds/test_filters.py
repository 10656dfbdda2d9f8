"""What is asked of a unit's weights becomes complete: the layer named, the size filled in, a key of its own."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.errors import FeaturelensError, OutOfRange, UnknownLayer, UnknownModel
from featurelens.jobs.kinds import FILTERS
from featurelens.jobs.kinds.base import Listed
from featurelens.jobs.spec.filters import MAX_UNITS, FiltersSpec
from tests.support.catalog import ENTRY


def spec(**fields: Any) -> FiltersSpec:
    return FiltersSpec.model_validate({"model": "tinynet", "layer": "conv2", "channel": 3, **fields})


def test_golden() -> None:
    """If this fails, every answer ever given has lost its name. Is that meant?"""
    golden = "ff1_0473e17dbe689ac2a98a6f3a2a2a92114af8003f524da6017cfdfd8c13e6e46b"
    assert FILTERS.key(spec(model=ENTRY.name, size=[64, 96]), "sha256:" + "0" * 64, "1") == golden


def test_every_part_counts() -> None:
    asked = spec(size=64)
    changes: list[dict[str, object]] = [
        {"model": "other"},
        {"layer": "conv1"},
        {"channel": 4},
        {"units": 11},
        {"size": (64, 32)},
    ]
    keys = {FILTERS.key(asked.model_copy(update=change), "w", "1") for change in changes}
    keys |= {FILTERS.key(asked, *rest) for rest in (("w", "1"), ("v", "1"), ("w", "2"))}
    assert len(keys) == len(changes) + 3
    assert set(FiltersSpec.model_fields) == {name for change in changes for name in change}


def test_what_is_left_out_is_filled_in(catalog: Catalog) -> None:
    whole, _ = FILTERS.resolve(catalog, spec(layer="CONV2"))
    assert whole == spec(model=ENTRY.name, size=list(ENTRY.input_size))
    assert FILTERS.resolve(catalog, whole)[0] == whole
    assert FILTERS.cost(whole) == ENTRY.input_size[0] * ENTRY.input_size[1]
    assert FILTERS.listed(whole) == Listed("conv2", 3)


@pytest.mark.parametrize(
    ("fields", "error", "said"),
    [
        ({"model": "nonesuch"}, UnknownModel, "nonesuch"),
        ({"layer": "nowhere"}, UnknownLayer, "conv1"),
        ({"channel": 16}, OutOfRange, "between 0 and 15"),
        ({"size": 32}, OutOfRange, "at least 48"),
    ],
)
def test_refused(catalog: Catalog, fields: dict[str, Any], error: type[FeaturelensError], said: str) -> None:
    with pytest.raises(error, match=said):
        FILTERS.resolve(catalog, spec(**fields))


@pytest.mark.parametrize("fields", [{"units": 0}, {"units": MAX_UNITS + 1}, {"channel": -1}, {"layer": ""}])
def test_ranges(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        spec(**fields)
