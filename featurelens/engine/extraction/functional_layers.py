"""What a module does by itself between its children, as places that can be read: sums, rectifications, concatenations.

A step has the name of the module and of the function, numbered from the second on: ``layer4.2.add`` is the residual
sum of a ResNet block, ``encoder.layers.encoder_layer_0.add`` the one behind the attention of a vision transformer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

_FUNCTIONS = {
    **dict.fromkeys(("add", "iadd", "radd"), "add"),
    **dict.fromkeys(("relu", "relu6"), "relu"),
    **dict.fromkeys(("cat", "concat", "concatenate"), "cat"),
}
_STEP = re.compile(r"(?:(.+)\.)?(?:add|relu|cat)(?:_[1-9]\d*)?")


def parent(name: str, module: nn.Module) -> str | None:
    """The path of the module of which `name` may be a step (``""``: `module` itself); None when it can be none."""
    match = _STEP.fullmatch(name)
    home = (match[1] or "") if match else None
    return home if home is not None and home in dict(module.named_modules()) else None


class FunctionalLayers(TorchFunctionMode):
    """While active, `heard` is called with the name and value of every step of `module` and of what it is made of.

    Modules without children take no steps: what they do is their own answer.
    """

    def __init__(self, module: nn.Module, heard: Callable[[str, Tensor], None]) -> None:
        super().__init__()
        self._module = module
        self._heard = heard
        self._counts: dict[str, int] = {}
        self._scope: list[tuple[str, nn.Module]] = [("", module)]
        self._handles: list[Any] = []

    def __enter__(self) -> Self:
        for name, part in self._module.named_modules():
            if name:
                self._handles.append(part.register_forward_pre_hook(self._entering(name)))
                # First of all, because the hooks of others may end the pass.
                self._handles.append(part.register_forward_hook(self._leaving, prepend=True))
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *raised: Any) -> None:
        super().__exit__(*raised)  # type: ignore[no-untyped-call]
        for handle in self._handles:
            handle.remove()

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        value = func(*args, **(kwargs or {}))
        home, part = self._scope[-1]
        if isinstance(value, Tensor) and next(part.children(), None) is not None:
            kind = _FUNCTIONS.get(getattr(func, "__name__", "").strip("_"))
            if kind is not None:
                self._heard(self._numbered(f"{home}.{kind}" if home else kind), value)
        return value

    def _numbered(self, name: str) -> str:
        count = self._counts[name] = self._counts.get(name, -1) + 1
        return f"{name}_{count}" if count else name

    def _entering(self, name: str) -> Callable[[nn.Module, Any], None]:
        def hook(part: nn.Module, _inputs: Any) -> None:
            self._scope.append((name, part))

        return hook

    def _leaving(self, _part: nn.Module, _inputs: Any, _output: Any) -> None:
        self._scope.pop()
