"""Which precision the network runs in: bfloat16 where the processor multiplies it natively, float32 elsewhere."""

from __future__ import annotations

import torch


def best_device(wanted: str = "auto") -> torch.device:
    """`auto` is CUDA where there is one, else the CPU. Raises ValueError for a CUDA device that is not there."""
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    device = torch.device(wanted)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ValueError(f"there is no device {wanted}; CUDA devices here: {torch.cuda.device_count()}")
    return device


def best_dtype(device: torch.device) -> torch.dtype:
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if native else torch.float32
