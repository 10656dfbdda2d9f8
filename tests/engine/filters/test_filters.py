"""Filters against what the network itself does in float64 when its maps change."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from featurelens.engine.extraction.hooks import read
from featurelens.engine.filters import Connection, Filters, filters_of
from featurelens.engine.network import Network
from tests.support import weighted_networks as nets
from tests.support.weighted_networks import SIZE, chain, double

EVERY = 10_000


def of(network: Network, layer: str, channel: int) -> Filters:
    return filters_of(network, layer, channel, SIZE, EVERY)


def change(network: Network, taken: str, channel: int, layer: str, unit: int, at: tuple[int, ...]) -> Tensor:
    """How the pre-activation of `unit` of `layer` at position `at` changes, by unit of change, when one number of
    `channel` in what the module `taken` takes does: for each of its positions. By differences, not by gradients.

    On a picture of noise, small enough a change that no rectifier or maximum in between changes sides.
    """
    step = 1e-6
    shape: list[int] = []
    shift = torch.zeros(())

    def hook(_module: nn.Module, args: tuple[Tensor]) -> tuple[Tensor]:
        shape[:] = args[0].shape
        return (args[0] - shift,)  # a sum would be a step with a name

    handle = network.module.get_submodule(taken).register_forward_pre_hook(hook)
    try:
        rest = said(network.module, layer, unit, at)
        places = torch.zeros(shape[2:]).numel()
        shift = torch.zeros(places, *shape[1:], dtype=torch.float64)
        shift[:, channel] = -step * torch.eye(places, dtype=torch.float64).view(places, *shape[2:])
        return ((said(network.module, layer, unit, at, places) - rest) / step).view(shape[2:])
    finally:
        handle.remove()


def said(module: nn.Module, layer: str, unit: int, at: tuple[int, ...], pictures: int = 1, noise: float = 1) -> Tensor:
    """(pictures,): the pre-activation of the same noise, so many times."""
    picture = torch.randn(1, 3, *SIZE, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * noise
    with torch.no_grad():
        reading = read(module, picture.expand(pictures, -1, -1, -1).clone(), [layer], follow=True)[layer]
    told = (reading.value if reading.before is None else reading.before)[:, unit]
    return told[:, at[0], at[1]] if at else told


def placed(kernel: Tensor, shape: torch.Size, corner: tuple[int, int]) -> Tensor:
    """`kernel` on zeros of `shape`, its top left at `corner`, which may lie outside."""
    found = torch.zeros(shape, dtype=torch.float64)
    for row, line in enumerate(kernel):
        for column, weight in enumerate(line):
            y, x = corner[0] + row, corner[1] + column
            if 0 <= y < shape[0] and 0 <= x < shape[1]:
                found[y, x] = weight
    return found


@pytest.mark.parametrize(
    ("build", "layer", "taken", "corner"),
    [
        (nets.plain, "conv1", "conv1", (4, 6)),
        (nets.plain, "norm1", "conv1", (4, 6)),
        (nets.plain, "act1", "conv1", (4, 6)),
        (nets.plain, "act2", "conv2", (2, 3)),
        (nets.grouped, "act2", "conv2", (1, 2)),
        (nets.separable, "norm", "deep", (5, 7)),
        (nets.separable, "point", "point", (3, 4)),
        (nets.shrinking, "conv2", "conv2", (1, 1)),
        (nets.Branches, "last", "last", (3, 4)),
    ],
    ids=str,
)
def test_kernels(build: Callable[[], nn.Module], layer: str, taken: str, corner: tuple[int, int]) -> None:
    """Of some channels, at the position whose kernel has its top left at `corner` of what is weighted."""
    network = double(build())
    conv = network.module.get_submodule(taken)
    assert isinstance(conv, nn.Conv2d)
    at = tuple((corner[axis] + int(conv.padding[axis])) // conv.stride[axis] for axis in (0, 1))
    for unit in (0, 2):
        (summand,) = of(network, layer, unit).summands
        assert (summand.made, summand.layer) == ("convolution", taken)
        assert not summand.approximate
        for channel in range(0, len(summand.kernel.weights), 3):
            found = change(network, taken, channel, layer, unit, at)
            assert torch.allclose(placed(summand.kernel.weights[channel], found.shape, corner), found, atol=1e-7)


def test_bias_is_folded() -> None:
    """What the unit says where everything that it weights is zero."""
    network = double(nets.plain())
    (summand,) = of(network, "act1", 3).summands
    assert summand.kernel.bias == pytest.approx(float(said(network.module, "act1", 3, (3, 3), noise=0)), abs=1e-12)


def test_a_sum_has_each_of_its_summands() -> None:
    network = double(nets.Residual())
    filters = of(network, "add", 2)
    inner, skip = filters.summands
    assert (inner.made, inner.layer, skip.made, skip.layer) == ("convolution", "second", "identity", None)
    for channel in (0, 3, 5):
        found = change(network, "second", channel, "add", 2, (5, 6))
        assert torch.allclose(placed(inner.kernel.weights[channel], found.shape, (4, 5)), found, atol=1e-7)
    (added,) = (one for one in filters.incoming.positive if one.summand == 1)
    assert (added.layer, added.channel, added.kernel.tolist()) == ("rectified", 2, [[1.0]])
    assert {one.layer for one in units(filters) if one.summand == 0} == {"relu"}
    assert [(one.layer, one.channel) for one in units(of(network, "rectified", 2), "outgoing") if one.sum == 1] == [
        ("add", 2)
    ]


def test_flattened_weights_lie_where_they_are_in_the_map() -> None:
    network = double(nets.flattened())
    filters = of(network, "act1", 4)
    (summand,) = filters.summands
    assert summand.kernel.whole
    assert summand.kernel.weights.shape == (4, 6, 7)
    flat = [change(network, "flat", channel, "act1", 4, ()) for channel in range(4)]
    assert torch.allclose(summand.kernel.weights, torch.stack(flat), atol=1e-7)
    assert {one.layer for one in units(filters)} == {"act"}
    assert {step.function for one in units(filters) for step in one.through} == {"max_pool2d"}


def test_behind_an_average_weights_are_single() -> None:
    network = double(nets.averaged())
    filters = of(network, "fc", 1)
    (summand,) = filters.summands
    assert summand.kernel.weights.shape == (6, 1, 1)
    assert {(one.layer, one.channel) for one in units(filters)} == {("act", channel) for channel in range(6)}
    for one in units(filters):
        found = change(network, "pool", one.channel, "fc", 1, ())
        assert torch.allclose(found, (one.kernel / found.numel()).expand_as(found), atol=1e-7)


def test_branches_are_told_by_name() -> None:
    filters = of(double(nets.Branches()), "last", 0)
    named = {(one.layer, one.channel) for one in units(filters)}
    wanted = {("a", 0), ("a", 1), ("a", 2), ("a", 3), ("b", 0), ("b", 1), ("b", 2)}
    assert named == wanted | {("stem", channel) for channel in range(5)}
    pooled = [one for one in units(filters) if one.layer == "stem"]
    assert {step.function for step in pooled[0].through} == {"cat", "max_pool2d"}


def test_shuffled_channels_keep_their_names() -> None:
    """The second half of 0 4 1 5 2 6 3 7; the first group of that."""
    filters = of(double(nets.Shuffled()), "second", 0)
    assert {(one.layer, one.channel) for one in units(filters)} == {("first", 2), ("first", 6)}
    weight = double(nets.Shuffled()).module.get_parameter("second.weight")[0]
    told = {one.channel: one.kernel for one in units(filters)}
    assert torch.equal(torch.stack([told[2], told[6]]), weight)


def test_the_picture_is_told_by_its_colours() -> None:
    network = double(nets.plain())
    filters = of(network, "act1", 0)
    assert filters.picture is not None
    assert torch.equal(filters.picture, filters.summands[0].kernel.weights)
    assert {(one.layer, one.channel) for one in units(filters)} == {(None, 0), (None, 1), (None, 2)}
    assert filters.expanded_picture is None


def test_a_picture_that_is_prepared_once_more() -> None:
    """Weights and bias are for what the network is given."""
    network = double(nets.Prepared())
    filters = of(network, "conv", 1)
    conv = network.module.get_submodule("conv")
    assert isinstance(conv, nn.Conv2d)
    assert conv.bias is not None
    factors = torch.tensor([2.0, 3.0, 4.0], dtype=torch.float64)
    assert filters.picture is not None
    assert torch.allclose(filters.picture, conv.weight[1].flip(0) * factors[:, None, None])
    assert filters.summands[0].kernel.bias == pytest.approx(float(said(network.module, "conv", 1, (3, 3), noise=0)))
    assert filters.behind == ()


def test_what_bends_on_the_way_is_an_approximation() -> None:
    """Also where it bends before a sum."""
    module = chain(block=nets.Residual(), last=nn.Conv2d(6, 2, 1))
    behind = of(double(module), "last", 0).behind
    assert [(one.made, one.layer, one.approximate) for one in behind] == [
        ("convolution", "block.second", True),
        ("identity", None, True),
    ]


@pytest.mark.parametrize(
    "build", [nets.plain, nets.grouped, nets.separable, nets.shrinking, nets.Branches, nets.Shuffled, nets.flattened]
)
def test_who_feeds_is_fed(build: Callable[[], nn.Module]) -> None:
    """Outgoing weights are found another way than incoming ones, and are the same."""
    network = double(build())
    last = {
        "plain": "act2",
        "grouped": "act2",
        "separable": "point",
        "shrinking": "conv2",
        "Branches": "last",
        "Shuffled": "second",
    }
    layer = last.get(build.__name__, "act1")
    fed = of(network, layer, 1)
    assert len(units(fed)) > 1
    for one in units(fed):
        assert one.layer is not None
        there = of(network, one.layer, one.channel).outgoing
        back = [two for two in (*there.positive, *there.negative) if (two.layer, two.channel) == (layer, 1)]
        assert any(torch.allclose(one.kernel, two.kernel) for two in back), (one.layer, one.channel)


@pytest.mark.parametrize(
    ("join", "times"),
    [
        (lambda x: x + x, [2.0]),
        (lambda x: torch.add(x, x, alpha=0.5), [1.5]),
        (lambda x: x.clone().add_(x), [1.0, 1.0]),
        (lambda x: x + 0.25 * x, [0.25, 1.0]),
        (lambda x: x - x, []),
        (lambda x: torch.sub(x, x, alpha=3), [-2.0]),
        (lambda x: 2 * x - x, [-1.0, 2.0]),
    ],
)
def test_what_is_added_to_itself(join: Callable[[Tensor], Tensor], times: list[float]) -> None:
    """All that a unit counts in a sum, by each way that it comes there."""
    network = double(nets.Joined(join, nn.Conv2d(4, 2, 1)))
    found = change(network, "same", 1, "join", 1, (5, 6))
    told = units(of(network, "stem", 1), "outgoing")
    assert {(one.layer, one.channel) for one in told} <= {("join", 1)}
    assert sorted(one.sum for one in told) == times
    assert float(found[5, 6]) == pytest.approx(sum(times), abs=1e-8)


@pytest.mark.parametrize(
    ("join", "last", "at", "corner"),
    [
        (lambda x: torch.cat([x, x], 1), nn.Conv2d(8, 3, 3, padding=1), (5, 6), (4, 5)),
        (lambda x: torch.cat([x, x], 1).flatten(1), nn.Linear(8 * 12 * 14, 3), (), (0, 0)),
    ],
)
def test_what_is_joined_with_itself(
    join: Callable[[Tensor], Tensor], last: nn.Module, at: tuple[int, ...], corner: tuple[int, int]
) -> None:
    """The weights of all its places are added up, from both ends."""
    network = double(nets.Joined(join, last))
    found = change(network, "same", 1, "last", 2, at)
    for end, layer, channel, other in (("outgoing", "stem", 1, ("last", 2)), ("incoming", "last", 2, ("same", 1))):
        (told,) = (one for one in units(of(network, layer, channel), end) if (one.layer, one.channel) == other)
        assert torch.allclose(placed(told.kernel, found.shape, corner), found, atol=1e-7), end


def test_what_is_joined_with_what_it_was_made_of() -> None:
    """Comes in two ways, of which each is told."""
    last = nn.Conv2d(12, 3, 3, padding=1)
    network = double(nets.Joined(lambda x: torch.cat([x, 2 * x, x], 1), last))
    told = [one for one in units(of(network, "stem", 1), "outgoing") if one.channel == 2]
    found = change(network, "same", 1, "last", 2, (5, 6))
    assert len(told) == 2
    assert torch.allclose(placed(told[0].kernel + told[1].kernel, found.shape, (4, 5)), found, atol=1e-7)


@pytest.mark.parametrize(
    ("build", "layer", "first", "at", "corner"),
    [
        (nets.plain, "act2", "conv1", (3, 4), (2, 4)),
        (nets.grouped, "act2", "conv1", (5, 6), (2, 3)),
        (nets.separable, "norm", "conv1", (3, 4), (4, 6)),
        (nets.shrinking, "conv2", "conv1", (1, 1), (3, 3)),
        (nets.pooled, "conv2", "conv1", (1, 1), (3, 3)),
    ],
)
def test_expanded_weights_are_those_of_the_straightened_network(
    build: Callable[[], nn.Module], layer: str, first: str, at: tuple[int, int], corner: tuple[int, int]
) -> None:
    """Products of kernels: exact where nothing bends, and maximum pooling takes the mean."""
    network = double(build())
    expanded = of(network, layer, 1)
    straight = Network("straight", straightened(network.module), network.preprocessing)
    assert expanded.expanded_picture is not None
    (behind,) = expanded.behind
    assert behind.approximate
    for channel in range(3):
        found = change(straight, first, channel, layer, 1, at)
        assert torch.allclose(placed(expanded.expanded_picture[channel], found.shape, corner), found, atol=1e-7)


def straightened(module: nn.Module) -> nn.Module:
    def straight(part: nn.Module) -> nn.Module:
        if isinstance(part, nn.MaxPool2d):
            return nn.AvgPool2d(part.kernel_size)
        return nn.Identity() if isinstance(part, nn.ReLU | nn.ReLU6 | nn.SiLU) else part

    return chain(**{name: straight(part) for name, part in module.named_children()}).eval()


def test_signs_are_those_behind_batch_norm() -> None:
    """A norm that turns the sign around turns the kernel around."""
    module = chain(conv=nn.Conv2d(3, 1, 3), norm=nn.BatchNorm2d(1), act=nn.ReLU())
    network = double(module)
    assert isinstance(module.norm, nn.BatchNorm2d)
    module.norm.weight.fill_(-2.0)
    before, after = of(network, "conv", 0).picture, of(network, "act", 0).picture
    assert before is not None
    assert after is not None
    assert module.norm.running_var is not None
    assert torch.allclose(after, before * -2.0 / (module.norm.running_var + module.norm.eps).sqrt())


def test_what_cannot_be_followed_is_said() -> None:
    network = double(chain(conv=nn.Conv2d(3, 4, 3), norm=nn.GroupNorm(2, 4), act=nn.ReLU(), last=nn.Conv2d(4, 2, 1)))
    filters = of(network, "act", 0)
    assert filters.summands == ()
    assert filters.unknown == ("what makes act: group_norm is not a sum of its channels with fixed weights",)
    assert [(one.layer, one.channel) for one in units(of(network, "last", 0), "outgoing")] == []
    assert {one.layer for one in units(of(network, "last", 0))} == {"act"}


class Overwritten(nn.Module):
    """Half of what its last layer takes is written over, by way of a view."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.last = nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        x[:, :2].mul_(2.0)
        answer: Tensor = self.last(x)
        return answer


def test_what_is_written_over_is_not_guessed() -> None:
    network = double(Overwritten())
    filters = of(network, "last", 0)
    assert [one.layer for one in filters.summands] == ["last"]
    assert filters.incoming.count == 0
    assert filters.unknown == ("incoming units: a value that was written over by parts",)
    filters = of(network, "conv", 0)
    assert filters.summands[0].layer == "conv"
    assert filters.unknown == ("outgoing units: a value that was written over by parts",)


def test_what_is_not_there() -> None:
    network = double(nets.plain())
    with pytest.raises(KeyError, match="no layer conv9"):
        of(network, "conv9", 0)
    with pytest.raises(IndexError, match="0 to 5"):
        of(network, "conv1", 6)


def test_no_more_than_asked_for_the_strongest_first() -> None:
    network = double(nets.grouped())
    every, some = of(network, "conv1", 0).outgoing, filters_of(network, "conv1", 0, SIZE, 2).outgoing
    assert every.count == some.count
    assert [one.channel for one in some.positive] == [one.channel for one in every.positive[:2]]
    strengths = [one.strength for one in every.positive]
    assert strengths == sorted(strengths, reverse=True)
    assert all(one.strength < 0 for one in every.negative)
    assert every.scale == max(float(one.kernel.abs().max()) for one in (*every.positive, *every.negative))


def units(filters: Filters, which: str = "incoming") -> tuple[Connection, ...]:
    found = getattr(filters, which)
    return (*found.positive, *found.negative)
