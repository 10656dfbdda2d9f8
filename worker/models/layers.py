"""The layers of a network: run once, on the meta device where possible, and written down in the order they answer."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from jobs.catalog import LayerEntry
from worker.engine.forward import first_tensor, read
from worker.models.channels import FollowChannels, channel_axis

BATCH = 2
"""More than one, so that values whose first axis is not the batch (attention windows) are told apart."""


def describe(module: nn.Module, channels: int, size: tuple[int, int]) -> list[LayerEntry]:
    """Runs `module` on zeros of (channels, height, width) and lists every layer that can be pictured.

    Left out are modules that never run, that answer without a tensor, and whose value is no (B, C, H, W),
    (B, T, C), (B, H, W, C) or (B, C). A module that runs several times is listed where it first answers.
    """
    module.eval()
    parameter = next(module.parameters(), None)
    inputs = torch.zeros(BATCH, channels, *size, device=parameter.device if parameter is not None else None)
    found: dict[str, LayerEntry] = {}

    def listen(name: str, kind: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
            value = first_tensor(output)
            entry = _entry(name, kind, value) if value is not None else None
            if entry is not None:
                found.setdefault(name, entry)

        return hook

    handles = [
        child.register_forward_hook(listen(name, type(child).__name__))
        for name, child in module.named_modules()
        if name
    ]
    try:
        with torch.no_grad(), warnings.catch_warnings(), FollowChannels():
            warnings.simplefilter("ignore")
            module(inputs)
    finally:
        for handle in handles:
            handle.remove()
    if not found:
        return []
    with torch.no_grad():
        readings = read(module, inputs, list(found), follow=True)
    return [entry.model_copy(update={"rectified": readings[name].before is not None}) for name, entry in found.items()]


def _entry(name: str, kind: str, value: Tensor) -> LayerEntry | None:
    if value.shape[0] != BATCH or not value.is_floating_point():
        return None
    match value.ndim, channel_axis(value):
        case 4, 1:
            _, channels, height, width = value.shape
            return LayerEntry(name=name, type=kind, kind="spatial", channels=channels, height=height, width=width)
        case 4, 3:
            _, height, width, channels = value.shape
            return LayerEntry(name=name, type=kind, kind="tokens", channels=channels, height=height, width=width)
        case 3, 2:
            _, tokens, channels = value.shape
            return LayerEntry(name=name, type=kind, kind="tokens", channels=channels, height=tokens)
        case 2, _:
            return LayerEntry(name=name, type=kind, kind="vector", channels=value.shape[1])
    return None
