"""Reads a file of weights, and only weights: whatever else is in it, no code of it ever runs."""

from __future__ import annotations

from pathlib import Path
from pickle import UnpicklingError  # what torch raises for a file that would run code; nothing here unpickles

import structlog
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor

from featurelens.jobs.errors import ModelLoadFailed

log = structlog.get_logger(__name__)


def read_weights(path: Path) -> dict[str, Tensor]:
    """Tensors by name, on the CPU: a ``.safetensors`` file, or one that torch saved. Raises `ModelLoadFailed`."""
    try:
        return _saved_safely(path) if path.suffix == ".safetensors" else _saved_by_torch(path)
    except (RuntimeError, ValueError, OSError, EOFError, UnpicklingError, SafetensorError) as error:
        log.warning("weights unreadable", file=path.name, error=str(error))
        if path.suffix == ".safetensors":  # many are called alike: the folder says whose it is
            raise ModelLoadFailed(f"{path.name} of {path.parent.name} is damaged or no safetensors file") from error
        raise ModelLoadFailed(f"{path.name} is no file of weights that torch can read safely") from error


def _saved_safely(path: Path) -> dict[str, Tensor]:
    """With the second names of tensors, which ``save_model`` leaves out and notes in the header of the file."""
    with safe_open(path, framework="pt") as file:
        others: dict[str, str] = file.metadata() or {}
    state = load_file(path)
    return state | {name: state[same] for name, same in others.items() if same in state and name not in state}


def _saved_by_torch(path: Path) -> dict[str, Tensor]:
    """Of a checkpoint of a training its ``state_dict``. Raises ValueError, and what torch raises."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    if isinstance(state, dict):
        state = state.get("state_dict", state)
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError("it does not hold tensors by name")
    return state
