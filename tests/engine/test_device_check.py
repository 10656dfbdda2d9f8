"""What tells a device that computes no more from a picture that fails."""

from __future__ import annotations

import pytest
import torch

from featurelens.engine.device_check import DeviceLost, check

CPU = torch.device("cpu")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_sound_device_passes_every_time(dtype: torch.dtype) -> None:
    for _ in range(3):
        check(CPU, dtype)


@pytest.mark.parametrize("error", [RuntimeError("could not create a primitive"), MemoryError()])
def test_one_that_does_not_compute_is_lost(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(torch.nn.functional, "conv2d", fails)
    with pytest.raises(DeviceLost, match="computes no more"):
        check(CPU, torch.float32)
