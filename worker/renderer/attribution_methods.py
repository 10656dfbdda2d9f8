"""Which pixels made a unit fire, by methods of captum, cut into ticks.

Each is an iterator: what it yields is how many steps are done and the attribution so far; every one of its turns is a
bounded part of the work. `value` tells (B,) of pictures (B, C, H, W). Importing captum takes a second, and so this
module is imported by the first job that needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from captum.attr import IntegratedGradients, LayerAttribution, LayerGradCam, Occlusion
from torch import Tensor, nn

from featurelens.jobs.kinds.attribution import MOST_ROWS, TICK_PIXELS
from featurelens.jobs.spec.attribution import OcclusionMethod

Value = Callable[[Tensor], Tensor]


class Attribution(NamedTuple):
    """`pixels` (H, W); where the method tells colors apart `colors` (C, H, W), whose sum they are; of Grad-CAM `map`
    (h, w), which they are spread from.
    """

    pixels: Tensor
    colors: Tensor | None = None
    map: Tensor | None = None


Progress = Iterator[tuple[int, Attribution]]


def integrated_gradients(value: Value, picture: Tensor, baseline: Tensor, steps: int) -> Progress:
    """From `baseline` (C, H, W) to `picture` by Gauss-Legendre quadrature, as captum does it on the whole way.

    What is attributed on parts of the way adds up (Sundararajan et al. 2017), and a node is the midpoint of a part as
    long as its weight: so captum is given a part for each node, some of them in a tick.
    """
    # In float64, because the parts are short; the network answers in float32.
    method = IntegratedGradients(lambda pictures: value(pictures.float()))
    begin, way = baseline.double(), picture.double() - baseline.double()
    nodes, weights = (torch.from_numpy(numbers) / 2 for numbers in np.polynomial.legendre.leggauss(steps))
    together = _together(picture)
    colors = torch.zeros_like(way)
    for first in range(0, steps, together):
        part = slice(first, first + together)
        middle, half = (numbers[part].view(-1, 1, 1, 1) for numbers in (nodes + 0.5, weights / 2))
        ends, begins = (begin + place * way for place in (middle + half, middle - half))
        colors += method.attribute(ends, begins, n_steps=1).sum(0)
        yield min(first + together, steps), Attribution(colors.sum(0), colors)


def occlusion(value: Value, picture: Tensor, baseline: Tensor, method: OcclusionMethod) -> Progress:
    """What the unit loses by `baseline` in a window, shared equally by the window's pixels; of a pixel the mean over
    all windows that it is in (Zeiler and Fergus 2014).

    So the pixels of windows side by side add up to what all windows together lose. A tick moves the window along a row.
    """
    assert method.window is not None
    assert method.stride is not None
    channels, height, width = picture.shape
    together = _together(picture)
    known = value(picture[None])
    losses, windows = torch.zeros(2, height, width, dtype=torch.float64)
    done = 0
    for top in method.starts(height):
        tall = min(method.window, height - top)
        for run in _runs(method, width, together):
            left, wide = run[0], min(method.window, width - run[0])
            part = (slice(None), slice(top, top + tall), slice(left, run[-1] + wide))
            loss = Occlusion(_within(value, picture, part, known)).attribute(
                picture[part][None],
                sliding_window_shapes=(channels, tall, wide),
                strides=(channels, tall, method.stride),
                baselines=baseline[part][None],
                perturbations_per_eval=together,
            )
            number = torch.zeros(loss.shape[-1], dtype=torch.float64)
            for start in run:
                number[start - left : start - left + wide] += 1
            losses[part[1:]] += loss[0, 0] * number / (tall * wide)
            windows[part[1:]] += number
            done += len(run)
            yield done, Attribution(losses / windows.clamp(min=1))


def grad_cam(value: Value, picture: Tensor, layer: nn.Module, name: str) -> Progress:
    """The maps of `layer`, weighted by the means of their gradients, signs kept (Selvaraju et al. 2017): one tick.

    Spread over the pixels so that their sum stays. Raises ValueError where no gradient leads to the layer.
    """
    try:
        # The input needs gradients, because the weights have none and captum asks nothing of the layer.
        found = LayerGradCam(value, layer).attribute(picture[None].clone().requires_grad_())
    except (AssertionError, RuntimeError) as error:
        raise ValueError(f"no Grad-CAM at layer {name}: {error}") from error
    if not isinstance(found, Tensor) or found.dim() != 4:
        raise ValueError(f"no Grad-CAM at layer {name}: it does not answer with feature maps")
    map_ = found.detach()
    spread = LayerAttribution.interpolate(map_, tuple(picture.shape[1:]), "bilinear")
    share = map_[0, 0].numel() / spread[0, 0].numel()
    yield 1, Attribution(spread[0, 0].double() * share, map=map_[0, 0])


def _together(picture: Tensor) -> int:
    """Pictures of one tick."""
    return min(max(1, TICK_PIXELS // (picture.shape[1] * picture.shape[2])), MOST_ROWS)


def _runs(method: OcclusionMethod, width: int, most: int) -> Iterator[list[int]]:
    """Where the windows of a row begin, in runs of at most `most`, all of a run as wide as each other."""
    starts = method.starts(width)
    assert method.window is not None
    whole = [start for start in starts if start + method.window <= width]
    for first in range(0, len(whole), most):
        yield whole[first : first + most]
    yield from ([start] for start in starts[len(whole) :])


def _within(value: Value, picture: Tensor, part: tuple[slice, slice, slice], known: Tensor) -> Value:
    """Of parts (B, C, h, w): the value of the picture with each in its place. `known` is that of the picture itself."""

    def of_parts(parts: Tensor) -> Tensor:
        if len(parts) == 1 and torch.equal(parts[0], picture[part]):
            return known
        pictures = picture.repeat(len(parts), 1, 1, 1)
        pictures[(slice(None), *part)] = parts
        return value(pictures)

    return of_parts
