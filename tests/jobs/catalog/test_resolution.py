"""What a client wrote becomes what is made: labels found, names made canonical, every default filled in."""

from __future__ import annotations

from typing import Any

import pytest

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.entries import LayerEntry
from featurelens.jobs.catalog.resolution import resolve
from featurelens.jobs.errors import FeaturelensError, InvalidSpec, OutOfRange, UnknownLayer
from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.spec.objectives import STEADY, ClassObjective, InterpolationObjective, JointObjective, Term
from featurelens.jobs.spec.parameterizations import MaCoParameters
from featurelens.jobs.spec.transforms import TransformRanges
from featurelens.jobs.spec.visualization import VisualizationSpec
from tests.support.catalog import ENTRY, LAYERS
from tests.support.specs import KINDS, LEAST, OBJECTIVES, PHOTO, spec

LABELS = ("tench", "goldfish", "great white shark", "crane", "Crane", "kite", "hen", "cock", "jay", "magpie")


@pytest.fixture
def classifier(catalog: Catalog) -> Catalog:
    """Ten classes with labels, one of them twice."""
    catalog.publish([ENTRY.model_copy(update={"classes_layer": "logits", "labels": LABELS})])
    return catalog


def resolved(catalog: Catalog, objective: dict[str, Any] | None = None, **fields: Any) -> VisualizationSpec:
    given = {"model": "tinynet", **({} if objective is None else {"objective": objective}), **fields}
    return resolve(catalog, VisualizationSpec.model_validate(given))[0]


def refused(catalog: Catalog, kind: type[FeaturelensError], pointer: str, valid: str, **given: Any) -> None:
    with pytest.raises(kind, match=valid) as error:
        resolved(catalog, **given)
    assert [fault.pointer for fault in error.value.faults] == [pointer]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("parameterization", ["fourier", "maco"])
def test_resolving_twice_changes_nothing(classifier: Catalog, kind: str, parameterization: str) -> None:
    """What an answer shows as its `spec` may be asked for again and is the same picture."""
    allowed = "fourier" if OBJECTIVES[kind].only_with else parameterization
    asked = spec(kind, model="tinynet", parameterization={"type": allowed})
    named = asked.model_dump(mode="json") | ({"layer": "conv2"} if asked.layer else {})
    if kind == "joint":
        named["objective"]["terms"] = [{"layer": "CONV2", "channel": 0}]
    once, entry = resolve(classifier, VisualizationSpec.model_validate(named))
    twice, _ = resolve(classifier, once)
    assert twice == once
    assert VisualizationSpec.model_validate_json(once.model_dump_json()) == once
    assert VISUALIZATION.key(once, entry.digest, "1") == VISUALIZATION.key(twice, entry.digest, "1")
    assert (once.model, once.size) == (ENTRY.name, ENTRY.input_size)
    assert once.transform is not None


@pytest.mark.parametrize(
    ("label", "index"), [("goldfish", 1), ("GoldFish", 1), ("great white shark", 2), (0, 0), (9, 9), (4, 4)]
)
def test_labels_become_indices(classifier: Catalog, label: object, index: int) -> None:
    made = resolved(classifier, {"type": "class", "label": label})
    assert made.objective == ClassObjective(type="class", label=index)
    assert made.layer == "logits"
    assert made == resolved(classifier, {"type": "class", "label": index}, layer="Logits")


def test_labels_it_does_not_have(classifier: Catalog) -> None:
    place = "/objective/label"
    refused(classifier, OutOfRange, place, "nearest: goldfish", objective={"type": "class", "label": "goldfsh"})
    refused(classifier, OutOfRange, place, "no class 'xx+'", objective={"type": "class", "label": "x" * 200})
    several = "several classes 'crane'; ask by index: 3, 4"
    refused(classifier, OutOfRange, place, several, objective={"type": "class", "label": "crane"})
    refused(classifier, OutOfRange, place, "between 0 and 9", objective={"type": "class", "label": 10})
    elsewhere = {"objective": {"type": "class", "label": "hen"}, "layer": "conv1"}
    refused(classifier, OutOfRange, place, "conv1 has no labels, only logits has", **elsewhere)
    by_index = resolved(classifier, {"type": "class", "label": 7}, layer="conv1")
    assert by_index.layer == "conv1"


def test_a_network_without_classes(catalog: Catalog) -> None:
    asked = {"type": "class", "label": 1}
    refused(catalog, InvalidSpec, "/objective/type", "has no layer of classes", objective=asked)
    assert resolved(catalog, asked, layer="logits").layer == "logits"


def test_a_network_without_labels(catalog: Catalog) -> None:
    catalog.publish([ENTRY.model_copy(update={"classes_layer": "logits"})])
    unknown = {"type": "class", "label": "hen"}
    refused(catalog, OutOfRange, "/objective/label", "not known, ask by index", objective=unknown)


def test_vectors_have_a_number_per_channel(catalog: Catalog) -> None:
    right = {"type": "direction", "vector": [0.5] * 16}
    assert resolved(catalog, right, layer="CONV2").layer == "conv2"
    assert resolved(catalog, {"type": "direction", "seed": 3}, layer="conv1").layer == "conv1"
    for length in (1, 15, 17):
        wrong = {"type": "direction", "vector": [0.5] * length}
        refused(catalog, OutOfRange, "/objective/vector", "16 numbers in layer conv2", objective=wrong, layer="conv2")


def test_terms_are_checked_one_by_one(catalog: Catalog) -> None:
    first = {"layer": "Conv1", "channel": 7, "sign": "negative", "weight": 0.5}

    def joint(second: dict[str, Any]) -> dict[str, Any]:
        return {"type": "joint", "terms": [first, second]}

    made = resolved(catalog, joint({"layer": "logits", "channel": 9, "x": 0})).objective
    assert isinstance(made, JointObjective)
    assert [(term.layer, term.channel, term.sign) for term in made.terms] == [
        ("conv1", 7, "negative"),
        ("logits", 9, "positive"),
    ]
    term = "/objective/terms/1"
    many, nowhere = joint({"layer": "conv1", "channel": 8}), joint({"layer": "conv9", "channel": 0})
    refused(catalog, OutOfRange, f"{term}/channel", "between 0 and 7 in layer conv1", objective=many)
    refused(catalog, UnknownLayer, f"{term}/layer", "nearest: conv", objective=nowhere)


POSITIONED = {kind for kind, part in OBJECTIVES.items() if {"x", "y"} & part.model_fields.keys()}


def positioned(kind: str, layer: str, **place: int) -> dict[str, Any]:
    """A spec about one position of channel 0 of the layer."""
    if kind == "joint":
        return {"objective": {"type": kind, "terms": [{"layer": layer, "channel": 0, **place}]}}
    given = {"layer": layer, "objective": {"type": kind, **LEAST.get(kind, {}), **place}}
    return given | ({"channel": 0} if "channel" in OBJECTIVES[kind].needs else {})


@pytest.mark.parametrize("kind", [*sorted(POSITIONED), "joint"])
@pytest.mark.parametrize(
    ("layer", "most"), [("conv2", {"x": 23, "y": 15}), ("logits", {"x": 0, "y": 0}), ("tokens", {"x": 0, "y": 24})]
)
def test_positions_are_those_of_the_layer(catalog: Catalog, kind: str, layer: str, most: dict[str, int]) -> None:
    tokens = LayerEntry(name="tokens", type="Block", kind="tokens", channels=4, height=25)
    catalog.publish_layers(ENTRY.name, [*LAYERS, tokens])
    assert resolved(catalog, **positioned(kind, layer, **most)).objective.type == kind
    for axis, last in most.items():
        place = f"/objective/terms/0/{axis}" if kind == "joint" else f"/objective/{axis}"
        valid = f"{axis} must be {f'between 0 and {last}' if last else 0} in layer {layer}"
        for beyond in (last + 1, 500, 65535):
            refused(catalog, OutOfRange, place, valid, **positioned(kind, layer, **{axis: beyond}))


def test_positions_at_another_size(catalog: Catalog) -> None:
    """Certain is only what lies outside; what may be there is left to the renderer."""
    strided = LAYERS[1].model_copy(update={"stride": (4, 4)})
    catalog.publish_layers(ENTRY.name, [LAYERS[0], strided])
    for size, layer, x in (((64, 960), "conv2", 239), ((64, 960), "conv1", 65535), ((48, 48), "conv2", 23)):
        assert resolved(catalog, **positioned("neuron", layer, x=x), size=list(size)).size == size
    place, wide = "/objective/x", [64, 960]
    refused(
        catalog,
        OutOfRange,
        place,
        "in layer conv2 of a picture of 64x960",
        **positioned("neuron", "conv2", x=500),
        size=wide,
    )
    refused(catalog, OutOfRange, place, "between 0 and 23", **positioned("neuron", "conv2", x=24), size=[48, 48])
    refused(catalog, OutOfRange, "/objective/y", "between 0 and 15", **positioned("neuron", "conv2", y=16), size=wide)


def test_every_objective_with_a_position_is_tested() -> None:
    assert {"neuron", "direction"} == POSITIONED
    assert {"x", "y"} <= Term.model_fields.keys()


def test_the_other_end_of_a_strip(catalog: Catalog) -> None:
    def strip(**other: Any) -> dict[str, Any]:
        return {"objective": {"type": "interpolation", "channel": 15, **other}, "layer": "Conv2", "channel": 3}

    for other, layer in (({}, "conv2"), ({"layer": "CONV2"}, "conv2"), ({"layer": "conv1", "channel": 7}, "conv1")):
        made = resolved(catalog, **strip(**other))
        assert isinstance(made.objective, InterpolationObjective)
        assert (made.layer, made.objective.layer) == ("conv2", layer)
    assert resolved(catalog, **strip()) == resolved(catalog, **strip(layer="conv2"))
    refused(catalog, OutOfRange, "/objective/channel", "between 0 and 7", **strip(layer="conv1"))
    refused(catalog, UnknownLayer, "/objective/layer", "nearest", **strip(layer="conv9"))
    refused(catalog, OutOfRange, "/channel", "between 0 and 15", **strip() | {"channel": 16})


@pytest.mark.parametrize(
    ("kind", "parameterization", "suited"),
    [
        ("channel", "fourier", TransformRanges()),
        ("channel", "cppn", TransformRanges()),
        ("channel", "maco", MaCoParameters.suited_transform),
        ("accentuation", "fourier", TransformRanges()),
        ("caricature", "fourier", STEADY),
        ("inversion", "maco", STEADY),
    ],
)
def test_the_transform_that_suits(catalog: Catalog, kind: str, parameterization: str, suited: TransformRanges) -> None:
    fields: dict[str, Any] = {"layer": "conv2", "parameterization": {"type": parameterization}}
    if kind not in ("caricature", "inversion"):
        fields["channel"] = 0
    objective = {"type": kind, **LEAST.get(kind, {})}
    assert resolved(catalog, objective, **fields).transform == suited
    own = TransformRanges(jitter=1.0, views=2)
    assert resolved(catalog, objective, **fields, transform=own.model_dump(mode="json")).transform == own


@pytest.mark.parametrize(
    ("parameterization", "optimizer", "suited"),
    [
        ("fourier", "adam", 0.1),
        ("maco", "nadam", 0.1),
        ("cppn", "adam", 0.9),
        ("cppn", "nadam", 0.9),
        ("cppn", "gradient", None),
    ],
)
def test_the_momentum_that_suits(catalog: Catalog, parameterization: str, optimizer: str, suited: float | None) -> None:
    fields: dict[str, Any] = {"layer": "conv2", "channel": 0, "parameterization": {"type": parameterization}}
    assert resolved(catalog, **fields, optimizer={"type": optimizer}).optimizer.beta1 == suited
    if suited is not None:
        own = {"type": optimizer, "beta1": 0.0}
        assert resolved(catalog, **fields, optimizer=own).optimizer.beta1 == 0.0


def test_defaults_written_out_are_the_same_picture(catalog: Catalog) -> None:
    short = resolved(catalog, layer="conv2", channel=1)
    long = resolved(catalog, **short.model_dump(mode="json"))
    assert short == long
    assert resolved(catalog, {"type": "channel"}, layer="conv2", channel=1, sign="positive", transform=None) == short
    assert resolved(catalog, {"type": "inversion", "photo": PHOTO}, layer="conv2") != short


@pytest.mark.parametrize("kind", ["caricature", "inversion", "accentuation", "layer"])
def test_a_network_that_takes_no_photographs_says_so(catalog: Catalog, kind: str) -> None:
    catalog.publish([ENTRY.model_copy(update={"input_channels": 4, "display": "sheet", "photograph": None})])
    unit = {"layer": "conv2", **({"channel": 1} if kind == "accentuation" else {})}
    says = "takes no photographs: which of its 4 channels are red, green and blue"
    refused(catalog, InvalidSpec, "/objective/photo", says, objective={"type": kind, "photo": PHOTO}, **unit)
    assert resolved(catalog, layer="conv2", channel=1).layer == "conv2"
    catalog.publish([ENTRY.model_copy(update={"input_channels": 4, "display": "sheet", "photograph": (2, 1, 0)})])
    assert resolved(catalog, objective={"type": kind, "photo": PHOTO}, **unit).photo == PHOTO
