"""How gradients pass rectifiers: a dead unit is woken or said to be dormant, and a picture in the making hears more."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from featurelens.engine.extraction.extractor import Extractor
from featurelens.engine.extraction.passage import Passage, Passages
from featurelens.engine.extraction.rectifier import Rectification, of_call, of_module
from featurelens.engine.lane import Lane
from featurelens.engine.objectives import Channel, Joint
from featurelens.engine.optimization import Recipe
from featurelens.engine.regularizers import SHAPING
from tests.support.lanes import finish
from tests.support.small_networks import network, seeded, stack


class Dead(nn.Module):
    """Channel 0 answers, channel 1 is below zero on every grey picture, channel 2 is cut off from the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 3, 1)
        with torch.no_grad():
            self.convolution.weight.zero_()
            self.convolution.weight[0] = 1.0
            self.convolution.weight[1] = 1.0
            self.convolution.bias.copy_(torch.tensor([2.0, -0.5, -0.5]))  # type: ignore[union-attr]
        self.relu = nn.ReLU()

    def forward(self, picture: Tensor) -> Tensor:
        value: Tensor = self.relu(self.convolution(picture))
        return value


def test_a_dead_unit_wakes_among_others() -> None:
    lane = Lane(network(Dead()), ["relu"], (32, 32))
    dead = lane.join(Recipe(Channel("relu", 1), (32, 32), steps=48))
    lane.join(Recipe(Channel("relu", 0), (32, 32), steps=48))
    assert lane.result(dead).measures["activation"] == [0]
    finish(lane)
    result = lane.result(dead)
    assert len(result.curve) == 48
    assert result.measures["activation"][0] > 0.1
    assert not result.dormant


def test_what_is_cut_off_stays_dormant_and_says_so() -> None:
    lane = Lane(network(Dead()), ["relu"], (32, 32))
    render = lane.join(Recipe(Channel("relu", 2), (32, 32), steps=4))
    awake = lane.join(Recipe(Channel("relu", 0), (32, 32), steps=4))
    before = lane.result(render).pixels
    finish(lane)
    result = lane.result(render)
    assert result.dormant
    assert torch.equal(result.pixels, before)
    assert not lane.result(awake).dormant


def test_a_joint_objective_is_awake_when_one_term_is() -> None:
    lane = Lane(network(Dead()), ["relu"], (32, 32))
    objective = Joint(((1.0, Channel("relu", 2)), (1.0, Channel("relu", 0))))
    render = lane.join(Recipe(objective, (32, 32), steps=4))
    finish(lane)
    assert not lane.result(render).dormant


REDIRECTED = Passage(redirect=True)
KINDS = {"ReLU": Rectification(), "ReLU6": Rectification(limit=6.0), "LeakyReLU": Rectification(slope=0.25)}


def everywhere(passage: Passage) -> Passages:
    return Passages.of([(passage, 1)])


def gradient(
    value: list[list[float]],
    slope: list[list[float]],
    kind: Rectification = KINDS["ReLU"],
    passage: Passage = REDIRECTED,
) -> list[list[float]]:
    tensor = torch.tensor(value, dtype=torch.float32, requires_grad=True)
    rectified = kind(tensor, everywhere(passage))
    (found,) = torch.autograd.grad(rectified, tensor, torch.tensor(slope, dtype=torch.float32))
    numbers: list[list[float]] = found.tolist()
    return numbers


def test_gradients_are_redirected_per_picture_and_only_upwards() -> None:
    # The first picture gets through by itself; the second is blocked: what lifts passes, what lowers does not.
    assert gradient([[1, -1], [-1, -1]], [[2, 3], [4, -5]]) == [[2, 0], [4, 0]]
    assert gradient([[7, 3], [7, -1]], [[2, 3], [4, 5]], KINDS["ReLU6"]) == [[0, 3], [0, 5]]


def test_gradients_leak_through_what_is_shut_on_top_of_its_own_slope() -> None:
    leaking = Passage(leak=0.5)
    assert gradient([[1, -1, 9]], [[2, 4, 8]], passage=leaking) == [[2, 2, 8]]
    assert gradient([[1, -1, 9]], [[2, 4, 8]], KINDS["ReLU6"], leaking) == [[2, 2, 4]]
    assert gradient([[1, -1, 9]], [[2, 4, 8]], KINDS["LeakyReLU"], leaking) == [[2, 3, 8]]
    assert gradient([[1, -1, 9]], [[2, 4, 8]], KINDS["LeakyReLU"], Passage(leak=1.0)) == [[2, 4, 8]]
    # What has a slope of its own is never shut, so there is nothing to redirect.
    assert gradient([[-1, -1, -1]], [[2, 4, -8]], KINDS["LeakyReLU"]) == [[0.5, 1, -2]]


@pytest.mark.parametrize("passage", [Passage(), Passage(leak=0.3), REDIRECTED])
def test_values_are_the_same_however_gradients_pass(passage: Passage) -> None:
    value = torch.linspace(-9, 9, 37)
    assert torch.equal(KINDS["ReLU"](value, everywhere(passage)), value.relu())
    assert torch.equal(KINDS["ReLU6"](value, everywhere(passage)), F.relu6(value))
    assert torch.equal(KINDS["LeakyReLU"](value, everywhere(passage)), F.leaky_relu(value, 0.25))


def test_what_rectifies_is_known_as_module_and_as_function() -> None:
    assert of_module(nn.ReLU()) == of_call(torch.relu, (), {}) == of_call("relu_", (), {}) == KINDS["ReLU"]
    assert of_module(nn.ReLU6()) == of_call(F.relu6, (), {}) == KINDS["ReLU6"]
    assert of_module(nn.LeakyReLU(0.25)) == of_call(F.leaky_relu, (None, 0.25), {}) == KINDS["LeakyReLU"]
    assert of_call(F.leaky_relu, (), {"negative_slope": 0.25}) == KINDS["LeakyReLU"]
    assert of_module(nn.LeakyReLU(0.0)) == KINDS["ReLU"]
    for other in (nn.LeakyReLU(-0.1), nn.GELU(), nn.Identity(), None):
        assert of_module(other) is None
    for function in (F.hardtanh, F.gelu, torch.abs, "clamp"):
        assert of_call(function, (), {}) is None


class Branching(nn.Module):
    """Python that nothing traces around every kind of rectification."""

    def __init__(self, traceable: bool) -> None:
        super().__init__()
        self.first, self.second, self.third = (nn.Conv2d(3, 3, 3, padding=1) for _ in range(3))
        self.relu, self.leaky, self.end = nn.ReLU(), nn.LeakyReLU(0.25), nn.Identity()
        self._traceable = traceable
        seeded(self)

    def forward(self, picture: Tensor) -> Tensor:
        value = self.relu(self.first(picture))
        value = self.leaky(self.second(value))
        if self._traceable or float(picture.detach().sum()) < 1e9:
            value = F.relu6(self.third(value))
        answer: Tensor = self.end(value)
        return answer


@pytest.mark.parametrize("passage", [Passage(), Passage(leak=0.3), REDIRECTED])
def test_traced_and_hooked_networks_let_the_same_pass(passage: Passage) -> None:
    picture = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    found = []
    for traceable in (True, False):
        extract = Extractor(network(Branching(traceable)), ["end"], follow=True)
        assert extract.traced is traceable
        inputs = picture.clone().requires_grad_(True)
        (gradient,) = torch.autograd.grad(extract(inputs, everywhere(passage))["end"].value.square().sum(), inputs)
        found.append(gradient)
    torch.testing.assert_close(*found, rtol=1e-4, atol=1e-6)
    exact = Extractor(network(Branching(True)), ["end"])
    inputs = picture.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(exact(inputs)["end"].value.square().sum(), inputs)
    assert torch.allclose(gradient, found[0], rtol=1e-4, atol=1e-6) is not bool(passage.leak)


def test_a_picture_hears_through_shut_rectifiers_only_while_it_takes_shape() -> None:
    lane = Lane(network(stack()), ["4"], (32, 32))
    render = lane.join(Recipe(Channel("4", 3), (32, 32), steps=10, leak=0.2))
    leaks = []
    while lane.optimizations:
        leaks.append(render.passage.leak)
        lane.tick()
    assert leaks == [0.0] + [0.2] * (round(10 * SHAPING) - 1) + [0.0] * (10 - round(10 * SHAPING))


def test_who_wants_the_exact_gradient_is_not_touched_by_those_who_do_not() -> None:
    def made(*others: float) -> Tensor:
        lane = Lane(network(stack()), ["4"], (32, 32))
        render = lane.join(Recipe(Channel("4", 1), (32, 32), steps=12, leak=0.0))
        for leak in others:
            lane.join(Recipe(Channel("4", 2), (32, 32), steps=12, leak=leak))
        finish(lane)
        return lane.result(render).pixels

    assert torch.equal(made(0.1, 0.5), made())


MIXED = [(Passage(), 2), (Passage(leak=0.3), 1), (REDIRECTED, 2), (Passage(leak=0.3), 1)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last], ids=str)
def test_each_row_has_the_gradient_it_has_among_its_like(
    kind: Rectification, layout: torch.memory_format, dtype: torch.dtype
) -> None:
    generator = torch.Generator().manual_seed(5)
    drawn = (torch.randn(6, 3, 5, 7, generator=generator).to(dtype) * 4 for _ in range(2))
    value, slope = (tensor.contiguous(memory_format=layout) for tensor in drawn)
    value[3] = -value[3].abs()  # one whose whole gradient is blocked

    def back(passages: Passages) -> Tensor:
        shown = value.clone().requires_grad_(True)
        (found,) = torch.autograd.grad(kind(shown, passages), shown, slope)
        return found

    mixed = back(Passages.of(MIXED))
    start = 0
    for passage, rows in MIXED:
        part = slice(start, start + rows)
        assert torch.equal(mixed[part].signbit(), back(everywhere(passage))[part].signbit())
        assert torch.equal(mixed[part], back(everywhere(passage))[part])
        start += rows


def test_runs_of_rows_are_counted_in_entries_of_the_first_dimension() -> None:
    passages = Passages.of([(Passage(), 1), (Passage(), 1), (REDIRECTED, 1)])
    assert passages.runs == ((Passage(), 2), (REDIRECTED, 1))
    assert list(passages.parts(6)) == [(Passage(), slice(0, 4)), (REDIRECTED, slice(4, 6))]
    assert passages.filled(3).runs == ((Passage(), 2), (REDIRECTED, 4))
    with pytest.raises(ValueError, match="4 entries"):
        list(passages.parts(4))
    assert list(everywhere(REDIRECTED).parts(4)) == [(REDIRECTED, slice(4))]
