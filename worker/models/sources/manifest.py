"""``model.json``: what the operator says about an own network, and the factory it names."""

from __future__ import annotations

import importlib
import re
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import torchvision
from pydantic import BaseModel, ConfigDict, Field, PlainValidator, model_validator
from torch import nn

from featurelens.engine import constant_inputs
from featurelens.engine.display import Channels, Display, display_of, photograph_of
from featurelens.engine.network import Preprocessing
from featurelens.jobs.errors import ModelLoadFailed
from featurelens.jobs.spec.base import MAX_SIZE, MIN_SIZE
from featurelens.worker.models.inspection.layout import ChannelOrder
from featurelens.worker.models.sources import importer
from featurelens.worker.models.sources.constant_spec import ConstantSpec
from featurelens.worker.models.sources.hub import HubFile

_FILE = re.compile(r"([A-Za-z_]\w*\.py):([A-Za-z_]\w*)")
_WORDS = {"description", "labels"}
_SIZES = {"input_size", "min_size", "fixed_size"}
_FIRST = {"factory", "arguments", "channels", "value_range", "mean", "std"}
_SEEN = {"display", "photograph"}
_MODULE = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)")


def _channels(given: Any) -> Channels:
    """One channel, as a number or a list, or three."""
    found = (given,) if type(given) is int else tuple(given) if isinstance(given, list | tuple) else ()
    if len(set(found)) not in (1, 3) or len(found) != len(set(found)) or any(type(one) is not int for one in found):
        raise ValueError("must be one channel, [k], or three different ones, [red, green, blue], counted from 0")
    return found


def _display(given: Any) -> Display:
    try:
        return "sheet" if given == "sheet" else _channels(given)
    except ValueError as error:
        raise ValueError(f'{error}, or "sheet"') from error


class Manifest(BaseModel):
    """Only the operator writes it: the factory is code that will be run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    factory: str = Field(examples=["model.py:build", "package.module:function", "torchvision:resnet18"])
    """Answers with an `nn.Module`: a function in a file of this folder, in an installed package, or torchvision's."""
    hub: HubFile | None = None
    """Weights on the Hugging Face hub, in place of ``model.safetensors`` in this folder."""
    arguments: dict[str, Any] = {}
    """Keyword arguments of the factory."""
    input_size: int | tuple[int, int]
    """Pixels, one number or [height, width]."""
    channels: int = Field(3, ge=1, le=16)
    """Of the picture."""
    display: Annotated[Display | None, PlainValidator(_display)] = None
    """What is shown of a picture: a channel as grey, three as red, green and blue, or all of them on a "sheet"; left
    out, `usual_display`."""
    photograph: Annotated[Channels | None, PlainValidator(_channels)] = None
    """The channels that the red, green and blue of a photograph go to, or its grey; left out, `usual_photograph`."""
    inputs: dict[str, ConstantSpec] = {}
    """What the network takes beside the picture, by the names of parameters of its `forward`."""
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
    layouts: dict[str, ChannelOrder] = {}
    """Where layers have their channels, by name, in place of what is found by running the network."""
    description: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not (_FILE.fullmatch(self.factory) or _MODULE.fullmatch(self.factory)):
            raise ValueError("factory must be model.py:function, package.module:function or torchvision:architecture")
        for name, values in (("mean", self.mean), ("std", self.std)):
            if values is not None and len(values) != self.channels:
                raise ValueError(f"{name} needs one value per channel ({self.channels})")
        for name, places in (("display", self.display), ("photograph", self.photograph)):
            if isinstance(places, tuple) and not all(0 <= one < self.channels for one in places):
                raise ValueError(f"{name} names channels between 0 and {self.channels - 1}")
        if self.channel_order == "BGR" and self.channels not in (1, 3):
            raise ValueError(
                "channel_order is for three channels; display says which of others are red, green and blue"
            )
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

    @property
    def shows(self) -> Display:
        return display_of(self.channels, self.display)

    @property
    def takes(self) -> Channels | None:
        """Where photographs go; None: it takes none."""
        return photograph_of(self.channels, self.shows, self.photograph)

    def preprocessing(self) -> Preprocessing:
        low, high = self.value_range
        mean, std = self.mean or (0.0,) * self.channels, self.std or (1.0,) * self.channels
        return Preprocessing(mean, std, low, high, reverse=self.channel_order == "BGR")

    def identity(self, folder: Path) -> dict[str, Any]:
        """All of it that decides what the network answers: everything but words, and the code of the folder.

        Not the size of the input either: that stands in every spec. Raises OSError.
        """
        told = self.model_dump(mode="json", exclude_defaults=True, exclude=_WORDS | _SIZES | _SEEN)
        if not self.shows == self.takes == tuple(range(self.channels)):
            told |= {"display": self.shows, "photograph": self.takes}
        match = _FILE.fullmatch(self.factory)
        # The first fields of all are always counted, so that networks keep their identity when others are added.
        return {
            **told,
            **self.model_dump(mode="json", include=_FIRST),
            "code": importer.digest(folder, match[1]) if match else "",
        }

    def build(self, folder: Path) -> nn.Module:
        """Runs the factory. Raises `ModelLoadFailed` with what went wrong in it."""
        packages: list[str] = []
        try:
            module = self._factory(folder, packages)(**self.arguments)
            if not isinstance(module, nn.Module):
                raise TypeError(f"it gave {type(module).__name__}, not a torch.nn.Module")
        except BaseException as error:  # the operator's code may raise anything, SystemExit too
            for package in packages:
                importer.forget(package)
            if isinstance(error, KeyboardInterrupt):
                raise
            reason = f"{type(error).__name__}: {error}"
            raise ModelLoadFailed(f"the factory {self.factory} of {folder.name} failed: {reason}") from error
        for package in packages:
            weakref.finalize(module, importer.forget, package)
        try:
            constant_inputs.supply(module, {name: one.constant() for name, one in self.inputs.items()})
        except ValueError as error:
            detail = f"{error}; inputs in model.json gives such parameters constant values"
            raise ModelLoadFailed(f"the network of {folder.name}: {detail}") from error
        return module

    def _factory(self, folder: Path, packages: list[str]) -> Callable[..., object]:
        """Notes in `packages` what has been imported from the folder."""
        source, function = self.factory.rsplit(":", 1)
        if source == "torchvision":
            if function not in torchvision.models.list_models(module=torchvision.models):
                raise ValueError(f"torchvision has no classification network {function}")
            builder: Callable[..., object] = torchvision.models.get_model_builder(function)
            return builder
        if _FILE.fullmatch(self.factory):
            module = importer.run(folder, source)
            packages.append(module.__name__.partition(".")[0])
        else:
            module = importlib.import_module(source)
        found = getattr(module, function)
        if not callable(found):
            raise TypeError(f"{function} is not a function")
        return found  # type: ignore[no-any-return]
