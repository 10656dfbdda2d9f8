"""The key must stay what it is: everybody's links and caches hang on it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.kinds.base import KEY_PATTERN, engine_of
from featurelens.jobs.spec.objectives import LayerObjective
from featurelens.jobs.spec.optimizers import OptimizerChoice
from featurelens.jobs.spec.parameterizations import FourierParameters
from featurelens.jobs.spec.regularizers import RegularizerWeights
from featurelens.jobs.spec.transforms import TransformRanges
from featurelens.jobs.spec.visualization import VisualizationSpec
from tests.support.catalog import ENTRY

SPEC = VisualizationSpec(
    model="bundled:tinynet@sha256-0123456789ab", layer="conv2", channel=3, size=(64, 96)
).completed()


def test_golden() -> None:
    """If this fails, every picture ever made has lost its name. Is that meant?"""
    golden = "fv1_56bbd1b697371c8d6bf43cd667b9a3458d2311f9eafff1dbf08b39fa04666189"
    assert VISUALIZATION.key(SPEC, "sha256:" + "0" * 64, "1") == golden


def test_a_layer_without_a_photograph_keeps_its_key() -> None:
    """The field came later."""
    spec = VisualizationSpec(model="m", layer="l", size=(64, 96), objective=LayerObjective(type="layer")).completed()
    golden = "fv1_b8df8ddc2fa2505bf42b606772270d68b1f02d5959a0694a9d6028c26e4fd239"
    assert VISUALIZATION.key(spec, "sha256:" + "0" * 64, "1") == golden
    photo = LayerObjective(type="layer", photo="sha256:" + "0" * 64)
    assert VISUALIZATION.key(spec.model_copy(update={"objective": photo}), "sha256:" + "0" * 64, "1") != golden


def test_needs_a_resolved_spec() -> None:
    with pytest.raises(ValueError, match="not filled in"):
        VISUALIZATION.key(SPEC.model_copy(update={"size": None}), "sha256:0", "1")


def test_every_part_counts() -> None:
    changes: list[dict[str, object]] = [
        {"model": "other"},
        {"layer": "conv1"},
        {"channel": 4},
        {"sign": "negative"},
        {"steps": 129},
        {"size": (96, 64)},
        {"seed": 1},
        {"objective": LayerObjective(type="layer")},
        {"parameterization": FourierParameters(decay=1.5)},
        {"transform": TransformRanges(jitter=0.0)},
        {"regularizers": RegularizerWeights(tv=1.0)},
        {"optimizer": OptimizerChoice(learning_rate=0.1)},
        {"snapshots": [0]},
    ]
    keys = {VISUALIZATION.key(SPEC.model_copy(update=change), "sha256:0", "1") for change in changes}
    keys |= {VISUALIZATION.key(SPEC, *rest) for rest in (("sha256:0", "1"), ("sha256:1", "1"), ("sha256:0", "2"))}
    assert len(keys) == len(changes) + 3
    assert set(VisualizationSpec.model_fields) == {name for change in changes for name in change}


@given(st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable()), st.integers(0, 2**32 - 1))
def test_is_a_function_of_the_values(layer: str, seed: int) -> None:
    spec = SPEC.model_copy(update={"layer": layer, "seed": seed})
    key = VISUALIZATION.key(spec, "w", "r")
    assert KEY_PATTERN.fullmatch(key)
    assert key == VISUALIZATION.key(VisualizationSpec.model_validate(spec.model_dump(mode="json")), "w", "r")


def test_the_engine_that_a_job_needs() -> None:
    assert engine_of(VISUALIZATION.needs(SPEC, ENTRY)) == ENTRY.renderer
    assert engine_of(("dataset birds sha256:0",)) == ""
