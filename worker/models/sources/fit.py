"""Puts weights into a module, or says in plain words why they do not fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from featurelens.jobs.errors import ModelLoadFailed

SHOWN = 3
"""Names given as examples in a message."""

WRAPPERS = ("module.", "_orig_mod.")
"""What `DataParallel` and `torch.compile` put before every name."""


def fit(module: nn.Module, state: Mapping[str, Tensor], name: str) -> list[str]:
    """Loads `state` into `module`, every name and shape matched; returns what had to be done for it, in plain words.

    A wrapper's prefix before every name is taken away, and of a tensor that `module` has under several names one is
    enough. Raises `ModelLoadFailed`; `name` is the network's.
    """
    own = module.state_dict()
    state, prefix = _unwrapped(state, own)
    state = _completed(state, own, name)
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
    _numbers(module, name)
    return [f"every name in the file starts with {prefix}, which was taken away"] if prefix else []


def _unwrapped(state: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> tuple[Mapping[str, Tensor], str]:
    """`state` without what wrappers put before every name, where `own` has no such names; and what that was."""
    taken = ""
    while state and not own.keys() & state.keys():
        prefix = next((one for one in WRAPPERS if all(key.startswith(one) for key in state)), None)
        if prefix is None:
            break
        state = {key.removeprefix(prefix): value for key, value in state.items()}
        taken += prefix
    return state, taken


def _completed(state: Mapping[str, Tensor], own: Mapping[str, Tensor], name: str) -> Mapping[str, Tensor]:
    """With every name of a tensor that `own` shares. Raises `ModelLoadFailed` where they disagree."""
    alike: dict[tuple[object, ...], list[str]] = {}
    for key, value in own.items():
        if value.numel() and not value.is_meta:
            alike.setdefault((value.data_ptr(), value.shape, value.stride(), value.dtype), []).append(key)
    found = dict(state)
    for keys in alike.values():
        here = [key for key in keys if key in state]
        if here and any(not torch.equal(state[key], state[here[0]]) for key in here[1:]):
            raise ModelLoadFailed(f"the weights of {name} do not fit: {' and '.join(here)} are one in the network")
        found.update({key: state[here[0]] for key in keys if here and key not in state})
    return found


def _numbers(module: nn.Module, name: str) -> None:
    """Raises `ModelLoadFailed` for weights that are no numbers. A buffer may be infinite, as masks of attention are."""
    wrong = [key for key, value in module.named_parameters() if not bool(value.isfinite().all())]
    wrong += [key for key, value in module.named_buffers() if bool(value.isnan().any())]
    if wrong:
        raise ModelLoadFailed(f"the weights of {name} are damaged: {_some('NaN or infinite numbers in', wrong)}")


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "scalar"


def _some(what: str, names: Iterable[str]) -> str:
    every = list(names)
    rest = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return f"{what}: {', '.join(every[:SHOWN])}{rest}"
