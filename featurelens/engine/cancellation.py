"""Sums that cancel: what is left of them is what rounding made of their order.

Two orders of one sum differ by a ten-millionth, which rounding to bfloat16 hides nearly always, but not for ever. Of
numbers whose true sum is zero nothing else is left, however it is rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

Rows = Callable[[Sequence[int]], list[Tensor]]
"""From rows, by number, to all that is answered to them, in that order."""


def steady(answers: Rows, number: int) -> bool:
    """Whether `number` rows at once are answered as each is beside one other, at another place."""
    whole = answers(range(number))
    # Of two, one is looked at beside a stranger, or what they do to each other would not show.
    pairs = [[1, 2]] if number == 2 else [[first + 1, first] for first in range(0, number, 2)]
    for pair in pairs:
        for together, apart in zip(whole, answers(pair), strict=True):
            for place, row in enumerate(pair):
                if row < number and not equal(together[row], apart[place]):
                    return False
    return True


def equal(one: Tensor, other: Tensor) -> bool:
    """To the bit, but that all NaN are one."""
    return bool(((one == other) | (one.isnan() & other.isnan())).all())


def cancelling(layer: nn.Conv2d | nn.Linear, inputs: Tensor) -> Rows:
    """A layer like `layer`, its weights drawn so that what it sums cancels, forth and back.

    `inputs` (B, ...) are laid out as those of its rows are; what is in them does not matter.
    """
    generator = torch.Generator().manual_seed(0)
    axis = 1 if isinstance(layer, nn.Conv2d) else -1
    weight = _mirrored(torch.randn(layer.weight.shape, generator=generator), 1, 1)
    weight = _mirrored(weight, 0, 1).to(layer.weight)
    call: Callable[..., Tensor] = F.linear
    options: dict[str, Any] = {}
    if isinstance(layer, nn.Conv2d):
        weight = weight.contiguous(memory_format=torch.channels_last)
        call = F.conv2d
        options = {name: getattr(layer, name) for name in ("stride", "padding", "dilation", "groups")}
    bias = None if layer.bias is None else torch.zeros_like(layer.bias)

    def drawn(rows: Sequence[int], like: Tensor) -> Tensor:
        """Of each row what its number says, laid out in memory as `like` is."""
        each = [
            _mirrored(torch.randn(like.shape[1:], generator=generator.manual_seed(row)), min(axis, 0), -1)
            for row in rows
        ]
        last = like.dim() == 4 and like.is_contiguous(memory_format=torch.channels_last)
        layout = torch.channels_last if last else torch.contiguous_format
        return torch.stack(each).to(layer.weight).contiguous(memory_format=layout)

    def answers(rows: Sequence[int]) -> list[Tensor]:
        shown = drawn(rows, inputs).requires_grad_(True)
        said = call(shown, weight, bias, **options)
        return [said.detach(), *torch.autograd.grad(said, shown, drawn(rows, said.detach()))]

    return answers


def _mirrored(value: Tensor, axis: int, sign: int) -> Tensor:
    """The second half along `axis` is the first one, in another order, times `sign`."""
    half = value.shape[axis] // 2
    order = torch.randperm(half, generator=torch.Generator().manual_seed(half))
    first = value.narrow(axis, 0, half)
    rest = value.narrow(axis, 2 * half, value.shape[axis] - 2 * half)
    return torch.cat([first, sign * first.index_select(axis, order), rest], dim=axis)
