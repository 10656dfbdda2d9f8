"""From parameters to what the network looks at: decoded, composited, transformed; and back to one view at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from featurelens.engine.extraction.hooks import Reading, rows_of
from featurelens.engine.optimization import Optimization
from featurelens.engine.parameterizations.alpha import background, composite
from featurelens.engine.resampling import resample
from featurelens.engine.spans import Span, side_by_side
from featurelens.engine.tails import same_sigmoid
from featurelens.engine.transforms import add_noise, draw_numbers, noise


def decode(span: Span) -> Tensor:
    """(pictures, C, H, W) in [0, 1] from its leaves: at once, but on a CPU each by itself where company would show in
    the last bits.
    """
    decoded, size = span.recipe.parameterization.decode, span.recipe.size
    count = len(span.members)
    if count == 1 or span.leaves[0].device.type != "cpu" or _steady(span, count):
        return decoded(span.leaves, size)
    rows = zip(*(leaf.chunk(count) for leaf in span.leaves), strict=True)
    return torch.cat([decoded(row, size) for row in rows])


def _steady(span: Span, count: int) -> bool:
    parameterization, (height, width) = span.recipe.parameterization, span.recipe.size
    alone = span.recipe.pictures * parameterization.channels * height * width
    return parameterization.steady and same_sigmoid(alone, count * alone)


def current(one: Optimization) -> Tensor:
    """(pictures, C, H, W) in [0, 1] as they are now."""
    with torch.no_grad():
        return decode(side_by_side([one])[0])


def present(spans: Sequence[Span], pictures: Sequence[Tensor], channels: int) -> Tensor:
    """(rows, channels, H, W): the pictures of every span, view after view, as the network is to see them."""
    seen = _joined([_shown(span, own, channels) for span, own in zip(spans, pictures, strict=True)])
    moved = resample(seen, _joined([affine(span) for span in spans]))
    if not any(span.recipe.transform.noise for span in spans):
        return moved
    members = [one for span in spans for one in span.members]
    parts = torch.split(moved, [one.rows for one in members])
    return torch.cat(
        [
            # Nothing is drawn for those without noise: their draws must not depend on who shares the lane.
            add_noise(part, r.recipe.transform.noise, r.generator) if r.recipe.transform.noise else part
            for part, r in zip(parts, members, strict=True)
        ]
    )


def affine(span: Span) -> Tensor:
    """(rows, 2, 3), on the CPU: how each row is looked at in this tick."""
    if span.members[0].foresees:
        looks = [one.look for one in span.members]
        for one in span.members:
            one.look += 1
        return span.numbers.looks[torch.arange(len(looks)), torch.tensor(looks)]
    numbers = torch.cat([draw_numbers(one.rows, one.generator) for one in span.members])
    return span.recipe.transform.affine(span.recipe.size, numbers)


def _joined(parts: Sequence[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(list(parts))


def each_picture(span: Span, pictures: Tensor) -> tuple[Tensor, ...]:
    """The pictures of a span, those of each member apart."""
    return (pictures,) if len(span.members) == 1 else torch.split(pictures, span.pictures)


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


def _shown(span: Span, pictures: Tensor, channels: int) -> Tensor:
    """The pictures of a span, opaque, each member's as often as they are looked at."""
    views = span.recipe.transform.views
    if pictures.shape[1] == channels and views == 1:
        return pictures
    each = zip(span.members, each_picture(span, pictures), strict=True)
    return _joined([opaque(one, own, channels).repeat(views, 1, 1, 1) for one, own in each])


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


def wants_mask(span: Span) -> bool:
    """Whether the summed gradient becomes the pictures' transparency (MaCo)."""
    return span.recipe.parameterization.accumulates_mask


def opacity(mask: Tensor) -> Tensor:
    """Summed gradients (pictures, H, W) -> opacity (pictures, 1, H, W) in [0, 1], full from the 90th percentile on."""
    flat = mask.flatten(1)
    full = flat.quantile(0.9, dim=1) if flat.shape[1] < 2**24 else flat.amax(1)
    return (mask / full.clamp(min=1e-12)[:, None, None]).clamp(0, 1).unsqueeze(1)
