"""What a network takes beside the picture: the same answers as when its author gives it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from featurelens.engine.constant_inputs import Constant, supply
from featurelens.engine.extraction.extractor import Extractor
from featurelens.engine.extraction.untouched import read_untouched
from tests.support.small_networks import network, seeded

META = torch.tensor([0.5, -1.25])


class Late(nn.Module):
    """Numbers and the index of a task, both behind the convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.tasks = nn.Embedding(3, 2)
        self.tasks.weight = nn.Parameter(torch.tensor([[0.1, 0.2], [-1.0, 1.0], [2.0, 0.5]]))
        self.fc = nn.Linear(8, 5)

    def forward(self, image: Tensor, meta: Tensor, task: Tensor | None = None) -> Tensor:
        known = self.tasks(torch.zeros(len(image), dtype=torch.long) if task is None else task)
        answer: Tensor = self.fc(torch.cat([self.conv(image).relu().mean((2, 3)), meta, known], 1))
        return answer


class Greedy(Late):
    """Writes over what it is given."""

    def forward(self, image: Tensor, meta: Tensor, task: Tensor | None = None) -> Tensor:
        meta.mul_(2)
        return super().forward(image, meta, task)


class Swapped(Late):
    def forward(self, meta: Tensor, image: Tensor, task: Tensor | None = None) -> Tensor:  # type: ignore[override]
        return super().forward(image, meta, task)


class Open(Late):
    def forward(self, image: Tensor, **rest: Any) -> Tensor:  # type: ignore[override]
        return super().forward(image, **rest)


class ByName(Late):
    def forward(self, *, image: Tensor, meta: Tensor) -> Tensor:  # type: ignore[override]
        return super().forward(image, meta)


class Starred(Late):
    def forward(self, *images: Tensor, meta: Tensor) -> Tensor:  # type: ignore[override]
        (image,) = images
        return super().forward(image, meta)


def fed(kind: type[Late], **constants: Constant) -> nn.Module:
    module = seeded(kind())
    supply(module, constants)
    return module


@pytest.mark.parametrize("kind", [Late, Swapped, Open])
@pytest.mark.parametrize("rows", [1, 3])
def test_each_picture_gets_a_row(kind: type[Late], rows: int) -> None:
    images = torch.rand(rows, 3, 8, 8)
    task = torch.tensor(2)
    module = fed(kind, meta=Constant(META), task=Constant(task))
    expected = seeded(Late())(images, META.expand(rows, 2), task.expand(rows))
    torch.testing.assert_close(module(images), expected)


def test_what_is_given_stays_though_the_network_writes_over_it() -> None:
    images = torch.rand(1, 3, 8, 8)
    module = fed(Greedy, meta=Constant(META))
    expected = seeded(Late())(images, 2 * META[None])
    for _ in range(2):
        torch.testing.assert_close(module(images), expected)
    assert META.tolist() == [0.5, -1.25]


@pytest.mark.parametrize("kind", [ByName, Starred])
def test_parameters_by_name_only(kind: type[Late]) -> None:
    images = torch.rand(2, 3, 8, 8)
    expected = seeded(Late())(images, META.expand(2, 2))
    torch.testing.assert_close(fed(kind, meta=Constant(META))(images), expected)


def test_as_it_is() -> None:
    """Not a row for each picture: here three rows are given for three pictures."""
    images = torch.rand(3, 3, 8, 8)
    three = torch.rand(3, 2)
    torch.testing.assert_close(
        fed(Late, meta=Constant(three, each=False))(images), seeded(Late())(images, three), rtol=0, atol=0
    )


def test_numbers_follow_the_precision_of_the_picture_and_indices_do_not() -> None:
    heard: list[Tensor] = []

    class Listening(nn.Module):
        def forward(self, image: Tensor, meta: Tensor, task: Tensor) -> Tensor:
            heard.extend((meta, task))
            return image

    module = Listening()
    supply(module, {"meta": Constant(META), "task": Constant(torch.tensor(1))})
    module(torch.rand(2, 3, 4, 4, dtype=torch.bfloat16))
    assert [(one.dtype, tuple(one.shape)) for one in heard] == [(torch.bfloat16, (2, 2)), (torch.int64, (2,))]


@pytest.mark.parametrize("kind", [Late, Swapped])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_graph_answers_as_the_network_does(kind: type[Late], dtype: torch.dtype) -> None:
    net = network(fed(kind, meta=Constant(META), task=Constant(torch.tensor(2))))
    images = torch.rand(3, 3, 8, 8)
    truth = read_untouched(net, images, ["fc"])["fc"].value
    extract = Extractor(net, ["fc"], dtype=dtype)
    assert extract.traced
    torch.testing.assert_close(extract(images)["fc"].value.float(), truth, rtol=3e-2, atol=3e-2)
    if dtype == torch.float32:
        torch.testing.assert_close(extract(images)["fc"].value, truth)


def test_a_graph_without_the_parameter_by_name_is_not_used() -> None:
    net = network(fed(Open, meta=Constant(META)))
    extract = Extractor(net, ["fc"])
    assert extract.way == "hooked"
    images = torch.rand(2, 3, 8, 8)
    torch.testing.assert_close(extract(images)["fc"].value, read_untouched(net, images, ["fc"])["fc"].value)


def test_a_copy_is_supplied_as_well() -> None:
    module = fed(Late, meta=Constant(META))
    images = torch.rand(2, 3, 8, 8)
    torch.testing.assert_close(copy.deepcopy(module)(images), module(images))


@pytest.mark.parametrize(
    ("kind", "names", "reason"),
    [
        (Late, [], "forward needs meta beside the picture, which it takes as image, and nothing is given for it"),
        (Swapped, [], "forward needs image beside the picture, which it takes as meta"),
        (ByName, [], "forward needs meta beside the picture, which it takes as image"),
        (Starred, [], "forward needs meta beside the picture, and nothing is given for it"),
        (Late, ["task"], "forward needs meta beside the picture"),
        (Late, ["meta", "mata"], "forward has no parameter mata; its parameters: image, meta, task"),
        (Late, ["image", "meta", "task"], "none is left for the picture"),
    ],
)
def test_what_does_not_fit_is_told(kind: type[Late], names: list[str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        supply(kind(), dict.fromkeys(names, Constant(META)))


def test_nothing_is_done_to_a_network_that_takes_a_picture_alone() -> None:
    for module in (nn.Conv2d(3, 4, 3), nn.Sequential(nn.Conv2d(3, 4, 3)), Open()):
        supply(module, {})
        assert not module._forward_pre_hooks
