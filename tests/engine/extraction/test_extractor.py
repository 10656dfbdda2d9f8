"""The truncated graph says what the whole network says, and runs no more of it than needed."""

from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
import torchvision
from torch import Tensor, nn

from featurelens.engine.extraction.extractor import Extractor
from featurelens.engine.extraction.hooks import Reading, read
from featurelens.engine.extraction.passes.stem import Stem
from tests.support.architectures import ARCHITECTURES, built
from tests.support.small_networks import network, seeded, stack


def pictures(size: int, rows: int = 2, channels: int = 3) -> Tensor:
    return torch.rand(rows, channels, size, size, generator=torch.Generator().manual_seed(1)) * 2 - 1


def assert_close(one: Tensor | None, other: Tensor | None, what: str) -> None:
    assert (one is None) == (other is None), what
    if one is not None and other is not None:
        one, other = one.detach(), other.detach()
        assert float((one - other).abs().max()) <= 1e-4 * float(other.abs().max()) + 1e-6, what


def assert_agree(graph: dict[str, Reading], hooks: dict[str, Reading]) -> None:
    """Folding rounds differently: agreement within 1e-4 of the layer's largest value."""
    assert graph.keys() == hooks.keys()
    for layer in hooks:
        assert_close(graph[layer].value, hooks[layer].value, layer)
        assert_close(graph[layer].before, hooks[layer].before, f"{layer} before rectification")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_graph_and_hooks_agree(architecture: str) -> None:
    size, layers = ARCHITECTURES[architecture]
    with torch.no_grad():
        net = built(architecture)
        extract = Extractor(net, layers, follow=True)
        assert extract.traced
        inputs = pictures(size)
        assert_agree(extract(inputs), read(net.module, inputs, layers, follow=True))
        for layer in layers:
            single = Extractor(net, [layer], follow=True)
            assert_agree(single(inputs), read(net.module, inputs, [layer], follow=True))


def kinds(extract: Extractor) -> list[type[nn.Module]]:
    return [type(child) for child in extract.module.modules()]


def test_batch_norm_is_folded_and_nothing_runs_behind() -> None:
    resnet = torchvision.models.resnet18()
    extract = Extractor(network(seeded(resnet)), ["layer1"])
    assert kinds(extract).count(nn.Conv2d) + kinds(extract).count(Stem) == 5
    assert nn.BatchNorm2d not in kinds(extract)
    assert nn.Linear not in kinds(extract)


class Picky(nn.Module):
    """Its Python meets a stand-in for a tensor and raises what nobody expects."""

    def forward(self, value: Tensor) -> Tensor:
        return value * {True: 2.0}[isinstance(value, Tensor)]


def test_whatever_tracing_raises_hooks_read() -> None:
    extract = Extractor(network(nn.Sequential(Picky(), nn.ReLU())), ["1"])
    assert not extract.traced
    assert torch.equal(extract(pictures(8))["1"].value, (pictures(8) * 2).relu())


class Trap(nn.Module):
    def forward(self, value: Tensor) -> Tensor:
        if value.mean() > -1e9:
            raise AssertionError("the pass should have ended before")
        return value


class TracedTrap(nn.Module):
    """Fails when run, not when traced."""

    def forward(self, value: Tensor) -> Tensor:
        return value.view(-1, 10**9 + 7)


@pytest.mark.parametrize(("trap", "traced"), [(Trap(), False), (TracedTrap(), True)])
def test_nothing_behind_the_layer_runs(trap: nn.Module, traced: bool) -> None:
    net = network(nn.Sequential(*stack(), trap))
    extract = Extractor(net, ["3", "1"], follow=True)
    assert extract.traced is traced
    inputs = pictures(32)
    assert_agree(extract(inputs), read(stack(), inputs, ["3", "1"], follow=True))


def test_a_convolution_that_is_wanted_is_not_folded() -> None:
    net = network(stack())
    inputs = pictures(32)
    answer = Extractor(net, ["0", "2"], follow=True)(inputs)
    assert_agree(answer, read(net.module, inputs, ["0", "2"], follow=True))
    assert torch.allclose(answer["0"].value, net.module.get_submodule("0")(inputs), atol=1e-5)


class Writes(nn.Module):
    """In-place operations of every spelling, on values that are wanted too."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3)
        self.relu_ = nn.ReLU()
        self.second = nn.Conv2d(4, 4, 1)
        self.third = nn.Conv2d(4, 4, 1)
        self.fourth = nn.Conv2d(4, 4, 1)
        self.end = nn.Identity()

    def forward(self, picture: Tensor) -> Tensor:
        value = self.first(picture)
        value = self.second(F.relu(value, True))
        value += 1
        value = self.third(value)
        value *= 2
        value = self.fourth(F.relu_(value))
        value = value.add_(1).relu_()
        ended: Tensor = self.end(self.relu_(value) * 0.5)
        return ended


def test_operations_in_place_do_not_overwrite_what_is_wanted() -> None:
    layers = ["first", "second", "third", "fourth", "relu_", "end"]
    module = seeded(Writes())
    inputs = pictures(16)
    with torch.no_grad():
        first = module.get_submodule("first")(inputs)
        second = module.get_submodule("second")(first.relu())
        third = module.get_submodule("third")(second + 1)
        fourth = module.get_submodule("fourth")((third * 2).relu())
    extract = Extractor(network(module), layers)
    assert extract.traced
    for values in (extract(inputs), read(module, inputs, layers)):
        for name, expected in {"first": first, "second": second, "third": third, "fourth": fourth}.items():
            assert torch.allclose(values[name].value, expected, atol=1e-5), name
        assert torch.allclose(values["end"].value, (fourth + 1).relu() * 0.5, atol=1e-5)


class Twice(nn.Module):
    """One rectifier, one convolution and one norm, each used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 3, 3, padding=1)
        self.norm = nn.BatchNorm2d(3)
        self.relu = nn.ReLU()

    def forward(self, picture: Tensor) -> Tensor:
        value = self.relu(self.norm(self.convolution(picture)))
        rectified: Tensor = self.relu(self.convolution(value) - 0.1)
        return rectified


@pytest.mark.parametrize("layers", [["relu"], ["norm", "relu"], ["convolution", "relu", "norm"]])
def test_a_module_that_runs_twice_is_read_where_it_first_answers(layers: list[str]) -> None:
    module = seeded(Twice())
    inputs = pictures(16)
    with torch.no_grad():
        first = F.relu(module.get_submodule("norm")(module.get_submodule("convolution")(inputs)))
        answer = Extractor(network(module), layers, follow=True)(inputs)
        assert torch.allclose(answer["relu"].value, first, atol=1e-5)
        assert_agree(answer, read(module, inputs, layers, follow=True))


class Branches(nn.Module):
    """Which way it goes depends on the values: no graph can say that."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = stack()
        self.other = nn.Conv2d(12, 12, 1)

    def forward(self, picture: Tensor) -> Tensor:
        value: Tensor = self.stack(picture)
        return self.other(value) if value.mean() > 0 else value


def test_what_cannot_be_traced_is_hooked_with_equal_answers() -> None:
    branches = Branches().eval()
    extract = Extractor(network(branches), ["stack.4", "stack.0"], follow=True)
    assert not extract.traced
    inputs = pictures(32)
    assert_agree(
        extract(inputs),
        {f"stack.{name}": reading for name, reading in read(stack(), inputs, ["4", "0"], follow=True).items()},
    )


def test_layers_inside_of_torchs_own_containers_are_reached() -> None:
    encoder = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    module = nn.Sequential(nn.Flatten(2), seeded(encoder)).eval()
    inputs = pictures(4)
    extract = Extractor(network(module), ["1.linear1"])
    assert_agree(extract(inputs), read(module, inputs, ["1.linear1"]))


def test_a_floor_above_zero_is_no_rectifier() -> None:
    class Floor(nn.Module):
        def forward(self, value: Tensor) -> Tensor:
            return torch.clamp_min(value, 0.25)

    module = nn.Sequential(Floor())
    inputs = pictures(8)
    for values in (Extractor(network(module), ["0"], follow=True)(inputs), read(module, inputs, ["0"], follow=True)):
        assert torch.equal(values["0"].value, inputs.clamp(min=0.25))
        assert values["0"].before is None


def test_the_network_is_left_as_it_was() -> None:
    module = stack()
    before = copy.deepcopy(module.state_dict())
    extract = Extractor(network(module), ["4"], follow=True, dtype=torch.bfloat16)
    assert extract(pictures(32))["4"].value.dtype == torch.bfloat16
    after = module.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert {value.dtype for value in module.parameters()} == {torch.float32}


class Unused(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.used, self.unused = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)

    def forward(self, picture: Tensor) -> Tensor:
        value: Tensor = self.used(picture)
        return value


def test_layers_that_are_not_there() -> None:
    net = network(stack())
    with pytest.raises(KeyError, match="no such layer: nowhere"):
        Extractor(net, ["nowhere"])
    with pytest.raises(ValueError, match="never reaches unused"):
        Extractor(network(Unused()), ["unused"])
