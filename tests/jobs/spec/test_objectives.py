"""Each objective takes exactly what it needs, and how the picture is made stays within its ranges."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from featurelens.jobs.spec.base import SpecModel
from featurelens.jobs.spec.objective_spec import ObjectiveSpec
from featurelens.jobs.spec.parameterizations import Parameterization, ParameterizationSpec
from featurelens.jobs.spec.visualization import VisualizationSpec
from tests.support.specs import KINDS, LEAST, OBJECTIVES, PARAMETERIZATIONS, PHOTO, UNIT, members, spec


def flat(**fields: Any) -> VisualizationSpec:
    return VisualizationSpec.model_validate({"model": "m", **UNIT, **fields})


def leaves(base: type[SpecModel]) -> set[type[SpecModel]]:
    """The classes made of it that nothing else is made of."""
    return {leaf for child in base.__subclasses__() for leaf in leaves(child)} or {base}


def test_all_can_be_asked_for() -> None:
    assert set(OBJECTIVES.values()) == leaves(ObjectiveSpec)
    assert set(members(Parameterization).values()) == leaves(ParameterizationSpec)


@pytest.mark.parametrize("kind", KINDS)
def test_the_smallest_survives_its_record(kind: str) -> None:
    made = spec(kind)
    assert made.objective.type == kind
    assert VisualizationSpec.model_validate_json(made.model_dump_json()) == made
    assert (made.photo == PHOTO) == ("photo" in LEAST.get(kind, {}))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("field", ["layer", "channel"])
def test_layer_and_channel(kind: str, field: str) -> None:
    if field in OBJECTIVES[kind].needs:
        with pytest.raises(ValidationError, match=f"objective {kind} needs {field}"):
            spec(kind, **{field: None})
    elif (kind, field) == ("class", "layer"):
        assert spec(kind, layer="l").layer == "l"
    else:
        with pytest.raises(ValidationError, match=f"objective {kind} takes no {field}"):
            spec(kind, **{field: UNIT[field]})


@pytest.mark.parametrize("kind", KINDS)
def test_sign(kind: str) -> None:
    assert spec(kind, sign="positive").sign == "positive"
    if kind in ("layer", "joint", "caricature", "inversion"):
        with pytest.raises(ValidationError, match=f"objective {kind} has no negative"):
            spec(kind, sign="negative")
    else:
        assert spec(kind, sign="negative").sign == "negative"


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_else(kind: str) -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        spec(kind, {"colour": 1})
    for field in LEAST.get(kind, {}):
        with pytest.raises(ValidationError):
            spec(kind, {field: None})


@pytest.mark.parametrize("union", ["objective", "parameterization"])
@pytest.mark.parametrize("given", [{}, {"type": "Channel"}, {"type": None}, {"type": "unknown"}, "channel", []])
def test_types_are_told_apart(union: str, given: Any) -> None:
    with pytest.raises(ValidationError):
        flat(**{union: given})


@pytest.mark.parametrize(
    ("given", "right"),
    [
        ({"seed": 0, "vector": [1.0]}, False),
        ({"seed": None}, False),
        ({"seed": None, "vector": [1.0, -2]}, True),
        ({"seed": None, "vector": []}, False),
        ({"seed": None, "vector": [float("nan")]}, False),
        ({"seed": None, "vector": [1.0, float("inf")]}, False),
        ({"seed": None, "vector": [True]}, False),
        ({"seed": None, "vector": "1,2"}, False),
        ({"seed": 2**32 - 1}, True),
        ({"seed": 2**32}, False),
        ({"x": 0}, True),
    ],
)
def test_a_direction_has_a_vector_or_a_seed(given: dict[str, Any], right: bool) -> None:
    if right:
        assert spec("direction", given).objective.type == "direction"
    else:
        with pytest.raises(ValidationError):
            spec("direction", given)


@pytest.mark.parametrize(
    ("kind", "field", "good", "bad"),
    [
        ("neuron", "x", [None, 0, 65535], [-1, 65536, 1.0, True, "1"]),
        ("neuron", "y", [None, 0, 65535], [-1, 65536]),
        ("layer", "photo", [None, PHOTO], ["0" * 64, PHOTO + "\n", 3]),
        ("class", "label", [0, "cat", "3"], [-1, "", "a\nb", "x" * 201, 1.5, True, None]),
        ("class", "value", ["logit", "probability"], ["loss"]),
        ("direction", "power", [0, 16, 0.5], [-0.1, 16.1, "1"]),
        ("joint", "terms", [[{"layer": "l", "channel": 0}] * 16], [[], [{"layer": "l", "channel": 0}] * 17, [{}]]),
        ("joint", "terms", [[{"layer": "l", "channel": 0, "weight": -1e4}]], [[{"layer": "l", "channel": -1}]]),
        ("interpolation", "pictures", [2, 16], [1, 17, 2.0]),
        ("interpolation", "alignment", [0, 100], [-1, 101]),
        ("interpolation", "sign", ["negative"], ["both"]),
        ("diversity", "pictures", [2, 16], [1, 17]),
        ("diversity", "weight", [0, 100], [-1, 101]),
        ("caricature", "power", [0, 16], [-1]),
        ("caricature", "photo", [PHOTO], ["0" * 64, "sha256:" + "A" * 64, "sha256:../x", PHOTO + "\n", None]),
        ("accentuation", "strength", [0, 1e4], [-1, 1e5, float("nan")]),
    ],
)
def test_ranges_of_objectives(kind: str, field: str, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert spec(kind, {field: value}).objective.type == kind
    for value in bad:
        with pytest.raises(ValidationError):
            spec(kind, {field: value})


def test_what_starts_from_a_photograph_is_a_spectrum_on_top_of_it() -> None:
    for kind in KINDS:
        if "photo" in OBJECTIVES[kind].model_fields:
            made = spec(kind, {"photo": PHOTO})
            assert made.photo == PHOTO
            if made.objective.starts_from_photo:
                with pytest.raises(ValidationError, match="works with the fourier parameterization only"):
                    spec(kind, {"photo": PHOTO}, parameterization={"type": "pixel"})
    assert not spec("layer").objective.starts_from_photo
    assert "photo" not in spec("layer").model_dump_json()


def test_the_plain_gradient_has_no_momentum() -> None:
    with pytest.raises(ValidationError, match="remembers nothing"):
        flat(optimizer={"type": "gradient", "beta1": 0.5})


@pytest.mark.parametrize(
    ("part", "field", "good", "bad"),
    [
        ("transform", "jitter", [0, 112], [-1, 113]),
        ("transform", "scale", [[1, 1], [0.25, 4]], [[1.1, 0.9], [0.2, 1], [1, 5], [1], [1, 1, 1], 1, None]),
        ("transform", "rotate", [0, 180], [-1, 181]),
        ("transform", "crop", [None, [0.05, 1]], [[0.5, 0.4], [0, 1], [0.5, 1.1]]),
        ("transform", "views", [1, 16], [0, 17]),
        ("transform", "noise", [0, 0.5], [-0.1, 0.6]),
        ("regularizers", "tv", [0, 1e4], [-1, 1e5]),
        ("regularizers", "pull", [], [1]),
        ("optimizer", "type", ["adam", "nadam", "gradient"], ["sgd"]),
        ("optimizer", "learning_rate", [None, 1e-6, 1000], [0, -1, 1001]),
        ("optimizer", "anneal", [0, 1], [-0.1, 1.1]),
        ("optimizer", "beta1", [None, 0, 0.999], [-0.1, 1]),
        ("optimizer", "leak", [0, 0.05, 1], [-0.1, 1.1, None]),
        ("fourier", "decay", [0, 3], [-1, 3.1]),
        ("fourier", "levels", [], [4]),
        ("pixel", "decorrelate", [True, False], [1, "yes"]),
        ("laplacian", "levels", [1, 6], [0, 7]),
        ("cppn", "layers", [1, 12], [0, 13]),
        ("cppn", "width", [4, 64], [3, 65]),
        ("maco", "alpha", [], [True]),
    ],
)
def test_ranges_of_appearance(part: str, field: str, good: list[Any], bad: list[Any]) -> None:
    def take(value: Any) -> VisualizationSpec:
        if part in PARAMETERIZATIONS:
            return flat(parameterization={"type": part, field: value})
        return flat(**{part: {field: value}})

    for value in good:
        assert VisualizationSpec.model_validate_json(take(value).model_dump_json()) == take(value)
    for value in bad:
        with pytest.raises(ValidationError):
            take(value)


@pytest.mark.parametrize(
    ("snapshots", "reason"),
    [
        ([0, 4, 47], None),
        ([], None),
        (list(range(16)), None),
        (list(range(17)), "at most 16"),
        ([48], "between 0 and 47"),
        ([-1], "between 0 and 47"),
        ([4, 0], "must rise"),
        ([4, 4], "must rise"),
        ([True], "valid integer"),
        ([1.0], "valid integer"),
    ],
)
def test_snapshots(snapshots: list[Any], reason: str | None) -> None:
    if reason is None:
        assert flat(steps=48, snapshots=snapshots).snapshots == snapshots
    else:
        with pytest.raises(ValidationError, match=reason):
            flat(steps=48, snapshots=snapshots)


@pytest.mark.parametrize("kind", KINDS)
def test_pictures(kind: str) -> None:
    assert spec(kind).pictures == {"interpolation": 5, "diversity": 4}.get(kind, 1)
