"""The gradient that a card gathers is the one that torch scatters, whoever else is looked at.

Where there is no card, triton's interpreter runs the kernel, and it is compiled for one that is not here.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from featurelens.engine.resampling import resample
from featurelens.engine.transforms import Transform

gather = pytest.importorskip("featurelens.engine.gather", reason="triton comes with torch for CUDA on Linux only")


DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
SIZES = [(7, 10), (1, 6)]
TRANSFORMS = {
    "default": Transform(),
    "far": Transform(jitter=224, scale=(0.5, 0.7), rotate=180),
    "close": Transform(jitter=0, scale=(1, 1), rotate=0, crop=(0.4, 0.5)),
    "nothing": Transform(jitter=0, scale=(1, 1), rotate=0),
}


def gathered(slope: Tensor, affine: Tensor) -> Tensor:
    found: Tensor = gather.gathered(slope.to(DEVICE), affine).cpu()
    return found


def scattered(pictures: Tensor, affine: Tensor, slope: Tensor) -> Tensor:
    shown = pictures.clone().requires_grad_(True)
    (found,) = torch.autograd.grad(resample(shown, affine), shown, slope)
    return found


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
@pytest.mark.parametrize("seed", [1, 2])
def test_gathered_and_scattered_are_one(transform: Transform, size: tuple[int, int], seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    affine = transform.draw(size, 2, generator).double()
    pictures, slope = (torch.randn(2, 3, *size, generator=generator, dtype=torch.float64) for _ in range(2))
    expected = scattered(pictures, affine, slope)
    torch.testing.assert_close(gathered(slope, affine), expected, rtol=1e-9, atol=1e-9)
    single = gathered(slope.float(), affine.float())
    torch.testing.assert_close(single, expected.float(), rtol=1e-3, atol=1e-3)


def test_nobody_depends_on_who_looks_further_or_closer() -> None:
    generator = torch.Generator().manual_seed(0)
    size = SIZES[0]
    affine = torch.cat([transform.draw(size, 1, generator) for transform in TRANSFORMS.values()])
    slope = torch.randn(len(affine), 3, *size, generator=generator)
    together = gathered(slope, affine)
    for row in range(len(affine)):
        part = slice(row, row + 1)
        assert torch.equal(gathered(slope[part], affine[part]), together[part])


COMPILE = """
from triton import compile
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from featurelens.engine.gather import kernel

names = kernel.arg_names
for fixed in ({"block": 128}, {"block": 128, "channels": 1, "window": 1}):
    types = {name: "constexpr" if name in fixed else "*fp32" if name in names[:4] else "i32" for name in names}
    compile(ASTSource(kernel, types, constexprs=fixed), target=GPUTarget("cuda", 90, 32)).asm["cubin"]
"""


def test_it_compiles_for_a_card(tmp_path: Path) -> None:
    """Numbers that are 1 are compiled in."""
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    command = [sys.executable, "-c", COMPILE]
    subprocess.run(command, check=True, env=environment | {"TRITON_CACHE_DIR": str(tmp_path)}, timeout=120)
