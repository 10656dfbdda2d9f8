"""From parameters to what the network looks at: decoded, composited, transformed; and back to one view at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from worker.engine.forward import Reading
from worker.engine.parameterizations import Size
from worker.engine.parameterizations.alpha import background, composite
from worker.engine.render import Render
from worker.engine.transforms import add_noise, resample


def decode(renders: Sequence[Render], size: Size) -> list[Tensor]:
    """Each render's pictures (n, C, H, W) in [0, 1]; equal parameterizations side by side are decoded at once."""
    decoded: list[Tensor] = []
    for parameterization, group in itertools.groupby(renders, key=lambda render: render.recipe.parameterization):
        own = list(group)
        parameters = tuple(torch.cat(tensors) for tensors in zip(*(render.parameters for render in own), strict=True))
        pictures = parameterization.decode(parameters, size)
        decoded += torch.split(pictures, [render.recipe.pictures for render in own])
    return decoded


def look(renders: Sequence[Render], pictures: Sequence[Tensor], channels: int) -> Tensor:
    """(rows, channels, H, W): every render's pictures, view after view, as the network is to see them."""
    seen, affine = [], []
    for render, own in zip(renders, pictures, strict=True):
        transform, generator = render.recipe.transform, render.generator
        size = (own.shape[2], own.shape[3])
        shown = own
        if own.shape[1] > channels:
            shown = composite(own, background(size, own.shape[0], channels, generator).to(own))
        affine.append(transform.draw(size, render.rows, generator))
        shown = shown.repeat(transform.views, 1, 1, 1) if transform.views > 1 else shown
        seen.append(shown)
    moved = resample(torch.cat(seen), torch.cat(affine).to(pictures[0].device, non_blocking=True))
    if not any(render.recipe.transform.noise for render in renders):
        return moved
    parts = torch.split(moved, [render.rows for render in renders])
    return torch.cat(
        [
            # Nothing is drawn for those without noise: their draws must not depend on who shares the lane.
            add_noise(part, r.recipe.transform.noise, r.generator) if r.recipe.transform.noise else part
            for part, r in zip(parts, renders, strict=True)
        ]
    )


def each_view(readings: Mapping[str, Reading], pictures: int) -> Iterator[dict[str, Reading]]:
    """The readings of one render, view after view, each with one row per picture."""
    rows = next(iter(readings.values())).value.shape[0]
    for start in range(0, rows, pictures):
        yield {
            layer: Reading(
                value[start : start + pictures], None if before is None else before[start : start + pictures]
            )
            for layer, (value, before) in readings.items()
        }


def over_grey(pictures: Tensor, channels: int) -> Tensor:
    """Pictures without transparency as they are, with transparency over the middle grey."""
    if pictures.shape[1] == channels:
        return pictures
    return composite(pictures, torch.full_like(pictures[:, :-1], 0.5))


def is_transparent(render: Render, pictures: Tensor) -> bool:
    return pictures.shape[1] in (2, 4)


def wants_mask(render: Render) -> bool:
    """Whether the summed gradient becomes the picture's transparency (MaCo)."""
    return getattr(render.recipe.parameterization, "accumulates_mask", False)


def opacity(mask: Tensor) -> Tensor:
    """Summed gradients (pictures, H, W) -> opacity (pictures, 1, H, W) in [0, 1], full from the 90th percentile on."""
    flat = mask.flatten(1)
    full = flat.quantile(0.9, dim=1) if flat.shape[1] < 2**24 else flat.amax(1)
    return (mask / full.clamp(min=1e-12)[:, None, None]).clamp(0, 1).unsqueeze(1)
