"""Every parameterization stands for any picture of any size, and starts from nothing but its seed."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from featurelens.engine.parameterizations import (
    CPPN,
    Alpha,
    Fourier,
    Laplacian,
    MaCo,
    Parameterization,
    Photograph,
    Pixel,
    Shared,
    Size,
)
from featurelens.engine.parameterizations.alpha import background, composite
from featurelens.engine.parameterizations.maco import _magnitude
from featurelens.engine.parameterizations.spectrum import frequencies

SIZES: list[Size] = [(32, 32), (33, 47), (48, 35)]
FREE = [Pixel(), Pixel(decorrelate=True), Fourier(), Fourier(decorrelate=False), Laplacian(), Shared(2)]
BOUND = [CPPN(), MaCo()]
TRANSPARENT = [Alpha(Fourier()), Alpha(MaCo()), Alpha(CPPN())]
GREY = [Pixel(1), Fourier(1), Laplacian(1), CPPN(1), MaCo(1), Shared(2, channels=1), Alpha(Fourier(1))]


def name(value: object) -> str:
    return type(value).__name__


def start(parameterization: Parameterization, size: Size, pictures: int = 2, seed: int = 0) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [tensor.requires_grad_() for tensor in parameterization.start(size, pictures, generator)]


def scene(size: Size, channels: int = 3) -> Tensor:
    """Photograph-like: a sky, a sun, a wall with texture; (channels, H, W) in [0.05, 0.95]."""
    height, width = size
    y = torch.linspace(0, 1, height)[:, None].expand(size)
    x = torch.linspace(0, 1, width)[None].expand(size)
    sun = torch.sigmoid(40 * (0.2 - torch.hypot(x - 0.7, y - 0.3)))
    wall = (y > 0.6) * (0.3 + 0.2 * torch.sin(30 * x).sign())
    noise = torch.rand(size, generator=torch.Generator().manual_seed(9)) * 0.1
    layers = [0.2 + 0.7 * sun + 0.3 * wall, 0.4 + 0.3 * sun + 0.5 * wall, 0.7 - 0.4 * y + 0.2 * wall]
    return torch.stack([(layer + noise).clamp(0.05, 0.95) for layer in layers[:channels]])


def errors(parameterization: Parameterization, size: Size, target: Tensor, steps: int) -> tuple[float, float]:
    """Mean squared error at the start and after `steps` of Adam."""
    parameters = start(parameterization, size)
    optimizer = torch.optim.Adam(parameters, lr=parameterization.learning_rate)
    costs = []
    for _ in range(steps):
        optimizer.zero_grad()
        cost = (parameterization.decode(tuple(parameters), size)[:, : len(target)] - target).square().mean()
        torch.autograd.backward(cost)
        optimizer.step()
        costs.append(float(cost.detach()))
    return costs[0], costs[-1]


@pytest.mark.parametrize("parameterization", FREE, ids=name)
def test_any_picture_can_be_fitted(parameterization: Parameterization) -> None:
    before, after = errors(parameterization, (33, 47), scene((33, 47)), steps=150)
    assert after < before / 20


@pytest.mark.parametrize("parameterization", BOUND, ids=name)
def test_a_bound_picture_comes_nearer(parameterization: Parameterization) -> None:
    before, after = errors(parameterization, (33, 47), scene((33, 47)), steps=100)
    assert after < 0.8 * before


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("parameterization", [*FREE, *BOUND, *GREY, *TRANSPARENT], ids=name)
def test_start_pictures_are_pictures(parameterization: Parameterization, size: Size) -> None:
    picture = parameterization.decode(tuple(start(parameterization, size)), size)
    assert picture.shape == (2, parameterization.channels, *size)
    assert picture.dtype == torch.float32
    assert bool(((picture >= 0) & (picture <= 1)).all())
    assert torch.equal(picture, parameterization.decode(tuple(start(parameterization, size)), size))


@pytest.mark.parametrize("parameterization", [*FREE, *BOUND, *GREY, Alpha(Fourier())], ids=name)
def test_gradients_reach_every_parameter(parameterization: Parameterization) -> None:
    size = (33, 47)
    parameters = start(parameterization, size)
    if isinstance(parameterization, CPPN):  # behind the last layer of zeros, nothing moves at the first step
        parameters[-2] = torch.full_like(parameters[-2], 0.1).requires_grad_()
    picture = parameterization.decode(tuple(parameters), size)
    gradients = torch.autograd.grad((picture * torch.rand_like(picture)).sum(), parameters)
    for gradient in gradients:
        assert gradient.isfinite().all()
        assert gradient.any()


@pytest.mark.parametrize("parameterization", [*FREE, *BOUND, Alpha(Fourier())], ids=name)
def test_pictures_of_several_renders_are_decoded_as_one_by_one(parameterization: Parameterization) -> None:
    size = (33, 47)
    renders = [start(parameterization, size, seed=seed) for seed in range(3)]
    together = parameterization.decode(tuple(torch.cat(parts) for parts in zip(*renders, strict=True)), size)
    single = torch.cat([parameterization.decode(tuple(own), size) for own in renders])
    torch.testing.assert_close(together, single, rtol=0, atol=1e-5)


@pytest.mark.parametrize("parameterization", [*FREE, *BOUND], ids=name)
def test_equal_ones_are_equal_so_that_lanes_can_group_them(parameterization: Parameterization) -> None:
    twin = type(parameterization)(**vars(parameterization))
    assert twin == parameterization
    assert hash(twin) == hash(parameterization)


def test_fourier_is_the_published_formula() -> None:
    size = (6, 9)
    (spectrum,) = start(Fourier(1, decay=1.5, deviation=1), size, pictures=1)
    frequency = [
        [math.hypot(y, x) for x in (0, 1 / 9, 2 / 9, 3 / 9, 4 / 9)] for y in (0, 1 / 6, 2 / 6, 3 / 6, 2 / 6, 1 / 6)
    ]
    distance = torch.tensor(frequency)
    band = [
        [1.0 if f <= 0.4 else 0.5 * (1 + math.cos(math.pi * min(1, (f - 0.4) / 0.1))) for f in r] for r in frequency
    ]
    scale = math.sqrt(54) / distance.clamp(min=1 / 9) ** 1.5 * torch.tensor(band)
    expected = (
        torch.fft.irfft2(torch.view_as_complex(spectrum) * scale, s=size) / 4 / 8**0.25
    )  # a wave of 8 pixels moves as at 1.25
    torch.testing.assert_close(Fourier(1, decay=1.5).decode((spectrum,), size), expected.sigmoid())


@pytest.mark.parametrize("decay", [0.0, 0.5, 1.0, 1.25, 1.5, 2.0])
def test_a_wave_of_some_pixels_moves_as_fast_at_every_decay(decay: float) -> None:
    """16 pixels, twice the 8 that are held: at most 2.4 times as fast or slow."""
    spectrum = torch.zeros(1, 1, 64, 33, 2)
    spectrum[..., 0, 4, :] = 0.01
    moved = torch.logit(Fourier(1, decay).decode((spectrum,), (64, 64)).double()).std()
    usual = torch.logit(Fourier(1).decode((spectrum,), (64, 64)).double()).std()
    assert 1 / 2.4 < float(moved / usual) < 2.4


@pytest.mark.parametrize("decay", [0.0, 1.25, 2.5, 3.0])
def test_a_picture_starts_grey_at_every_decay(decay: float) -> None:
    picture = Fourier(3, decay).decode(tuple(start(Fourier(3, decay), (224, 224))), (224, 224))
    assert float(picture.detach().std()) < 0.2


@pytest.mark.parametrize("size", [(32, 32), (33, 47)])
def test_fourier_has_no_waves_that_only_diagonals_could_hold(size: Size) -> None:
    spectrum = torch.ones(1, 1, size[0], size[1] // 2 + 1, 2, dtype=torch.float64) * 0.01
    found = torch.fft.rfft2(torch.logit(Fourier(1).decode((spectrum,), size)))[0, 0].abs()
    distance = frequencies(size, torch.device("cpu"))
    held = found[distance >= 0.5].max(), found[(distance > 0.3) & (distance < 0.4)].min()
    assert float(held[0]) < 1e-6 * float(held[1])


def test_alpha_is_a_last_channel_half_open_at_the_start() -> None:
    picture = Alpha(Fourier()).decode(tuple(start(Alpha(Fourier()), (32, 32))), (32, 32))
    assert picture.shape[1] == 4
    assert float(picture[:, 3].detach().mean()) == pytest.approx(0.5, abs=0.05)


def test_opacity_moves_alike_however_slowly_the_colours_do() -> None:
    """By the learning rate of each, along a slope of ones."""
    moved = []
    for made in (Alpha(Fourier()), Alpha(CPPN())):
        before = start(made, (32, 32), pictures=1)
        after = [before[0] + made.learning_rate, *before[1:]]
        opacity = [torch.logit(made.decode(tuple(own), (32, 32))[:, -1].double()) for own in (before, after)]
        moved.append(opacity[1] - opacity[0])
    torch.testing.assert_close(moved[0], moved[1], rtol=1e-3, atol=1e-4)


def test_a_transparent_cppn_starts_nearly_opaque() -> None:
    made = Alpha(CPPN())
    picture = made.decode(tuple(start(made, (32, 32))), (32, 32))
    assert float(picture[:, 3].detach().mean()) == pytest.approx(0.95, abs=0.01)


def test_compositing() -> None:
    colours = torch.tensor([0.2, 0.4, 0.8]).view(1, 3, 1, 1)
    behind = torch.ones(1, 3, 1, 1)
    for alpha, expected in ((1.0, [0.2, 0.4, 0.8]), (0.0, [1, 1, 1]), (0.5, [0.6, 0.7, 0.9])):
        seen = composite(torch.cat([colours, torch.full((1, 1, 1, 1), alpha)], dim=1), behind)
        assert seen.flatten().tolist() == pytest.approx(expected)


def test_backgrounds_differ_and_are_pictures() -> None:
    generator = torch.Generator().manual_seed(0)
    one, other = background((33, 47), 2, 3, generator), background((33, 47), 2, 3, generator)
    assert one.shape == (2, 3, 33, 47)
    assert bool(((one >= 0) & (one <= 1)).all())
    assert not torch.allclose(one, other, atol=0.1)
    assert float(one.std()) > 0.05


def test_a_photograph_starts_as_itself() -> None:
    photo = scene((33, 47))
    parameterization = Photograph(photo)
    picture = parameterization.decode(tuple(start(parameterization, (33, 47))), (33, 47))
    torch.testing.assert_close(picture, photo.expand(2, -1, -1, -1), rtol=0, atol=1e-5)
    before, after = errors(parameterization, (33, 47), 1 - photo, steps=200)
    assert after < before / 5
    with pytest.raises(ValueError, match="the photograph is"):
        parameterization.start((32, 32), 1, torch.Generator())


def test_what_is_shared_moves_all_pictures_of_its_strip_and_no_other() -> None:
    strips = Shared(3)
    renders = [start(strips, (32, 40), pictures=3, seed=seed) for seed in range(2)]
    parameters = [torch.cat(parts).detach() for parts in zip(*renders, strict=True)]
    before = strips.decode(tuple(parameters), (32, 40))
    parameters[1][0] += 1.0
    moved = (strips.decode(tuple(parameters), (32, 40)) - before).abs().flatten(1).mean(1)
    assert bool((moved[:3] > 0.1).all())
    assert moved[3:].tolist() == [0, 0, 0]
    parameters[0][4] += 1.0
    alone = (strips.decode(tuple(parameters), (32, 40)) - before).abs().flatten(1).mean(1)
    assert [bool(change > 1e-3) for change in alone[3:]] == [False, True, False]
    with pytest.raises(ValueError, match="strips of 3"):
        strips.start((32, 40), 2, torch.Generator())


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_maco_moves_phases_only(size: Size) -> None:
    """In the columns where a real picture's spectrum is free; the first (and last) one mirrors itself."""
    spectra = []
    for phases in (start(MaCo(1), size, seed=seed)[0] for seed in range(2)):
        picture = MaCo(1).decode((phases.detach(),), size).logit().double()
        spectra.append(torch.fft.rfft2(picture).abs()[:, 0, :, 1 : (size[1] - 1) // 2])
    template = _magnitude(size, 1, None)[0, :, 1 : (size[1] - 1) // 2]
    for picture in itertools.chain(*spectra):
        ratio = picture / template
        assert float(ratio.std() / ratio.mean()) < 1e-3


def test_maco_takes_the_magnitudes_of_a_template(tmp_path: Path) -> None:
    path = tmp_path / "magnitude.safetensors"
    save_file({"magnitude": torch.rand(3, 8, 5) + 0.5}, path)
    picture = MaCo(template=path).decode(tuple(start(MaCo(template=path), (33, 47))), (33, 47))
    assert picture.shape == (2, 3, 33, 47)
    assert picture.isfinite().all()
