"""What networks run on: which device, in which precision, and how to have the same bits again."""

from __future__ import annotations

import os

import torch


def best_device(wanted: str = "auto") -> torch.device:
    """`auto` is CUDA where there is one, else the CPU. Raises ValueError for a CUDA device that is not there."""
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    device = torch.device(wanted)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ValueError(f"there is no device {wanted}; CUDA devices here: {torch.cuda.device_count()}")
    return device


def repeatable(device: torch.device) -> None:
    """From now on a card computes the same again to the bit, as far as torch can; a CPU does so anyway.

    Of the whole process, and before its first product of matrices on a card.
    """
    if device.type != "cuda":
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.backends.cudnn.benchmark = False
    # What has no such way goes on with a warning.
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


def best_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the processor multiplies it natively, float32 elsewhere."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if native else torch.float32
