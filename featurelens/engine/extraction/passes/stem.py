"""The first convolution of many networks, rewritten so that a processor is as fast at it as at the others.

A convolution with stride 2 over 3 channels leaves most of every vector register empty when its gradient goes back to
the picture. Each 2x2 square of pixels becomes one pixel of 12 channels (space to depth), the kernel likewise, and
stride 2 becomes stride 1: the same sums in another order, a few of them with zero. Measured: docs/experiments/speed.md.
"""

from __future__ import annotations

import torch.nn.functional as F  # noqa: N812
from torch import Tensor, fx, nn

_FEW = 4
"""Input channels up to which it pays: more of them fill a register by themselves."""


class Stem(nn.Module):
    """Says to (B, C, H, W) what `convolution` with stride 2 says, to rounding."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        padding = convolution.padding
        if isinstance(padding, str):
            raise TypeError(f"padding has to be given in pixels, not as {padding!r}")
        (self._pad_y, self._kernel_y, before_y), (self._pad_x, self._kernel_x, before_x) = (
            _even(convolution.kernel_size[axis], padding[axis]) for axis in (0, 1)
        )
        height, width = convolution.kernel_size
        kernel = F.pad(
            convolution.weight.detach(),
            (before_x, self._kernel_x - width - before_x, before_y, self._kernel_y - height - before_y),
        )
        self.weight = nn.Parameter(F.pixel_unshuffle(kernel, 2))
        self.bias = None if convolution.bias is None else nn.Parameter(convolution.bias.detach().clone())
        self._asked = convolution.kernel_size, padding

    def forward(self, value: Tensor) -> Tensor:
        (kernel_y, kernel_x), (pad_y, pad_x) = self._asked
        right = _rest(value.shape[3], kernel_x, pad_x, self._kernel_x) - self._pad_x
        below = _rest(value.shape[2], kernel_y, pad_y, self._kernel_y) - self._pad_y
        padded = F.pad(value, (self._pad_x, right, self._pad_y, below))
        return F.conv2d(F.pixel_unshuffle(padded, 2), self.weight, self.bias)


def _even(kernel: int, padding: int) -> tuple[int, int, int]:
    """Padding and kernel, both made even, and how many zeros stand before the kernel."""
    before = padding % 2
    longer = kernel + before
    return padding + before, longer + longer % 2, before


def _rest(side: int, kernel: int, padding: int, longer: int) -> int:
    """How many more pixels than `side` the longer kernel reads for as many answers as the shorter one gives."""
    answers = (side + 2 * padding - kernel) // 2 + 1
    return 2 * (answers - 1) + longer - side


def rewrite_stems(traced: fx.GraphModule) -> None:
    """Every convolution of the graph that the above is true of, in place."""
    modules = dict(traced.named_modules())
    for name in {str(node.target) for node in traced.graph.nodes if node.op == "call_module"}:
        part = modules[name]
        if isinstance(part, nn.Conv2d) and _pays(part):
            traced.set_submodule(name, Stem(part))


def _pays(part: nn.Conv2d) -> bool:
    plain = part.groups == 1 and part.dilation == (1, 1) and part.padding_mode == "zeros"
    return plain and part.stride == (2, 2) and part.in_channels <= _FEW and not isinstance(part.padding, str)
