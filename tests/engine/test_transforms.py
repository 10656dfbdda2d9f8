"""What a picture looks like through a transform, pixel by pixel."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from featurelens.engine.resampling import resample
from featurelens.engine.transforms import NOTHING, Transform, add_noise

SIZE = (20, 28)


def pictures(rows: int = 2) -> Tensor:
    return torch.rand(rows, 3, *SIZE, generator=torch.Generator().manual_seed(0))


def corners(affine: Tensor) -> Tensor:
    """(rows, 4, 2): where the corners of the view lie, in [-1, 1]."""
    ends = torch.tensor([[-1.0, -1, 1], [1, -1, 1], [-1, 1, 1], [1, 1, 1]])
    return ends @ affine.transpose(1, 2)


def shift(x: float, y: float) -> Tensor:
    """In pixels of `SIZE`."""
    return torch.tensor([[[1, 0, 2 * x / SIZE[1]], [0, 1, 2 * y / SIZE[0]]]])


def test_nothing_changes_nothing() -> None:
    seen = resample(pictures(), NOTHING.draw(SIZE, 2, torch.Generator()))
    torch.testing.assert_close(seen, pictures(), rtol=0, atol=1e-5)


def test_whole_pixels_shift_and_reflect() -> None:
    seen = resample(pictures(1), shift(3, -2))
    whole = pictures(1)
    torch.testing.assert_close(seen[..., 2:, :-3], whole[..., :-2, 3:], rtol=0, atol=1e-5)
    torch.testing.assert_close(seen[..., 2:, -3:], whole[..., :-2, -3:].flip(3), rtol=0, atol=1e-5)
    torch.testing.assert_close(seen[..., :2, :-3], whole[..., :2, 3:].flip(2), rtol=0, atol=1e-5)


def test_a_quarter_turn_is_rigid_though_the_picture_is_not_square() -> None:
    transform = Transform(jitter=0, scale=(1, 1), rotate=90)
    draw = next(d for d in (draw_of(transform, seed) for seed in range(99)) if abs(float(d[0, 1, 0])) > 0)
    angle = torch.atan2(draw[0, 1, 0] * SIZE[0] / SIZE[1], draw[0, 0, 0])
    # In pixels the matrix is a rotation, whatever the angle.
    pixels = torch.diag(torch.tensor([SIZE[1] / 2, SIZE[0] / 2]))
    rotation = pixels @ draw[0, :, :2] @ pixels.inverse()
    torch.testing.assert_close(rotation @ rotation.T, torch.eye(2))
    torch.testing.assert_close(rotation[0, 0], angle.cos())


def draw_of(transform: Transform, seed: int, rows: int = 1) -> Tensor:
    return transform.draw(SIZE, rows, torch.Generator().manual_seed(seed))


def test_ninety_degrees_pixel_by_pixel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "rand", lambda *shape, generator: torch.tensor([[0.5, 1.0, 0.5, 0.5, 0.5]]))
    draw = Transform(jitter=0, scale=(1, 1), rotate=90).draw(SIZE, 1, torch.Generator())
    monkeypatch.undo()
    whole = pictures(1)
    middle = whole[..., :, 4:24]  # the central square of 20
    turned = resample(whole, draw)[..., :, 4:24]
    clockwise = torch.allclose(turned, middle.rot90(-1, (2, 3)), atol=1e-4)
    assert clockwise or torch.allclose(turned, middle.rot90(1, (2, 3)), atol=1e-4)


def test_scale_above_one_magnifies() -> None:
    disc = torch.zeros(1, 1, 20, 28)
    disc[..., 8:12, 12:16] = 1
    magnified = resample(disc, draw_of(Transform(jitter=0, scale=(2, 2), rotate=0), 0))
    assert float(magnified.sum()) == pytest.approx(4 * float(disc.sum()), rel=0.1)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), low=st.floats(0.05, 1), width=st.floats(0, 1))
def test_crops_stay_inside(seed: int, low: float, width: float) -> None:
    crop = (low, low + width * (1 - low))
    draw = draw_of(Transform(jitter=0, scale=(1, 1), rotate=0, crop=crop), seed, rows=16)
    assert float(corners(draw).abs().max()) <= 1 + 1e-5
    side = (corners(draw)[:, 3] - corners(draw)[:, 0]) / 2
    assert float(side.min()) >= crop[0] - 1e-5
    assert float(side.max()) <= crop[1] + 1e-5


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_draws_depend_on_the_generator_alone(seed: int) -> None:
    transform = Transform(crop=(0.2, 0.8), noise=0.1)
    torch.manual_seed(seed + 1)
    one = draw_of(transform, seed, rows=3)
    torch.rand(7)
    assert torch.equal(one, draw_of(transform, seed, rows=3))
    assert not torch.equal(one, draw_of(transform, seed + 1, rows=3))
    generators = [torch.Generator().manual_seed(seed) for _ in range(2)]
    noisy = [add_noise(pictures(), 0.1, generator) for generator in generators]
    assert torch.equal(*noisy)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_no_border_is_ever_grey(seed: int) -> None:
    transform = Transform(jitter=224, scale=(0.3, 1), rotate=180)
    white = torch.ones(4, 3, *SIZE)
    torch.testing.assert_close(resample(white, draw_of(transform, seed, rows=4)), white, rtol=0, atol=1e-5)


def test_ranges_are_kept() -> None:
    draws = draw_of(Transform(jitter=16, scale=(0.8, 1.25), rotate=0), 0, rows=4096)
    zoom = 1 / draws[:, 0, 0]
    assert 0.8 <= float(zoom.min()) < 0.82
    assert 1.23 < float(zoom.max()) <= 1.25 + 1e-6
    pixels = draws[:, :, 2] * torch.tensor([SIZE[1] / 2, SIZE[0] / 2])
    farthest = 16 / 224 * torch.tensor([SIZE[1], SIZE[0]])
    assert bool((pixels.abs() <= farthest + 1e-5).all())
    assert bool((pixels.abs().amax(0) > 0.98 * farthest).all())


def test_noise_has_the_deviation_asked_for() -> None:
    noise = add_noise(torch.zeros(1, 3, 200, 200), 0.2, torch.Generator().manual_seed(0))
    # Normal of 0.2, and uniform within +-0.1.
    assert float(noise.std()) == pytest.approx((0.2**2 + 0.2**2 / 12) ** 0.5, rel=0.02)
    assert float(noise.mean()) == pytest.approx(0, abs=0.005)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), jitter=st.floats(0, 112), low=st.floats(0.25, 1), rotate=st.floats(0, 180))
def test_like_an_affine_grid_with_reflection(seed: int, jitter: float, low: float, rotate: float) -> None:
    """However far it reaches beyond the border."""
    draw = draw_of(Transform(jitter=jitter, scale=(low, 1), rotate=rotate), seed, rows=2)
    grid = F.affine_grid(draw, [2, 3, *SIZE], align_corners=False)
    expected = F.grid_sample(pictures(), grid, padding_mode="reflection", align_corners=False)
    torch.testing.assert_close(resample(pictures(), draw), expected, rtol=0, atol=1e-4)
