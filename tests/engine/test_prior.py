"""What a network remembers of natural pictures is read off its batch norms, folded or not, and draws pictures there."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from featurelens.engine.extraction.extractor import Extractor
from featurelens.engine.lane import Lane
from featurelens.engine.objectives import Channel
from featurelens.engine.optimization import Recipe, Rendering
from featurelens.engine.prior import BatchNormStatistics, Moments
from featurelens.engine.regularizers import SHAPING, Regularizers
from tests.support.lanes import finish
from tests.support.small_networks import network, seeded, stack

SIZE = (32, 32)


def noise(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3))


class Reversed(nn.Module):
    """Norm before convolution, which nothing folds; and Python that nothing traces."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)
        self.conv = nn.Conv2d(3, 6, 3)
        seeded(self)

    def forward(self, value: Tensor) -> Tensor:
        answer: Tensor = self.conv(self.norm(value)) if float(value.detach().sum()) < 1e9 else value
        return answer


def by_hand(norm: nn.BatchNorm2d, answer: Tensor) -> Tensor:
    mean, spread = norm.bias.detach(), norm.weight.detach().abs()
    spread = spread.clamp(min=0.1 * float(spread.mean()))
    own, deviation = answer.mean((2, 3)), answer.std((2, 3), correction=0)
    apart = ((own - mean).abs() / spread - 0.3).clamp(min=0)
    return (apart.square() + ((deviation - spread) / spread).clamp(min=0).square()).mean(1)


@pytest.mark.parametrize("module", [stack(), Reversed()], ids=["folded", "read with hooks"])
def test_surprise_by_hand(module: nn.Module) -> None:
    norm = next(part for part in module.modules() if isinstance(part, nn.BatchNorm2d))
    answers: list[Tensor] = []
    pictures = noise(2, 3, *SIZE)
    handle = norm.register_forward_hook(lambda _module, _inputs, output: answers.append(output))
    module(pictures)
    handle.remove()
    last = [name for name, _ in module.named_modules()][-1]
    extract = Extractor(network(module), [last])
    with extract.statistics.recording():
        extract(pictures)
    distance = extract.statistics.distance()
    assert distance is not None
    torch.testing.assert_close(distance, by_hand(norm, answers[0]), rtol=1e-4, atol=1e-5)


def test_the_right_moments_are_no_surprise() -> None:
    norm = nn.BatchNorm2d(2)
    memory = BatchNormStatistics({norm: norm}, 1)
    rows = torch.tensor([[-1.0, 1.0, -1.0, 1.0]]).view(1, 1, 2, 2)
    with memory.recording():
        norm.eval()(torch.cat([rows, -rows], 1))
    distance = memory.distance()
    assert distance is not None
    assert float(distance.detach()) == pytest.approx(0, abs=1e-4)


def test_silence_is_no_surprise() -> None:
    norm = nn.BatchNorm2d(1)
    memory = BatchNormStatistics({norm: norm}, 1)
    said = []
    for loudness in (0.0, 0.5, 1.0, 3.0):
        rows = torch.tensor([-loudness, loudness, -loudness, loudness]).view(1, 1, 2, 2)
        with memory.recording():
            norm.eval()(rows)
        distance = memory.distance()
        assert distance is not None
        said.append(float(distance.detach()))
    assert said == pytest.approx([0, 0, 0, 4], abs=1e-3)


def test_a_mean_may_be_off_a_little_either_way() -> None:
    norm = nn.BatchNorm2d(1)
    memory = BatchNormStatistics({norm: norm}, 1)
    said = []
    for mean in (-1.3, -0.3, 0.0, 0.2, 0.8):
        with memory.recording():
            norm.eval()(torch.full((1, 1, 2, 2), mean))
        distance = memory.distance()
        assert distance is not None
        said.append(float(distance.detach()))
    assert said == pytest.approx([1, 0, 0, 0, 0.25], abs=1e-3)


def test_nothing_remembered_nothing_said() -> None:
    extract = Extractor(network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())), ["1"])
    with extract.statistics.recording():
        extract(noise(1, 3, *SIZE))
    assert extract.statistics.distance() is None


def test_early_norms_are_not_heard_and_the_less_is_passed_the_less_it_counts() -> None:
    norms = [nn.BatchNorm2d(3) for _ in range(5)]
    whole = seeded(nn.Sequential(*(part for norm in norms for part in (norm, nn.ReLU()))))
    picture = noise(1, 3, *SIZE)
    value, each, found = picture, [], []
    for norm in norms:
        answer = norm(value)
        each.append(by_hand(norm, answer))
        value = answer.relu()
    for layer in ("3", "5", "7"):
        extract = Extractor(network(whole), [layer])
        with extract.statistics.recording():
            extract(picture)
        found.append(extract.statistics.distance())
    early, third, fourth = found
    assert early is None
    assert third is not None
    assert fourth is not None
    torch.testing.assert_close(third, each[2] * (3 / 5) ** 2)
    torch.testing.assert_close(fourth, (each[2] + each[3]) / 2 * (4 / 5) ** 2)


def test_gradients_of_moments() -> None:
    value = noise(2, 3, 4, 5).requires_grad_(True)
    mean, square = Moments.apply(value)
    (found,) = torch.autograd.grad((mean * 3 + square.sin()).sum(), value)
    other = value.detach().clone().requires_grad_(True)
    (expected,) = torch.autograd.grad((other.mean((2, 3)) * 3 + other.square().mean((2, 3)).sin()).sum(), other)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


def made(prior: float, lane: Lane | None = None) -> tuple[Rendering, float]:
    """A picture, and how far it is from what the network remembers."""
    lane = lane or Lane(network(stack()), ["4"], SIZE)
    render = lane.join(Recipe(Channel("4", 0), SIZE, steps=48, regularizers=Regularizers(prior=prior)))
    finish(lane)
    result = lane.result(render)
    extract = Extractor(lane.network, ["4"])
    with extract.statistics.recording():
        extract(lane.network.preprocessing(result.pixels.permute(0, 3, 1, 2).float() / 255))
    distance = extract.statistics.distance()
    assert distance is not None
    return result, float(distance.detach())


def test_the_prior_draws_pictures_to_what_is_remembered() -> None:
    """Even though it has faded when they are finished."""
    assert made(20.0)[1] < 0.7 * made(0.0)[1]


def test_who_asks_for_no_prior_is_not_touched_by_those_who_do() -> None:
    lane = Lane(network(stack()), ["4"], SIZE)
    lane.join(Recipe(Channel("4", 2), SIZE, steps=48, regularizers=Regularizers(prior=20.0)))
    beside, _ = made(0.0, lane)
    by_itself, _ = made(0.0)
    assert int((beside.pixels.int() - by_itself.pixels.int()).abs().max()) <= 1


def test_it_fades() -> None:
    weights = [Regularizers(prior=2.0).prior_at(progress) for progress in (0.0, SHAPING / 2, SHAPING, 1.0)]
    assert weights == pytest.approx([2.0, 1.0, 0.0, 0.0])
