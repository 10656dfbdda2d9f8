"""The kind `comparison`: what it costs, and which job it tells of."""

from __future__ import annotations

import pytest

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.errors import FeaturelensError, OutOfRange, UnknownLayer
from featurelens.jobs.kinds import COMPARISON
from featurelens.jobs.spec.comparison import ComparisonSpec
from tests.support.catalog import ENTRY
from tests.support.comparisons import SPEC


def test_golden() -> None:
    """If this fails, every comparison ever made has lost its name. Is that meant?"""
    weights, first = "sha256:" + "0" * 64, "fc1_f0e76eaaeb58fcc7690894cf1be021b5726aa44a4d754c14f74e280bdf84d0d3"
    second = "fc1_056b6bfcf31adeea2d26696acf091bb65fe401908a90aaa59ed8efe514dd9e9e"
    golden = "fc1_5f737409731c3bfe78ddf8ac57d3095400062225a33b32c99ba22fd6c5bf2b00"
    assert COMPARISON.key(SPEC, weights, "1") == golden
    told = [COMPARISON.tells_of(key, SPEC, weights, "1") for key in (golden, second, first, "fc1_" + "0" * 64)]
    assert told == [True, True, True, False]


def test_resolving_again_changes_nothing(catalog: Catalog) -> None:
    whole, entry = COMPARISON.resolve(catalog, SPEC.model_copy(update={"model": "tinynet", "layers": ["CONV1"]}))
    assert (entry, whole.model, whole.layers) == (ENTRY, ENTRY.name, ["conv1"])
    assert COMPARISON.resolve(catalog, whole) == (whole, entry)


def test_a_step_for_each_picture_and_image(catalog: Catalog) -> None:
    steps = 2 + 2 + 3
    assert (COMPARISON.steps(SPEC), COMPARISON.cost(SPEC)) == (steps, steps * 64 * 96)
    # conv1 answers 8 x 32 x 48 numbers, conv2 16 x 16 x 24.
    assert COMPARISON.memory(catalog, SPEC) == 4 * steps * (8 * 32 * 48 + 16 * 16 * 24)
    listed = COMPARISON.listed(SPEC)
    assert (listed.layer, listed.channel, listed.sign) == (SPEC.layer, SPEC.channel, "positive")
    assert COMPARISON.subject(SPEC) == SPEC.visualization


@pytest.mark.parametrize(
    ("change", "kind"), [({"layers": ["nowhere"]}, UnknownLayer), ({"size": (32, 32)}, OutOfRange)]
)
def test_refused(catalog: Catalog, change: dict[str, object], kind: type[FeaturelensError]) -> None:
    with pytest.raises(kind):
        COMPARISON.resolve(catalog, SPEC.model_copy(update=change))


def test_every_part_counts() -> None:
    changes: list[dict[str, object]] = [
        {"model": "other"},
        {"visualization": "fv1_" + "1" * 64},
        {"layer": "conv1"},
        {"channel": 4},
        {"sign": "negative"},
        {"others": []},
        {"photos": SPEC.photos[:1]},
        {"layers": ["conv1"]},
        {"dataset": "other"},
        {"identity": "sha256:" + "1" * 64},
        {"scan": "fs1_" + "1" * 64},
        {"by": "weakest"},
        {"examples": [3]},
        {"random": []},
        {"size": (96, 64)},
    ]
    keys = {COMPARISON.key(SPEC.model_copy(update=change), "w", "1") for change in changes}
    keys |= {COMPARISON.key(SPEC, *rest) for rest in (("w", "1"), ("v", "1"), ("w", "2"))}
    assert len(keys) == len(changes) + 3
    assert set(ComparisonSpec.model_fields) == {name for change in changes for name in change}
