"""The device that a renderer works on, and what a result tells of where it was made."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, Self

import torch
import torchvision

from featurelens import engine
from featurelens.engine.network import Network
from featurelens.engine.precision import best_dtype


@dataclass(frozen=True)
class Device:
    """A torch device and the precision in which networks run on it."""

    torch_device: torch.device
    dtype: torch.dtype

    @classmethod
    def of(cls, device: torch.device) -> Self:
        return cls(device, best_dtype(device))

    @property
    def name(self) -> str:
        """As a result tells it."""
        return torch.cuda.get_device_name(self.torch_device) if self.torch_device.type == "cuda" else "cpu"


def precision(dtype: torch.dtype) -> str:
    """``bfloat16`` or ``float32``."""
    return str(dtype).removeprefix("torch.")


def weights(network: Network) -> str:
    """The identity of the weights that were used: measured, where they are a file."""
    return network.digest if network.sha256 is None else f"sha256:{network.sha256}"


def versions() -> dict[str, Any]:
    """Of all that has to do with the numbers."""
    return {
        "engine": engine.VERSION,
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "python": sys.version.split()[0],
    }
