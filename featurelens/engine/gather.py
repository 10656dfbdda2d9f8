"""The way back through `resample` on a card: each pixel gathers what those have to say that looked at it.

torch's own scatters it, summed in another order every time. Here the order is fixed. Needs triton, which comes with
torch for CUDA on Linux.
"""

from __future__ import annotations

import math

import torch
import triton
import triton.language as tl
from torch import Tensor

from featurelens.engine.parameterizations import Size
from featurelens.engine.uploads import sent

_BLOCK = 128


@triton.jit  # type: ignore[untyped-decorator]
def kernel(  # type: ignore[no-untyped-def]
    slope, there, back, home, channels, height, width, left, right, top, bottom, window, block: tl.constexpr
):
    """One row and block pixels of it; images of the picture from `left` to `right` and `top` to `bottom` are looked at.

    `there` and `back` are three by three for each row. Pixels are counted from 0.
    """
    row = tl.program_id(0).to(tl.int64)
    place = tl.program_id(1) * block + tl.arange(0, block)
    mine = place < height * width
    x, y = place % width, place // width
    there += row * 9
    back += row * 9
    t_xx, t_xy, t_x = tl.load(there), tl.load(there + 1), tl.load(there + 2)
    t_yx, t_yy, t_y = tl.load(there + 3), tl.load(there + 4), tl.load(there + 5)
    b_xx, b_xy, b_x = tl.load(back), tl.load(back + 1), tl.load(back + 2)
    b_yx, b_yy, b_y = tl.load(back + 3), tl.load(back + 4), tl.load(back + 5)
    channel = tl.arange(0, 4)[:, None]
    plane = (row * channels + channel) * height * width
    total = tl.zeros([4, block], dtype=slope.dtype.element_ty)
    for image_y in range(top, bottom + 1):
        # Every other image is a mirror's.
        q_y = (image_y * height + tl.where((image_y & 1) == 0, y, height - 1 - y)).to(t_x.dtype)
        for image_x in range(left, right + 1):
            q_x = (image_x * width + tl.where((image_x & 1) == 0, x, width - 1 - x)).to(t_x.dtype)
            first_x = tl.floor(b_xx * q_x + b_xy * q_y + b_x)
            first_y = tl.floor(b_yx * q_x + b_yy * q_y + b_y)
            near = mine & (first_x >= -window) & (first_x < width + window)
            near = near & (first_y >= -window) & (first_y < height + window)
            if tl.max(near.to(tl.int32), 0) > 0:
                for down in range(1 - window, window + 1):
                    for across in range(1 - window, window + 1):
                        column, line = first_x + across, first_y + down
                        off_x = tl.abs(t_xx * column + t_xy * line + t_x - q_x)
                        off_y = tl.abs(t_yx * column + t_yy * line + t_y - q_y)
                        weight = tl.maximum(1 - off_x, 0) * tl.maximum(1 - off_y, 0)
                        heard = near & (weight > 0) & (column >= 0) & (column < width) & (line >= 0) & (line < height)
                        at = (line * width + column).to(tl.int64)
                        said = tl.load(slope + plane + at[None, :], mask=heard[None, :] & (channel < channels), other=0)
                        total += weight[None, :] * said
    tl.store(home + plane + place[None, :], total, mask=mine[None, :] & (channel < channels))


def gathered(slope: Tensor, affine: Tensor) -> Tensor:
    """The gradient (B, C, H, W) of what `resample` answers, C up to 4, carried back to its pictures.

    `affine` (B, 2, 3) is on the CPU. The picture goes on beyond its borders as its own mirror image; each pixel of each
    image asks those that may have looked at it. They are more the closer the look: 16, for crops of a twentieth 1,600.
    """
    rows, channels, height, width = slope.shape
    there = _in_pixels(affine.double(), (height, width))
    back = torch.linalg.inv(there)
    ends = there.new_tensor([[x, y, 1] for x in (0, width - 1) for y in (0, height - 1)]) @ there.transpose(1, 2)
    (left, right), (top, bottom) = (
        (math.floor((float(ends[..., axis].min()) - 1) / count), math.floor((float(ends[..., axis].max()) + 1) / count))
        for axis, count in enumerate((width, height))
    )
    window = math.ceil(float(back[:, :2, :2].abs().sum(2).max()))
    home = torch.empty_like(slope, memory_format=torch.contiguous_format)
    kernel[(rows, triton.cdiv(height * width, _BLOCK))](
        slope.contiguous(),
        sent(there, slope).contiguous(),
        sent(back, slope).contiguous(),
        home,
        *(channels, height, width, left, right, top, bottom, window),
        block=_BLOCK,
    )
    return home


def _in_pixels(affine: Tensor, size: Size) -> Tensor:
    """(B, 2, 3) between coordinates in [-1, 1] -> (B, 3, 3) between pixels, (x, y, 1), counted from 0."""
    height, width = size
    outward = affine.new_tensor([[2 / width, 0, 1 / width - 1], [0, 2 / height, 1 / height - 1], [0, 0, 1]])
    inward = affine.new_tensor([[width / 2, 0, (width - 1) / 2], [0, height / 2, (height - 1) / 2], [0, 0, 1]])
    whole = torch.cat([affine, affine.new_tensor([[[0, 0, 1]]]).expand(len(affine), -1, -1)], 1)
    return inward @ whole @ outward
