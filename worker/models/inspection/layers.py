"""The layers of a network: run once, on the meta device where possible, and written down in the order they answer."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from featurelens.engine.extraction.functional_layers import FunctionalLayers
from featurelens.engine.extraction.hooks import first_of, read
from featurelens.engine.network import out_of_place
from featurelens.jobs.catalog.entries import LayerEntry
from featurelens.worker.models.inspection.branches import branches, made_by
from featurelens.worker.models.inspection.channels import FollowChannels, channel_axis
from featurelens.worker.models.inspection.receptive_field import FollowReceptiveFields, begin, parts, receptive_field
from featurelens.worker.models.inspection.recommended import recommended

_BRANCHES = "_featurelens_branches"
_STEP = "_featurelens_step"

BATCH = 2
"""More than one, so that values whose first axis is not the batch (attention windows) are told apart."""


def describe(module: nn.Module, channels: int, size: tuple[int, int]) -> list[LayerEntry]:
    """Runs `module` on zeros of (channels, height, width) and lists every layer that can be pictured.

    Left out are modules that never run, that answer without a tensor, and whose value is no (B, C, H, W),
    (B, T, C), (B, H, W, C) or (B, C). A module that runs several times is listed where it first answers.
    """
    out_of_place(module.eval())
    parameter = next(module.parameters(), None)
    inputs = torch.zeros(BATCH, channels, *size, device=parameter.device if parameter is not None else None)
    found: dict[str, LayerEntry] = {}

    entered: dict[str, Tensor | None] = {}

    def enter(name: str) -> Callable[[nn.Module, Any], None]:
        def hook(_module: nn.Module, given: Any) -> None:
            entered[name] = first_of(given, Tensor)

        return hook

    def listen(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(child: nn.Module, _inputs: Any, output: Any) -> None:
            value = first_of(output, Tensor)
            entry = _entry(name, type(child).__name__, value) if value is not None else None
            if value is None or entry is None:
                return
            if hasattr(value, _STEP):
                found.pop(getattr(value, _STEP), None)  # the step that a module ends with is the module's answer
            # The innermost module that answers with a concatenation is the one that made it.
            if not hasattr(value, _BRANCHES):
                setattr(value, _BRANCHES, branches(child, parts(value), entered[name]))
            made_by(value, name)
            found.setdefault(name, entry.model_copy(update={"branches": getattr(value, _BRANCHES)}))

        return hook

    def take(name: str, value: Tensor) -> None:
        entry = _entry(name, name.rpartition(".")[2].partition("_")[0], value)
        if entry is not None and name not in modules:
            own = branches(modules[name.rpartition(".")[0]], parts(value), None)
            found.setdefault(name, entry.model_copy(update={"branches": own}))
            setattr(value, _STEP, name)

    modules = dict(module.named_modules())
    children = [(name, child) for name, child in module.named_modules() if name]
    handles = [child.register_forward_pre_hook(enter(name)) for name, child in children]
    handles += [child.register_forward_hook(listen(name)) for name, child in children]
    try:
        with (
            torch.no_grad(),
            warnings.catch_warnings(),
            FollowChannels(),
            FollowReceptiveFields(),
            FunctionalLayers(module, take),
        ):
            warnings.simplefilter("ignore")
            module(begin(inputs))
    finally:
        for handle in handles:
            handle.remove()
    if not found:
        return []
    with torch.no_grad():
        readings = read(module, inputs, list(found), follow=True)
    layers = [
        entry.model_copy(update={"rectified": readings[name].before is not None}) for name, entry in found.items()
    ]
    first = recommended(module, [layer for layer in layers if layer.name in modules])
    return [layer.model_copy(update={"recommended": layer.name in first}) for layer in layers]


def _entry(name: str, kind: str, value: Tensor) -> LayerEntry | None:
    if value.shape[0] != BATCH or not value.is_floating_point():
        return None
    known = {"name": name, "type": kind}
    seen = receptive_field(value)
    fields = {"receptive_field": seen and seen.size, "stride": seen and seen.stride}
    match value.ndim, channel_axis(value):
        case 4, 1:
            _, channels, height, width = value.shape
            return LayerEntry(**known, **fields, kind="spatial", channels=channels, height=height, width=width)
        case 4, 3:
            _, height, width, channels = value.shape
            return LayerEntry(**known, **fields, kind="tokens", channels=channels, height=height, width=width)
        case 3, 2:
            _, tokens, channels = value.shape
            return LayerEntry(**known, kind="tokens", channels=channels, height=tokens)
        case 2, _:
            return LayerEntry(**known, kind="vector", channels=value.shape[1])
    return None
