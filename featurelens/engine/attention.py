"""What a head of `torch.nn.MultiheadAttention` attends to: torchvision's transformers are made of these.

The pass itself computes no weights, which is faster; they are computed anew from what the module was given.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn


class Overheard:
    """What one module was given, the first time."""

    def __init__(self, name: str, module: nn.MultiheadAttention) -> None:
        self.name = name
        self._module = module
        self._given: inspect.BoundArguments | None = None

    def note(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        if self._given is None:
            bound = inspect.signature(module.forward).bind(*args, **kwargs)
            # The network may write over its values later.
            arguments = bound.arguments
            bound.arguments.update({n: v.clone() for n, v in arguments.items() if isinstance(v, Tensor)})
            self._given = bound

    def weights(self) -> Tensor | None:
        """(heads, queries, keys) of the first picture, each row a distribution; None: it was never called."""
        if self._given is None:
            return None
        self._given.arguments.update(need_weights=True, average_attn_weights=False)
        weights: Tensor = self._module(*self._given.args, **self._given.kwargs)[1]
        return weights[0]


@contextmanager
def overheard(module: nn.Module, layer: str) -> Iterator[Overheard | None]:
    """Listens to the attention of `layer`: the layer itself, or the only one within. None: there is not one such."""
    part = dict(module.named_modules()).get(layer)
    within = [] if part is None else [one for one in part.named_modules() if isinstance(one[1], nn.MultiheadAttention)]
    if len(within) != 1:
        yield None
        return
    ((name, attention),) = within
    assert isinstance(attention, nn.MultiheadAttention)
    found = Overheard(f"{layer}.{name}" if name else layer, attention)
    handle = attention.register_forward_pre_hook(found.note, with_kwargs=True)
    try:
        yield found
    finally:
        handle.remove()
