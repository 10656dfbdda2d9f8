"""What a network takes beside the picture (a date, a place, a task), and is given the same for every picture."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, fx, nn

_FED = "featurelens_input_"
_COLLECTIONS = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@dataclass(frozen=True, eq=False)
class Constant:
    """`value` as it is given, or, where `each` is set, once for every picture of a batch, stacked."""

    value: Tensor
    each: bool = True


class ConstantInputs:
    """A forward pre-hook that adds `constants`, by the names of parameters, to the picture.

    The picture goes to the parameter named `picture`; None: it is the first and goes there by position.
    """

    def __init__(self, constants: Mapping[str, Constant], picture: str | None) -> None:
        self.constants = dict(constants)
        self.picture = picture

    def __call__(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        (picture,) = args
        given = {name: beside(one.value, picture, one.each) for name, one in self.constants.items()} | kwargs
        return (args, given) if self.picture is None else ((), {**given, self.picture: picture})


def beside(value: Tensor, picture: Tensor, each: bool) -> Tensor:
    """`value` for the pictures (B, C, H, W): on their device, and in their precision unless it holds whole numbers.

    (B, ...) where `each` is set. Made anew each time: the network may write over it.
    """
    value = value.to(picture.device, picture.dtype if value.is_floating_point() else value.dtype)
    return (value.expand(picture.shape[0], *value.shape) if each else value).clone()


def supply(module: nn.Module, constants: Mapping[str, Constant]) -> None:
    """From now on `module` takes a picture alone, its first parameter that `constants` does not name.

    Raises ValueError for a name that is no parameter of its `forward`, and for a parameter that nothing is given for.
    """
    try:
        parameters = inspect.signature(module.forward).parameters
    except (TypeError, ValueError):  # compiled: nobody can tell
        parameters = None
    picture = None if parameters is None else _picture(parameters, constants)
    if constants or picture is not None:
        module.register_forward_pre_hook(ConstantInputs(constants, picture), with_kwargs=True)


def _picture(parameters: Mapping[str, inspect.Parameter], constants: Mapping[str, Constant]) -> str | None:
    """As in `ConstantInputs`; every parameter has its value. Raises ValueError where one has none."""
    kinds = {name: one.kind for name, one in parameters.items()}
    several = inspect.Parameter.VAR_POSITIONAL in kinds.values()
    named = [name for name in kinds if kinds[name] not in _COLLECTIONS]
    unknown = [name for name in constants if name not in named]
    if unknown and inspect.Parameter.VAR_KEYWORD not in kinds.values():
        there = ", ".join(named) or "none by name"
        raise ValueError(f"forward has no parameter {', '.join(unknown)}; its parameters: {there}")
    free = [name for name in named if name not in constants]
    by_place = [name for name in free if kinds[name] is not inspect.Parameter.KEYWORD_ONLY]
    if not free and not several:
        raise ValueError("every parameter of forward is named, none is left for the picture")
    picture = by_place[0] if by_place else None if several else free[0]
    missing = [name for name in free if name != picture and parameters[name].default is inspect.Parameter.empty]
    if missing:
        beside = f"forward needs {' and '.join(missing)} beside the picture"
        taken = "" if picture is None else f", which it takes as {picture}"
        raise ValueError(f"{beside}{taken}, and nothing is given for it")
    return None if by_place[:1] == named[:1] else picture


def feed(graph: fx.Graph, module: nn.Module) -> None:
    """In `graph`, traced from `module`, puts what `supply` has been given in place of those parameters.

    Raises `TraceError` where the graph does not have them by name.
    """
    found = dict(_constants(module))
    places = {str(node.target): node for node in graph.nodes if node.op == "placeholder"}
    lost = found.keys() - places.keys()
    pictures = [node for name, node in places.items() if name not in found]
    if lost or (found and not pictures):
        raise fx.proxy.TraceError(f"no parameter of the graph is called {', '.join(sorted(lost)) or 'otherwise'}")
    for name, one in found.items():
        module.register_buffer(_FED + name, one.value, persistent=False)
        with graph.inserting_before(_first_step(graph)):
            given = graph.call_function(beside, (graph.get_attr(_FED + name), pictures[0], one.each))
        places[name].replace_all_uses_with(given)
        graph.erase_node(places[name])


def _constants(module: nn.Module) -> Iterator[tuple[str, Constant]]:
    for hook in module._forward_pre_hooks.values():
        if isinstance(hook, ConstantInputs):
            yield from hook.constants.items()


def _first_step(graph: fx.Graph) -> fx.Node:
    """What stands behind the parameters."""
    found: fx.Node = next(node for node in graph.nodes if node.op != "placeholder")
    return found
