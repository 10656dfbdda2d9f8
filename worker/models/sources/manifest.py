"""``model.json``: what the operator says about an own network, and the factory it names."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Self

import torchvision
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import nn

from featurelens.engine.network import Preprocessing
from featurelens.jobs.errors import ModelLoadFailed
from featurelens.jobs.spec.base import MAX_SIZE, MIN_SIZE

_FILE = re.compile(r"([A-Za-z_]\w*\.py):([A-Za-z_]\w*)")
_MODULE = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)")


class Manifest(BaseModel):
    """Only the operator writes it: the factory is code that will be run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    factory: str = Field(examples=["model.py:build", "package.module:function", "torchvision:resnet18"])
    """Answers with an `nn.Module`: a function in a file of this folder, in an installed package, or torchvision's."""
    arguments: dict[str, Any] = {}
    """Keyword arguments of the factory."""
    input_size: int | tuple[int, int]
    """Pixels, one number or [height, width]."""
    channels: int = Field(3, ge=1, le=3)
    value_range: tuple[float, float] = (0.0, 1.0)
    """What black and white are to the network, before mean and standard deviation."""
    channel_order: Literal["RGB", "BGR"] = "RGB"
    """In which order the network takes colours, and `mean` and `std` are given."""
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    min_size: int | None = Field(None, ge=1)
    """The smallest side that works, in pixels; left out, the smaller side of `input_size`."""
    fixed_size: bool = False
    """True when the network takes `input_size` only."""
    labels: str | None = Field(None, pattern=r"^[\w-][\w.-]*$")
    """A file of this folder: line k, from 0, is the name of class k."""
    classes_layer: str | None = None
    """The layer with one channel per class."""
    description: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not (_FILE.fullmatch(self.factory) or _MODULE.fullmatch(self.factory)):
            raise ValueError("factory must be model.py:function, package.module:function or torchvision:architecture")
        for name, values in (("mean", self.mean), ("std", self.std)):
            if values is not None and len(values) != self.channels:
                raise ValueError(f"{name} needs one value per channel ({self.channels})")
        if not MIN_SIZE <= min(self.size) <= max(self.size) <= MAX_SIZE:
            raise ValueError(f"input_size must be between {MIN_SIZE} and {MAX_SIZE} pixels")
        if self.value_range[0] >= self.value_range[1]:
            raise ValueError("value_range must be [low, high] with low < high")
        self.preprocessing()
        return self

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return (self.input_size, self.input_size) if isinstance(self.input_size, int) else self.input_size

    def preprocessing(self) -> Preprocessing:
        low, high = self.value_range
        mean, std = self.mean or (0.0,) * self.channels, self.std or (1.0,) * self.channels
        return Preprocessing(mean, std, low, high, reverse=self.channel_order == "BGR")

    def code(self, folder: Path) -> str:
        """sha256 of the code that this folder holds, empty when the factory lives elsewhere."""
        match = _FILE.fullmatch(self.factory)
        return hashlib.sha256((folder / match[1]).read_bytes()).hexdigest() if match else ""

    def build(self, folder: Path) -> nn.Module:
        """Runs the factory. Raises `ModelLoadFailed` with what went wrong in it."""
        try:
            module = self._factory(folder)(**self.arguments)
        except Exception as error:  # the operator's code may raise anything
            reason = f"{type(error).__name__}: {error}"
            raise ModelLoadFailed(f"the factory {self.factory} of {folder.name} failed: {reason}") from error
        if not isinstance(module, nn.Module):
            kind = type(module).__name__
            raise ModelLoadFailed(f"the factory {self.factory} of {folder.name} gave {kind}, not a torch.nn.Module")
        return module

    def _factory(self, folder: Path) -> Callable[..., object]:
        source, function = self.factory.rsplit(":", 1)
        if source == "torchvision":
            if function not in torchvision.models.list_models(module=torchvision.models):
                raise ValueError(f"torchvision has no classification network {function}")
            builder: Callable[..., object] = torchvision.models.get_model_builder(function)
            return builder
        found = getattr(
            _run(folder / source) if _FILE.fullmatch(self.factory) else importlib.import_module(source), function
        )
        if not callable(found):
            raise TypeError(f"{function} is not a function")
        return found  # type: ignore[no-any-return]


def _run(path: Path) -> Any:
    """Imports one file under a name of its own, anew each time, so that an edited file is seen."""
    name = f"featurelens_local_{hashlib.sha256(str(path).encode()).hexdigest()[:16]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module
