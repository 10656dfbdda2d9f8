"""Puts weights into a module, or says in plain words why they do not fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torch import Tensor, nn

from featurelens.jobs.errors import ModelLoadFailed

SHOWN = 3
"""Names given as examples in a message."""


def fit(module: nn.Module, state: Mapping[str, Tensor], name: str) -> None:
    """Loads `state` into `module`, every name and shape matched. Raises `ModelLoadFailed`; `name` is the network's."""
    own = module.state_dict()
    misshapen = [
        f"{key} ({_shape(state[key])} in the file, {_shape(own[key])} in the network)"
        for key in own.keys() & state.keys()
        if own[key].shape != state[key].shape
    ]
    if misshapen:
        raise ModelLoadFailed(f"the weights of {name} do not fit: {_some('wrong shapes', sorted(misshapen))}")
    missing, unexpected = module.load_state_dict(state, strict=False)
    if missing or unexpected:
        faults = [_some("missing", missing)] if missing else []
        faults += [_some("not in the network", unexpected)] if unexpected else []
        raise ModelLoadFailed(f"the weights of {name} do not fit: {'; '.join(faults)}")


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "scalar"


def _some(what: str, names: Iterable[str]) -> str:
    every = list(names)
    rest = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return f"{what}: {', '.join(every[:SHOWN])}{rest}"
