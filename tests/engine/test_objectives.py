"""Exact small numbers of every objective on hand-made activations, and gradients that are numbers."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from featurelens.engine.extraction.hooks import Reading, read
from featurelens.engine.objectives import (
    Caricature,
    Channel,
    Direction,
    Diversity,
    Interpolation,
    Inversion,
    Joint,
    Layer,
    Neuron,
    Objective,
    Probability,
    Readings,
    feature_maps,
    random_direction,
)
from tests.support.small_networks import network, stack

MAPS = torch.arange(24.0).view(1, 2, 3, 4)
"""Channel c, row y, column x holds 12 c + 4 y + x."""


def readings(value: Tensor, before: Tensor | None = None) -> Readings:
    return {"layer": Reading(value, before)}


def score(objective: Objective, value: Tensor, before: Tensor | None = None) -> list[float]:
    numbers: list[float] = objective.score(readings(value, before)).tolist()
    return numbers


def measure(objective: Objective, value: Tensor, before: Tensor | None = None) -> dict[str, list[float]]:
    return {name: numbers.tolist() for name, numbers in objective.measure(readings(value, before)).items()}


def test_channel_is_a_mean() -> None:
    assert score(Channel("layer", 1), MAPS) == [17.5]
    assert score(Channel("layer", 0, "negative"), MAPS) == [-5.5]
    assert score(Channel("layer", 0, "negative"), MAPS, MAPS - 7) == [1.5]
    assert score(Channel("layer", 0), MAPS, MAPS - 7) == [5.5]
    assert measure(Channel("layer", 0, "negative"), MAPS, MAPS - 7) == {"activation": [5.5], "preactivation": [-1.5]}


def test_neuron_counts_columns_then_rows() -> None:
    assert score(Neuron("layer", 1, x=3, y=1), MAPS) == [19]
    assert score(Neuron("layer", 0), MAPS) == [6]  # the centre of 4 columns and 3 rows: (2, 1)
    assert score(Neuron("layer", 0, "negative", x=0, y=0), MAPS, MAPS - 3) == [3]
    assert measure(Neuron("layer", 0, x=1, y=2), MAPS) == {"activation": [9]}
    for x, y in ((4, 0), (0, 3), (-1, 0)):
        with pytest.raises(ValueError, match="4 wide and 3 high"):
            score(Neuron("layer", 0, x=x, y=y), MAPS)


def test_layer_is_a_mean_square() -> None:
    assert score(Layer("layer"), torch.tensor([[[[1.0, -2.0], [0.0, 3.0]]]])) == [3.5]


def test_tokens_and_vectors_are_read_as_maps() -> None:
    tokens = torch.tensor([[[1.0, 2.0], [3.0, 6.0], [5.0, 4.0]]])
    assert score(Channel("layer", 1), tokens) == [4]
    assert score(Neuron("layer", 0, x=0, y=2), tokens) == [5]
    assert score(Channel("layer", 2), torch.tensor([[1.0, 2.0, 7.0]])) == [7]
    with pytest.raises(ValueError, match="2, 3 or 4 dimensions"):
        feature_maps(torch.zeros(3))


def test_probabilities_sum_to_one() -> None:
    logits = torch.tensor([[[[0.0, 2.0]], [[1.0, 1.0]], [[-3.0, 4.0]]]])
    measured = [measure(Probability("layer", label), logits) for label in range(3)]
    assert sum(numbers["activation"][0] for numbers in measured) == pytest.approx(1)
    assert [numbers["logit"][0] for numbers in measured] == [1, 1, 0.5]
    expected = math.log(measured[2]["activation"][0])
    assert score(Probability("layer", 2), logits) == pytest.approx([expected])
    assert score(Probability("layer", 2, "negative"), logits) == pytest.approx([-expected])


def test_direction_weighs_the_dot_product_by_the_cosine() -> None:
    maps = torch.tensor([3.0, 4.0]).view(1, 2, 1, 1).expand(1, 2, 2, 2)
    assert score(Direction("layer", (1, 2)), maps) == [11]
    assert score(Direction("layer", (1, 2), "negative"), maps) == [-11]
    assert score(Direction("layer", (1, 0), power=4), maps) == pytest.approx([3 * 0.6**4])
    assert score(Direction("layer", (-1, 0), power=4), maps) == pytest.approx([-3 * 0.1**4])
    assert measure(Direction("layer", (1, 2), "negative", 4), maps) == {"activation": [11]}
    assert score(Direction("layer", (1, 1), x=3, y=1, positioned=True), MAPS) == [7 + 19]
    with pytest.raises(ValueError, match="has 2 channels, the vector 3"):
        score(Direction("layer", (1, 2, 3)), maps)


def test_random_directions_have_names() -> None:
    assert random_direction(64, 7) == random_direction(64, 7) != random_direction(64, 8)
    assert math.hypot(*random_direction(64, 7)) == pytest.approx(1)


def test_joint_is_a_weighted_sum() -> None:
    joint = Joint(((2.0, Channel("layer", 0)), (-1.0, Neuron("layer", 1, x=0, y=0))))
    assert joint.layers == ("layer",)
    assert score(joint, MAPS) == [2 * 5.5 - 12]
    assert measure(joint, MAPS) == {"activation": [-1], "activation 0": [5.5], "activation 1": [12]}


def test_interpolation_goes_from_one_unit_to_the_other() -> None:
    strip = MAPS.repeat(3, 1, 1, 1)
    mixture = Interpolation(Channel("layer", 0), Channel("layer", 1), 3)
    assert score(mixture, strip) == [5.5, 11.5, 17.5]
    assert measure(mixture, strip)["activation"] == [5.5, 11.5, 17.5]
    aligned = Interpolation(Channel("layer", 0), Channel("layer", 1), 3, alignment=2.0)
    assert score(aligned, strip) == [5.5, 11.5, 17.5]
    strip[1:] += 1  # the first differs from its neighbour by 1 everywhere
    assert score(aligned, strip) == pytest.approx([5.5 - 1, 12.5 - 1, 18.5])


def test_diversity_counts_how_alike_the_others_are() -> None:
    maps = torch.rand(1, 4, 5, 5, generator=torch.Generator().manual_seed(0)).repeat(3, 1, 1, 1)
    diverse = Diversity(Channel("layer", 2), weight=0.5)
    assert measure(diverse, maps)["likeness"] == pytest.approx([1, 1, 1])
    plain = score(Channel("layer", 2), maps)[0]
    assert score(diverse, maps) == pytest.approx([plain * 0.5] * 3)
    apart = torch.zeros(2, 2, 2, 2)
    apart[0, 0] = apart[1, 1] = 1
    assert measure(diverse, maps[:1])["likeness"] == [0]
    assert measure(Diversity(Channel("layer", 0)), apart)["likeness"] == [0, 0]


def test_a_photograph_is_its_own_best_caricature() -> None:
    net = network(stack())
    photo = torch.rand(3, 16, 20, generator=torch.Generator().manual_seed(0))

    def look(pictures: Tensor) -> Readings:
        return read(net.module, net.preprocessing(pictures), ["4"])

    other = look(torch.rand(1, 3, 16, 20, generator=torch.Generator().manual_seed(1)))
    caricature, inversion = Caricature("4", photo).prepared(look), Inversion("4", photo).prepared(look)
    itself = look(photo[None])
    numbers = caricature.measure(itself)
    assert numbers["cosine"].tolist() == pytest.approx([1])
    assert numbers["activation"].tolist() == pytest.approx([1])
    assert caricature.score(itself).tolist() == pytest.approx([1], rel=1e-4)
    assert inversion.score(itself).tolist() == pytest.approx([0], abs=1e-6)
    assert float(caricature.measure(other)["cosine"].detach()) < 0.999
    assert float(inversion.score(other).detach()) < -0.01
    with pytest.raises(ValueError, match="call prepared"):
        Caricature("4", photo).score(itself)
    with pytest.raises(ValueError, match="size of the picture"):
        caricature.score(look(torch.rand(1, 3, 16, 16)))


@pytest.mark.parametrize(
    "objective",
    [
        Channel("layer", 0),
        Neuron("layer", 0, "negative"),
        Layer("layer"),
        Probability("layer", 1),
        Direction("layer", (1.0, 2.0, -1.0), power=4),
        Direction("layer", (0.0, 0.0, 0.0), power=1),
        Joint(((1.0, Channel("layer", 0)), (0.5, Layer("layer")))),
        Interpolation(Channel("layer", 0), Channel("layer", 1), 2, alignment=1.0),
        Diversity(Channel("layer", 0)),
        Caricature("layer", torch.zeros(3, 4, 4), reference=torch.zeros(1, 3, 4, 4)),
        Caricature("layer", torch.zeros(3, 4, 4), reference=torch.ones(1, 3, 4, 4)),
        Inversion("layer", torch.zeros(3, 4, 4), reference=torch.zeros(1, 3, 4, 4)),
    ],
    ids=lambda objective: type(objective).__name__,
)
def test_silent_layers_give_numbers_for_gradients(objective: Objective) -> None:
    value = torch.zeros(2, 3, 4, 4, requires_grad=True)
    climbed = objective.score(readings(value))
    assert climbed.shape == (2,)
    (slope,) = torch.autograd.grad(climbed.sum(), value)
    assert slope.isfinite().all()
    for numbers in objective.measure(readings(value)).values():
        assert numbers.shape == (2,)
        assert numbers.isfinite().all()
