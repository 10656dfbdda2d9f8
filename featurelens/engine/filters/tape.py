"""Records one forward pass: which function made each value of which others, and which layers answer with it.

Recorded, not traced: the pass runs, so every network can be, shapes are known, and weights are seen as they are used,
whatever computes them (weight norm, standardized convolutions). What a value is worth is forgotten, unless it is the
same for every picture.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from featurelens.engine.extraction.functional_layers import FunctionalLayers
from featurelens.engine.extraction.hooks import first_of
from featurelens.engine.network import Network

_TAG = "_featurelens_recorded"

PICTURE = "picture"
UNSEEN = "a value that was not seen being made"
OVERWRITTEN = "a value that was written over by parts"


@dataclass(eq=False)
class Value:
    """What `call` made of `args`, in which a `Value` stands for each tensor; its `item`, where it made several.

    `function` is the name of `call`, or one of the constants above. `constant` is set where no picture has a say.
    """

    function: str
    shape: tuple[int, ...]
    call: Callable[..., Any] | None = None
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    item: int | None = None
    constant: Tensor | None = None
    modules: list[str] = field(default_factory=list)
    """The modules that answer with it, the innermost first."""
    steps: list[str] = field(default_factory=list)
    """Its name as a step of a module (`functional_layers`)."""
    users: list[Value] = field(default_factory=list)
    known: dict[int, Any] = field(default_factory=dict)
    """What `moves` has found out, by axis."""
    channels: int | None = None
    """The axis that `channel_axis` has found."""

    @property
    def layer(self) -> str | None:
        """The layer that answers with it, of several the outermost."""
        names = self.modules or self.steps
        return names[-1] if names else None

    @property
    def sources(self) -> list[Value]:
        """The values it was made of that depend on the picture."""
        return [one for one in values((self.args, self.kwargs)) if one.constant is None]

    @property
    def operands(self) -> tuple[Any, Any]:
        """Of what takes two."""
        return self.argument(0, "input"), self.argument(1, "other")

    def argument(self, place: int, name: str, default: Any = None) -> Any:
        """What was given to `call` at this place, or by this name."""
        return self.args[place] if len(self.args) > place else self.kwargs.get(name, default)


class Tape(NamedTuple):
    """`picture` as the network takes it; `layers` by name, each with the value it first answers with."""

    picture: Value
    layers: dict[str, Value]


class _Tag(NamedTuple):
    value: Value
    version: int


def record(network: Network, size: tuple[int, int]) -> Tape:
    """Runs `network`, as its author wrote it, on zeros of `size` (height, width in pixels). Raises what it raises.

    Names are those of the layers that the network lists (`Network.channels`); of one that lists none, all there are.
    """
    module = network.module
    weight = next(module.parameters(), None)
    like = torch.zeros(()) if weight is None else weight
    inputs = torch.zeros(1, network.preprocessing.channels, *size, device=like.device, dtype=like.dtype)
    recorder = _Recorder([*module.parameters(), *module.buffers()])
    picture = recorder.tag(inputs, Value(PICTURE, tuple(inputs.shape)))
    layers: dict[str, Value] = {}
    listed = network.channels

    def named(name: str, answer: Tensor | None) -> Value | None:
        if answer is None or name in layers or (listed and name not in listed):
            return None
        layers[name] = recorder.value(answer)
        return layers[name]

    def listen(name: str) -> Callable[[Any, Any, Any], None]:
        def hook(_module: Any, _inputs: Any, output: Any) -> None:
            answer = named(name, first_of(output, Tensor))
            if answer is not None:
                answer.modules.append(name)

        return hook

    def step(name: str, output: Tensor) -> None:
        answer = named(name, output)
        if answer is not None:
            answer.steps.append(name)

    handles = [part.register_forward_hook(listen(name)) for name, part in module.named_modules() if name]
    try:
        with torch.no_grad(), warnings.catch_warnings(), recorder, FunctionalLayers(module, step):
            warnings.simplefilter("ignore")
            module(inputs)
    finally:
        for handle in handles:
            handle.remove()
    return Tape(picture, layers)


def values(tree: Any) -> Iterator[Value]:
    """All values in nested arguments."""
    if isinstance(tree, Value):
        yield tree
    elif isinstance(tree, tuple | list):
        for item in tree:
            yield from values(item)
    elif isinstance(tree, dict):
        yield from values(tuple(tree.values()))


def replaced(tree: Any, kind: type[Any], by: Callable[[Any], Any]) -> Any:
    """Nested arguments with `by` of whatever is of `kind`."""
    if isinstance(tree, kind):
        return by(tree)
    if isinstance(tree, tuple | list):
        items = [replaced(item, kind, by) for item in tree]
        return tuple(items) if isinstance(tree, tuple) else items
    return {name: replaced(item, kind, by) for name, item in tree.items()} if isinstance(tree, dict) else tree


class _Recorder(TorchFunctionMode):
    """Makes a value of every tensor that a function answers with, or writes over."""

    def __init__(self, weights: Iterable[Tensor]) -> None:
        super().__init__()
        self._weights = {id(weight) for weight in weights}

    def tag(self, tensor: Tensor, value: Value) -> Value:
        setattr(tensor, _TAG, _Tag(value, tensor._version))
        return value

    def value(self, tensor: Tensor) -> Value:
        """What is known of it: nothing where it was made unseen, or written over through another view."""
        tag: _Tag | None = getattr(tensor, _TAG, None)
        if tag is not None and (tag.value.constant is not None or tag.version == tensor._version):
            return tag.value
        if tag is not None:
            return Value(OVERWRITTEN, tuple(tensor.shape))
        if id(tensor) in self._weights:
            return Value("weights", tuple(tensor.shape), constant=tensor)
        return Value(UNSEEN, tuple(tensor.shape))

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        given: list[Tensor] = []
        replaced((tuple(args), kwargs), Tensor, given.append)
        versions = [tensor._version for tensor in given]
        known = replaced(tuple(args), Tensor, self.value), replaced(kwargs, Tensor, self.value)
        answer = func(*args, **kwargs)
        several = isinstance(answer, tuple | list)
        answers = [one for one in (answer if several else (answer,)) if isinstance(one, Tensor)]
        written = [one for one, version in zip(given, versions, strict=True) if one._version != version]
        for item, tensor in enumerate([*answers, *(one for one in written if all(one is not a for a in answers))]):
            self._made(func, known, tensor, item if several else None, partly=item >= len(answers))
        return answer

    def _made(
        self, func: Callable[..., Any], known: tuple[Any, Any], tensor: Tensor, item: int | None, *, partly: bool
    ) -> None:
        name = OVERWRITTEN if partly else getattr(func, "__name__", str(func)).strip("_")
        made = Value(name, tuple(tensor.shape), func, *known, item=item)
        sources = list(values(known))
        if all(source.constant is not None for source in sources) and not partly:
            made.constant = tensor
        for source in dict.fromkeys(sources):
            source.users.append(made)
        self.tag(tensor, made)
