r"""Procedural patterns with known truth: what patternnet was trained on.

Pixel coordinates are x to the right and y downwards. **Stripes at t degrees run along (cos t, -sin t)**, as a viewer
measures angles: 0 horizontal, 45 rising to the right ("/"), 90 vertical, 135 falling to the right ("\\"). Their
wave vector is (sin t, cos t) / period, so the spectrum of stripes at 45 degrees peaks at fx = fy. Coarse stripes have
a period of 12 to 20 pixels, fine ones of 5 to 7.5.

Every image is drawn from one seeded generator: random colours, phase, scale, a small rotation, contrast, blur, noise,
and often a pattern that covers only a part of the frame.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

TURN = 2 * math.pi


class Draw:
    """Uniform numbers for a batch of `count` images, each (count, 1, 1), from one generator."""

    def __init__(self, count: int, generator: torch.Generator) -> None:
        self.count = count
        self.generator = generator

    def __call__(self, low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(self.count, 1, 1, generator=self.generator)

    def sign(self) -> Tensor:
        return (self(0, 1) < 0.5).float() * 2 - 1


Pattern = Callable[[Tensor, Tensor, Draw], Tensor]
"""(x, y, draw) -> values in [0, 1]; x and y are (B, H, W) pixels from the middle of the frame."""


def _square(wave: Tensor, draw: Draw, softest: float = 0.3) -> Tensor:
    """A wave in [-1, 1] made anything between sinusoidal and square, in [0, 1]."""
    sharpness = draw(softest, 5)
    return 0.5 + 0.5 * torch.tanh(sharpness * wave) / torch.tanh(sharpness)


def _inside(distance: Tensor) -> Tensor:
    """1 where `distance` to the edge of a shape, in pixels, is positive; the edge is soft over about a pixel."""
    return torch.sigmoid(3 * distance)


def _turned(x: Tensor, y: Tensor, draw: Draw, degrees: float) -> tuple[Tensor, Tensor]:
    """Coordinates shifted at random and rotated by up to `degrees` either way."""
    angle = draw(-degrees, degrees) * (math.pi / 180)
    x, y = x + draw(-40, 40), y + draw(-40, 40)
    return x * angle.cos() + y * angle.sin(), y * angle.cos() - x * angle.sin()


def _cell(value: Tensor, pitch: Tensor) -> Tensor:
    """Distance to the nearest multiple of `pitch`, signed, in [-pitch / 2, pitch / 2)."""
    return torch.remainder(value + pitch / 2, pitch) - pitch / 2


def _polar(x: Tensor, y: Tensor, draw: Draw) -> tuple[Tensor, Tensor]:
    """Radius and angle around a centre in the middle half of the frame."""
    height, width = x.shape[-2:]
    x, y = x - draw(-0.25, 0.25) * width, y - draw(-0.25, 0.25) * height
    return (x.square() + y.square() + 1).sqrt(), torch.atan2(y, x)


def stripes(x: Tensor, y: Tensor, draw: Draw, *, degrees: float, periods: tuple[float, float]) -> Tensor:
    angle = (degrees + draw(-7, 7)) * (math.pi / 180)
    return _square(torch.cos((x * angle.sin() + y * angle.cos()) * TURN / draw(*periods) + draw(0, TURN)), draw)


def checks(x: Tensor, y: Tensor, draw: Draw) -> Tensor:
    (x, y), k = _turned(x, y, draw, 12), TURN / draw(12, 24)
    return _square(torch.cos(x * k) * torch.cos(y * k), draw, softest=2)  # softer ones are dots


def dots(x: Tensor, y: Tensor, draw: Draw) -> Tensor:
    (x, y), pitch = _turned(x, y, draw, 12), draw(9, 18)
    return _inside(pitch * draw(0.24, 0.34) - torch.hypot(_cell(x, pitch), _cell(y, pitch)))


def rings(x: Tensor, y: Tensor, draw: Draw) -> Tensor:
    radius, _ = _polar(x, y, draw)
    return _square(torch.cos(radius * TURN / draw(7, 14) + draw(0, TURN)), draw)


def rays(x: Tensor, y: Tensor, draw: Draw) -> Tensor:
    _, angle = _polar(x, y, draw)
    return _square(torch.cos(angle * draw(7, 15).round() + draw(0, TURN)), draw)


def spiral(x: Tensor, y: Tensor, draw: Draw) -> Tensor:
    """Logarithmic: its arms cross every circle at the same 35 to 55 degrees."""
    radius, angle = _polar(x, y, draw)
    arms = draw(4, 8).round()
    tilt = torch.tan(draw(35, 55) * (math.pi / 180)) * draw.sign()
    return _square(torch.cos(arms * (angle + tilt * radius.log()) + draw(0, TURN)), draw)


def waves(x: Tensor, y: Tensor, draw: Draw) -> Tensor:
    (x, y), length = _turned(x, y, draw, 90), draw(28, 44)
    bent = y + torch.sin(x * TURN / length) * length * draw(0.13, 0.18)
    return _square(torch.cos(bent * TURN / draw(8, 14)), draw)


def zigzag(x: Tensor, y: Tensor, draw: Draw) -> Tensor:
    (x, y), length = _turned(x, y, draw, 90), draw(14, 24)
    return _square(torch.cos((y + _cell(x, length).abs() * draw(1.2, 1.7)) * TURN / draw(9, 14)), draw)


def bricks(x: Tensor, y: Tensor, draw: Draw) -> Tensor:
    (x, y), high = _turned(x, y, draw, 10), draw(8, 13)
    shifted = x + torch.remainder(torch.floor(y / high + 0.5), 2) * high
    gap = torch.minimum(high / 2 - _cell(y, high).abs(), high - _cell(shifted, 2 * high).abs())
    return _inside(gap - draw(0.8, 1.4))


def grid(x: Tensor, y: Tensor, draw: Draw) -> Tensor:
    (x, y), pitch = _turned(x, y, draw, 10), draw(9, 16)
    return _inside(torch.minimum(_cell(x, pitch).abs(), _cell(y, pitch).abs()) - draw(0.6, 1.5))


def hexagons(x: Tensor, y: Tensor, draw: Draw) -> Tensor:
    """A honeycomb: every point belongs to the nearest centre of a hexagonal lattice; the seams are drawn."""
    (x, y), pitch = _turned(x, y, draw, 30), draw(12, 20)
    high = pitch * math.sqrt(3)
    near = _cell(x, pitch).abs(), _cell(y, high).abs()
    other = _cell(x + pitch / 2, pitch).abs(), _cell(y + high / 2, high).abs()
    closer = torch.hypot(*near) < torch.hypot(*other)
    u, v = torch.where(closer, near[0], other[0]), torch.where(closer, near[1], other[1])
    return _inside(pitch / 2 - torch.maximum(u, u / 2 + v * (math.sqrt(3) / 2)) - draw(0.8, 1.5))


def crosses(x: Tensor, y: Tensor, draw: Draw) -> Tensor:
    (x, y), pitch = _turned(x, y, draw, 12), draw(12, 20)
    u, v = _cell(x, pitch).abs(), _cell(y, pitch).abs()
    return _inside(torch.minimum(pitch * 0.36 - torch.maximum(u, v), pitch * draw(0.09, 0.14) - torch.minimum(u, v)))


def triangles(x: Tensor, y: Tensor, draw: Draw) -> Tensor:
    (x, y), k = _turned(x, y, draw, 60), TURN / draw(18, 30)
    waves = [torch.sin(k * (x * math.sin(a) + y * math.cos(a))) for a in (0, TURN / 3, 2 * TURN / 3)]
    return _square((waves[0] * waves[1] * waves[2] * 1.5).clamp(-1, 1), draw)


COARSE, FINE = (12.0, 20.0), (5.0, 7.5)
PATTERNS: dict[str, Pattern] = {
    **{
        f"stripes {degrees} {name}": partial(stripes, degrees=degrees, periods=periods)
        for name, periods in (("coarse", COARSE), ("fine", FINE))
        for degrees in (0, 45, 90, 135)
    },
    "checks": checks,
    "dots": dots,
    "rings": rings,
    "rays": rays,
    "spiral": spiral,
    "waves": waves,
    "zigzag": zigzag,
    "bricks": bricks,
    "grid": grid,
    "hexagons": hexagons,
    "crosses": crosses,
    "triangles": triangles,
}
HUES: dict[str, int] = {"red": 0, "yellow": 60, "green": 120, "cyan": 180, "blue": 240, "magenta": 300}
"""Degrees on the colour circle; each class reaches 12 degrees either way."""
LABELS: tuple[str, ...] = (*PATTERNS, *HUES, "noise")


def _clouds(draw: Draw, height: int, width: int, cells: int = 5) -> Tensor:
    """Smooth random colours around 0, (B, 3, H, W)."""
    coarse = torch.randn(draw.count, 3, cells, cells, generator=draw.generator)
    return F.interpolate(coarse, size=(height, width), mode="bicubic", align_corners=False)


def _coloured(values: Tensor, draw: Draw) -> Tensor:
    """(B, H, W) in [0, 1] -> (B, 3, H, W): between two random colours at least 0.3 apart in every channel."""
    first, apart = torch.rand(2, draw.count, 3, 1, 1, generator=draw.generator).unbind()
    second = torch.remainder(first + 0.3 + 0.4 * apart, 1)
    return first + (second - first) * values[:, None]


def _hue(degrees: float, draw: Draw, height: int, width: int) -> Tensor:
    """A field of one hue, (B, 3, H, W), its brightness drifting a little."""
    hue, saturation, value = (degrees + draw(-12, 12)) / 60, draw(0.6, 1), draw(0.55, 1)
    wheel = torch.stack([torch.remainder(n + hue, 6) for n in (5, 3, 1)], 1)
    colour = value[:, None] * (1 - saturation[:, None] * torch.minimum(wheel, 4 - wheel).clamp(0, 1))
    return colour * (1 + 0.06 * _clouds(draw, height, width, 3)[:, :1])


def _ground(draw: Draw, height: int, width: int) -> Tensor:
    """What surrounds a pattern, and the class "noise": a greyish colour under smooth and rough noise, (B, 3, H, W)."""
    grey = draw(0.2, 0.8)[:, None] + 0.08 * torch.randn(draw.count, 3, 1, 1, generator=draw.generator)
    rough = torch.randn(draw.count, 3, height, width, generator=draw.generator)
    return grey + draw(0, 0.12)[:, None] * _clouds(draw, height, width) + draw(0.02, 0.25)[:, None] * rough


def _region(x: Tensor, y: Tensor, draw: Draw) -> Tensor:
    """Where the pattern is, (B, 1, H, W) in [0, 1]: everywhere in six of ten images, else inside a rectangle."""
    height, width = x.shape[-2:]
    u = (x - draw(-0.12, 0.12) * width).abs() - draw(0.34, 0.6) * width
    v = (y - draw(-0.12, 0.12) * height).abs() - draw(0.34, 0.6) * height
    return torch.maximum(_inside(-torch.maximum(u, v) / 2), (draw(0, 1) < 0.6).float())[:, None]


def images(labels: Tensor, height: int, width: int, generator: torch.Generator) -> Tensor:
    """One image per label (indices into `LABELS`): (B, 3, height, width), RGB in [0, 1]."""
    rows = torch.arange(height, dtype=torch.float32) - (height - 1) / 2
    columns = torch.arange(width, dtype=torch.float32) - (width - 1) / 2
    picture = torch.empty(len(labels), 3, height, width)
    for label in sorted(set(labels.tolist())):
        chosen = (labels == label).nonzero()[:, 0]
        draw = Draw(len(chosen), generator)
        x, y = columns.expand(draw.count, height, -1), rows[:, None].expand(draw.count, -1, width)
        ground = _ground(draw, height, width)
        name = LABELS[label]
        if name in PATTERNS:
            figure = _coloured(PATTERNS[name](x, y, draw), draw)
        elif name in HUES:
            figure = _hue(HUES[name], draw, height, width)
        else:
            figure = ground
        picture[chosen] = torch.lerp(ground, figure, _region(x, y, draw))
    return _photographed(picture, Draw(len(labels), generator))


def _photographed(picture: Tensor, draw: Draw) -> Tensor:
    """Blur, contrast, clouds and noise, each by a random amount per image."""
    kernel = torch.tensor([1.0, 4, 6, 4, 1])
    kernel = (kernel[:, None] * kernel / 256).expand(3, 1, 5, 5)
    blurred = F.conv2d(F.pad(picture, (2, 2, 2, 2), mode="reflect"), kernel, groups=3)
    picture = torch.lerp(picture, blurred, draw(0, 1)[:, None])
    picture = (picture - 0.5) * draw(0.55, 1.1)[:, None] + 0.5
    picture = picture + draw(0, 0.08)[:, None] * _clouds(draw, *picture.shape[-2:])
    rough = torch.randn(picture.shape, generator=draw.generator)
    return (picture + draw(0, 0.12)[:, None] * rough).clamp(0, 1)
