"""Builds a network without memory for its weights: shapes only, on torch's ``meta`` device."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

_STORAGE: set[Callable[..., Any]] = {torch.empty, torch.zeros, torch.ones, torch.full, torch.rand, torch.randn}
"""What weights are made with. Arithmetic that decides the architecture (`torch.arange` in RegNet) keeps its values."""


class _StorageOnMeta(TorchFunctionMode):
    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func in _STORAGE and kwargs.get("device") is None:
            kwargs["device"] = "meta"
        return func(*args, **kwargs)


_NO_SAY_IN_SHAPES: set[Callable[..., Any]] = {nn.functional.batch_norm, torch.relu}
"""On the meta device torch works them out in Python, step by step, which was half of a run of DenseNet-201."""


class ShapesOnly(TorchFunctionMode):
    """Spares, on the meta device, what has no say in shapes."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if func in _NO_SAY_IN_SHAPES and args[0].is_meta:
            return args[0].clone()
        return func(*args, **(kwargs or {}))


def build_on_meta(build: Callable[[], nn.Module]) -> nn.Module:
    """What `build` answers with, all parameters and buffers on the meta device."""
    with _StorageOnMeta():
        return build().to("meta")
