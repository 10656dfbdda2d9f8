"""From parameters to what the network looks at: decoded, composited, transformed; and back to one view at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from featurelens.engine.extraction.hooks import Reading, rows_of
from featurelens.engine.optimization import Optimization
from featurelens.engine.parameterizations import Parameterization, Size
from featurelens.engine.parameterizations.alpha import background, composite
from featurelens.engine.resampling import resample
from featurelens.engine.transforms import add_noise, draw_numbers, noise


@dataclass(frozen=True)
class Pictures:
    """All pictures of a tick (n, C, H, W) in [0, 1], None where their channels differ, and each optimization's own."""

    whole: Tensor | None
    each: tuple[Tensor, ...]


def decode(optimizations: Sequence[Optimization], size: Size) -> Pictures:
    """Equal parameterizations side by side are decoded at once, but on a CPU each by itself.

    There the last few numbers of a tensor, sums over large ones, single transforms and products are computed in another
    way than others, so that company would show in the last bits.
    """
    blocks: list[Tensor] = []
    for (parameterization, _), group in itertools.groupby(optimizations, key=_decoded_with):
        own = [one.parameters for one in group]
        parameters = tuple(torch.cat(tensors) for tensors in zip(*own, strict=True))
        blocks.append(parameterization.decode(parameters, size))
    counts = [one.recipe.pictures for one in optimizations]
    if len({block.shape[1] for block in blocks}) == 1:
        whole = blocks[0] if len(blocks) == 1 else torch.cat(blocks)
        return Pictures(whole, torch.split(whole, counts))
    each = itertools.chain.from_iterable(torch.split(block, 1) for block in blocks)
    return Pictures(None, tuple(torch.cat(list(itertools.islice(each, count))) for count in counts))


def _decoded_with(one: Optimization) -> tuple[Parameterization, Optimization | None]:
    return one.recipe.parameterization, one if one.parameters[0].device.type == "cpu" else None


def present(optimizations: Sequence[Optimization], pictures: Pictures, channels: int) -> Tensor:
    """(rows, channels, H, W): every optimization's pictures, view after view, as the network is to see them."""
    size = optimizations[0].recipe.size
    seen = pictures.whole
    # The summed gradient of a mask is that of the optimization's own pictures: they must be what is looked at.
    if (
        seen is None
        or seen.shape[1] > channels
        or any(r.recipe.transform.views > 1 or wants_mask(r) for r in optimizations)
    ):
        seen = torch.cat([_shown(one, own, channels) for one, own in zip(optimizations, pictures.each, strict=True)])
    affine = [
        transform.affine(size, torch.cat([draw_numbers(one.rows, one.generator) for one in group]))
        for transform, group in itertools.groupby(optimizations, key=lambda one: one.recipe.transform)
    ]
    moved = resample(seen, torch.cat(affine))
    if not any(one.recipe.transform.noise for one in optimizations):
        return moved
    parts = torch.split(moved, [one.rows for one in optimizations])
    return torch.cat(
        [
            # Nothing is drawn for those without noise: their draws must not depend on who shares the lane.
            add_noise(part, r.recipe.transform.noise, r.generator) if r.recipe.transform.noise else part
            for part, r in zip(parts, optimizations, strict=True)
        ]
    )


class Views:
    """What `present` would show of one optimization, a few rows at a time; the same is drawn, in the same order."""

    def __init__(self, one: Optimization, own: Tensor, channels: int) -> None:
        self.opaque = opaque(one, own, channels)
        """(pictures, channels, H, W): one row for each picture; all views look at it."""
        size, transform = one.recipe.size, one.recipe.transform
        self._affine = transform.affine(size, draw_numbers(one.rows, one.generator))
        shape = (one.rows, channels, *size)
        self._noise = noise(shape, transform.noise, one.generator) if transform.noise else None

    def pictures(self, rows: range) -> list[int]:
        """Which picture each of the rows shows."""
        return [row % len(self.opaque) for row in rows]

    def look(self, shown: Tensor, rows: range) -> Tensor:
        """`shown` are the rows of `opaque` at `pictures(rows)`: as the network is to see them."""
        part = slice(rows.start, rows.stop)
        moved = resample(shown, self._affine[part])
        return moved if self._noise is None else moved + self._noise[part].to(moved)


def opaque(one: Optimization, own: Tensor, channels: int) -> Tensor:
    """One optimization's pictures, over a background drawn anew where they are transparent."""
    if own.shape[1] == channels:
        return own
    return composite(own, background(one.recipe.size, own.shape[0], channels, one.generator).to(own))


def _shown(one: Optimization, own: Tensor, channels: int) -> Tensor:
    """One optimization's pictures, opaque, as often as they are looked at."""
    return opaque(one, own, channels).repeat(one.recipe.transform.views, 1, 1, 1)


def each_view(readings: Mapping[str, Reading], pictures: int) -> Iterator[dict[str, Reading]]:
    """The readings of one optimization, view after view, each with one row per picture."""
    rows = next(iter(readings.values())).value.shape[0]
    if rows == pictures:  # a slice, even of everything, costs its gradient a copy
        yield dict(readings)
        return
    for start in range(0, rows, pictures):
        yield rows_of(readings, slice(start, start + pictures))


def over_grey(pictures: Tensor, channels: int) -> Tensor:
    """Pictures without transparency as they are, with transparency over the middle grey."""
    if pictures.shape[1] == channels:
        return pictures
    return composite(pictures, torch.full_like(pictures[:, :-1], 0.5))


def wants_mask(one: Optimization) -> bool:
    """Whether the summed gradient becomes the picture's transparency (MaCo)."""
    return one.recipe.parameterization.accumulates_mask


def opacity(mask: Tensor) -> Tensor:
    """Summed gradients (pictures, H, W) -> opacity (pictures, 1, H, W) in [0, 1], full from the 90th percentile on."""
    flat = mask.flatten(1)
    full = flat.quantile(0.9, dim=1) if flat.shape[1] < 2**24 else flat.amax(1)
    return (mask / full.clamp(min=1e-12)[:, None, None]).clamp(0, 1).unsqueeze(1)
