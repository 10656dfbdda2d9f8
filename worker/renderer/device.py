"""The device of a renderer, and what a result records of what decides its bits."""

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
        """The GPU's name, or ``cpu``."""
        return torch.cuda.get_device_name(self.torch_device) if self.torch_device.type == "cuda" else "cpu"

    @property
    def sampled(self) -> int:
        """One of so many ticks is measured: on a GPU each measurement waits for the device. Odd, so that of two lanes
        that take turns both are.
        """
        return 7 if self.torch_device.type == "cuda" else 1

    def settle(self) -> None:
        """Waits until the device has done all that it was given."""
        if self.torch_device.type == "cuda":
            torch.cuda.synchronize(self.torch_device)

    @property
    def instructions(self) -> str:
        """What its kernels are chosen by: ``AVX2``, ``AVX512 BF16 AMX`` and the like, of a GPU ``sm_90``."""
        if self.torch_device.type == "cuda":
            major, minor = torch.cuda.get_device_capability(self.torch_device)
            return f"sm_{major}{minor}"
        has = {"BF16": torch.cpu._is_avx512_bf16_supported(), "AMX": torch.cpu._is_amx_tile_supported()}
        return " ".join([torch.backends.cpu.get_cpu_capability(), *(name for name, there in has.items() if there)])

    def numbers(self, network: Network) -> dict[str, Any]:
        """What decides the bits of a result beside its spec: where all of it is the same, they are the same."""
        return {
            "device": self.name,
            "instructions": self.instructions,
            "threads": torch.get_num_threads(),
            "precision": precision(self.dtype),
            "weights": weights(network),
            "versions": versions(),
        }


def precision(dtype: torch.dtype) -> str:
    """``bfloat16`` or ``float32``."""
    return str(dtype).removeprefix("torch.")


def weights(network: Network) -> str:
    """The identity of the weights used: the sha256 of their file, or else the network's digest."""
    return network.digest if network.sha256 is None else f"sha256:{network.sha256}"


def versions() -> dict[str, Any]:
    """Versions of the engine and of the libraries that decide the numbers."""
    return {
        "engine": engine.VERSION,
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "python": sys.version.split()[0],
    }
