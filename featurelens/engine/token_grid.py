"""How the tokens of a vision transformer lie on the picture: found out from the shapes that its convolutions make.

A network that cuts the picture into patches does it by a convolution, one position a patch, and puts what stands for no
patch (class token, registers) before the patches, as torchvision and timm do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from torch import Tensor, nn

MOST_FIRST = 8
"""Tokens that may stand before those of patches; DINOv2 has five."""


@dataclass(frozen=True)
class TokenGrid:
    """`height` x `width` tokens of patches, row by row, after the `first` ones, which stand for no patch."""

    height: int
    width: int
    first: int


@contextmanager
def convolved(module: nn.Module) -> Iterator[list[tuple[int, int]]]:
    """While active, height and width of all that convolutions answer are noted, in their order."""
    sizes: list[tuple[int, int]] = []

    def note(_module: nn.Module, _inputs: object, output: Tensor) -> None:
        sizes.append((output.shape[-2], output.shape[-1]))

    handles = [part.register_forward_hook(note) for part in module.modules() if isinstance(part, nn.Conv2d)]
    try:
        yield sizes
    finally:
        for handle in handles:
            handle.remove()


def token_grid(tokens: int, sizes: list[tuple[int, int]]) -> TokenGrid | None:
    """That of `tokens` after convolutions of these `sizes`, the last that fits; None: not known."""
    for height, width in reversed(sizes):
        first = tokens - height * width
        if 0 <= first <= MOST_FIRST < height * width:
            return TokenGrid(height, width, first)
    return None
