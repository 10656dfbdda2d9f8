"""The layers of a network: run twice, on the meta device where possible, and written down in the order they answer."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from featurelens.engine.extraction.functional_layers import FunctionalLayers
from featurelens.engine.extraction.hooks import Reading, first_of, read
from featurelens.engine.network import out_of_place
from featurelens.jobs.catalog.entries import Branch, LayerEntry
from featurelens.worker.models.inspection import channels
from featurelens.worker.models.inspection.branches import branches, made_by
from featurelens.worker.models.inspection.channels import FollowChannels
from featurelens.worker.models.inspection.layout import USUAL, ChannelOrder, Unclear, layout
from featurelens.worker.models.inspection.receptive_field import (
    FollowReceptiveFields,
    ReceptiveField,
    begin,
    parts,
    receptive_field,
)
from featurelens.worker.models.inspection.recommended import recommended

log = structlog.get_logger(__name__)

_BRANCHES = "_featurelens_branches"
_STEP = "_featurelens_step"

BATCHES = (2, 3)
"""Pictures in the two runs: the axis that has grown from one to the other is the one of the pictures."""


@dataclass(frozen=True)
class Description:
    """The layers that can be pictured, and why each of the others cannot, by name; in the order they answer."""

    layers: list[LayerEntry]
    left_out: dict[str, str]


@dataclass(frozen=True)
class _Answer:
    """What was seen of a layer in the first run."""

    type: str
    shape: tuple[int, ...]
    channel_axis: int | None
    field: ReceptiveField | None
    branches: tuple[Branch, ...]
    floating: bool


def describe(
    module: nn.Module, input_channels: int, size: tuple[int, int], orders: Mapping[str, ChannelOrder] | None = None
) -> Description:
    """Runs `module` on zeros of (input_channels, height, width).

    A module that runs several times is listed where it first answers; one that never runs is not there. `orders` states
    where layers have their channels, by name, in place of what is found. Raises ValueError for a layer in it that is
    none, and what the network raises.
    """
    out_of_place(module.eval().requires_grad_(False))
    parameter = next(module.parameters(), None)
    device = parameter.device if parameter is not None else None
    small, large = (torch.zeros(batch, input_channels, *size, device=device) for batch in BATCHES)
    found, left_out = _heard(module, small)
    stated = orders or {}
    if unknown := [name for name in stated if name not in found]:
        raise ValueError(f"layouts of model.json names {', '.join(unknown)}, which is none of its layers")
    readings, apart = _read(module, large, list(found))
    layers = []
    for name, answer in found.items():
        reading = readings[name]
        try:
            if not answer.floating:
                raise Unclear("answers with whole numbers")
            axes = layout(answer.shape, tuple(reading.value.shape), BATCHES, answer.channel_axis, stated.get(name))
            if name in apart:
                raise Unclear("has no gradient that leads to the picture")
        except Unclear as reason:
            left_out[name] = str(reason)
        else:
            layers.append(_entry(name, answer, axes).model_copy(update={"rectified": reading.before is not None}))
    parts = dict(module.named_modules())
    first = recommended(module, [layer for layer in layers if layer.name in parts])
    listed = [layer.model_copy(update={"recommended": layer.name in first}) for layer in layers]
    return Description(listed, left_out)


def _heard(module: nn.Module, inputs: Tensor) -> tuple[dict[str, _Answer], dict[str, str]]:
    """What every layer answers in one run; why the rest cannot be read."""
    found: dict[str, _Answer] = {}
    silent: dict[str, str] = {}
    entered: dict[str, Tensor | None] = {}
    modules = dict(module.named_modules())

    def enter(name: str) -> Callable[[nn.Module, Any], None]:
        def hook(_module: nn.Module, given: Any) -> None:
            entered[name] = first_of(given, Tensor)

        return hook

    def listen(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(child: nn.Module, _inputs: Any, output: Any) -> None:
            value = first_of(output, Tensor)
            if value is None:
                silent.setdefault(name, f"answers with {type(output).__name__}, not with a tensor")
                return
            if hasattr(value, _STEP):
                found.pop(getattr(value, _STEP), None)  # the step that a module ends with is the module's answer
            # The innermost module that answers with a concatenation is the one that made it.
            if not hasattr(value, _BRANCHES):
                setattr(value, _BRANCHES, branches(child, parts(value), entered[name]))
            made_by(value, name)
            found.setdefault(name, _answer(type(child).__name__, value, getattr(value, _BRANCHES)))

        return hook

    def take(name: str, value: Tensor) -> None:
        if name not in modules:
            own = branches(modules[name.rpartition(".")[0]], parts(value), None)
            found.setdefault(name, _answer(name.rpartition(".")[2].partition("_")[0], value, own))
            setattr(value, _STEP, name)

    children = [(name, child) for name, child in modules.items() if name]
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
            module(begin(channels.begin(inputs)))
    finally:
        for handle in handles:
            handle.remove()
    return found, {name: reason for name, reason in silent.items() if name not in found}


def _read(module: nn.Module, inputs: Tensor, names: list[str]) -> tuple[dict[str, Reading], set[str]]:
    """What the layers answer, and those that no gradient leads from to the picture, such as what looks elsewhere.

    None are told of a network that raises where there are gradients: which of its layers do is seen when they are asked
    for.
    """
    if not names:
        return {}, set()
    try:
        # Nothing is kept for a way back that nobody goes.
        with torch.enable_grad(), saved_tensors_hooks(_emptied, _emptied), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # A value of its own, because the network may write over it.
            readings = read(module, inputs.clone().requires_grad_().clone(), names, follow=True)
    except Exception as error:  # noqa: BLE001  # a network's own Python may raise anything
        log.info("gradients not followed", reason=str(error))
        with torch.no_grad():
            return read(module, inputs, names, follow=True), set()
    return readings, {name for name, reading in readings.items() if not reading.value.requires_grad}


def _emptied(tensor: Tensor) -> Tensor:
    return tensor.new_empty(0)


def _answer(kind: str, value: Tensor, own: tuple[Branch, ...]) -> _Answer:
    return _Answer(
        type=kind,
        shape=tuple(value.shape),
        channel_axis=channels.channel_axis(value),
        field=receptive_field(value),
        branches=own,
        floating=value.is_floating_point(),
    )


def _entry(name: str, answer: _Answer, axes: str) -> LayerEntry:
    """`axes` are the letters of `layout`."""
    extent = dict(zip(axes, answer.shape, strict=True))
    plane = "H" in axes
    return LayerEntry(
        name=name,
        type=answer.type,
        kind="vector" if len(axes) == 2 else "spatial" if axes == "BCHW" else "tokens",
        channels=extent["C"],
        height=extent.get("H", extent.get("T")),
        width=extent.get("W"),
        layout=None if axes in USUAL else axes,
        receptive_field=answer.field and answer.field.size if plane else None,
        stride=answer.field and answer.field.stride if plane else None,
        start=answer.field and answer.field.start if plane else None,
        branches=answer.branches,
    )
