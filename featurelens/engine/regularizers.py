"""What keeps a picture from being only what the unit wants: penalties on the picture itself.

All are means over pixels, so that a weight means the same at every size, and all are taken of pictures (B, C, H, W) in
[0, 1] before any transform. Weights are per unit of score, those of `pull` and `prior` parts of it; 0 is off.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

SHAPING = 0.7
"""The part of the schedule in which a picture takes shape, before it is finished."""
_BOUNDARY = 20
"""Pixels from the edge that count as boundary (lucid, `penalize_boundary_complexity`)."""


@dataclass(frozen=True, eq=False)
class Regularizers:
    """Weights of the penalties.

    `pull` draws a picture back to the photograph `home`, (C, H, W) in [0, 1]: the weight of `departure`, as a part of
    the score, so that it means the same for every unit (see docs/experiments/accentuation.md).

    `prior` is the weight of the network's own memory of natural pictures (see `prior`), as a part of the score; it
    falls to nothing over the first `SHAPING` of the schedule: first something natural, then all that the unit wants.
    """

    tv: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    blur: float = 0.0
    boundary: float = 0.0
    pull: float = 0.0
    prior: float = 6.0
    home: Tensor | None = None

    def prior_at(self, progress: float) -> float:
        """The weight of the prior when `progress` (0 to 1) of the schedule is done."""
        return self.prior * max(0.0, 1 - progress / SHAPING)

    @property
    def any(self) -> bool:
        """Whether there is a penalty on the picture itself."""
        return any((self.tv, self.l1, self.l2, self.blur, self.boundary, self.pull))

    def penalty(self, pictures: Tensor, score: Tensor) -> Tensor:
        """(B,) to be subtracted from what each picture scores; `score`, () or (B,), takes no gradient."""
        total = torch.zeros(pictures.shape[0], device=pictures.device)
        for weight, measure in (
            (self.tv, total_variation),
            (self.l1, l1),
            (self.l2, l2),
            (self.blur, sharpness),
            (self.boundary, boundary),
        ):
            if weight:
                total = total + weight * measure(pictures)
        if self.pull and self.home is not None:
            total = total + self.pull * score.detach().abs() * departure(pictures, self.home.to(pictures))
        return total


def departure(pictures: Tensor, home: Tensor) -> Tensor:
    """(B,): mean squared distance from `home` (C, H, W), as a part of its variance within each channel."""
    variance = home.var((1, 2), correction=0).mean().clamp(min=1e-3)
    return (pictures - home).square().mean((1, 2, 3)) / variance


def total_variation(pictures: Tensor) -> Tensor:
    """(B,): mean |dx| + mean |dy|."""
    across = (pictures[..., :, 1:] - pictures[..., :, :-1]).abs().mean((1, 2, 3))
    down = (pictures[..., 1:, :] - pictures[..., :-1, :]).abs().mean((1, 2, 3))
    return across + down


def l1(pictures: Tensor) -> Tensor:
    """(B,): mean distance from grey."""
    return (pictures - 0.5).abs().mean((1, 2, 3))


def l2(pictures: Tensor) -> Tensor:
    """(B,): mean squared distance from grey."""
    return (pictures - 0.5).square().mean((1, 2, 3))


def sharpness(pictures: Tensor) -> Tensor:
    """(B,): half the mean squared distance from the picture's own blur, which takes no gradient (lucid)."""
    return 0.5 * (pictures - _blurred(pictures).detach()).square().mean((1, 2, 3))


def boundary(pictures: Tensor) -> Tensor:
    """(B,): in the outer frame, squared distance from the own blur plus 0.8 times that from grey (lucid)."""
    height, width = pictures.shape[2:]
    frame = torch.ones(height, width, device=pictures.device)
    edge = min(_BOUNDARY, min(height, width) // 4)
    frame[edge : height - edge, edge : width - edge] = 0
    restless = (pictures - _blurred(pictures)).square() + 0.8 * (pictures - 0.5).square()
    return (restless * frame).mean((1, 2, 3)) / frame.mean()


def _blurred(pictures: Tensor) -> Tensor:
    return F.avg_pool2d(F.pad(pictures, (2, 2, 2, 2), mode="reflect"), 5, stride=1)
