"""What the catalog says of a network, of a layer and of its branches.

A worker of another version may say more: what is not known is ignored.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

_PAIR = WithJsonSchema({"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2})
"""Pydantic's own schema of a tuple is none that OpenAPI knows."""

LayerKind = Literal["spatial", "tokens", "vector"]
Source = Literal["bundled", "torchvision", "timm", "local"]


class Branch(BaseModel):
    """A part of a concatenation: `channels` channels of the whole, counted from `first`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = Field(description="what it is: its largest filter, or pool", examples=["3x3"])
    layer: str | None = Field(
        None, description="the layer that makes it, where it is one", examples=["inception4a.branch2"]
    )
    first: int
    channels: int
    note: str = ""


class LayerEntry(BaseModel):
    """One place in a network where a value can be read.

    `kind` says what the value is: spatial (channels x height x width), tokens (tokens x channels, height = number
    of tokens, or height x width x channels) or vector (channels alone). Heights and widths hold at the network's own
    input size.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    type: str
    kind: LayerKind
    channels: int = Field(description="how many units it has, counted from 0")
    height: int | None = None
    width: int | None = None
    rectified: bool = Field(False, description="whether it ends in ReLU; then *negative* goes to what stands before it")
    receptive_field: tuple[int, int] | None = Field(
        None,
        description="height and width in pixels of what one position sees of the picture, without padding's cut; null "
        "where that is not defined, as after attention or pooling over the whole picture",
    )
    stride: tuple[int, int] | None = Field(None, description="pixels from one position to the next, down and across")
    start: tuple[int, int] | None = Field(
        None,
        description="the first row and column that the first position sees; below zero where it sees padding",
    )
    layout: str | None = Field(
        None,
        description="the order of the axes in which the network itself answers (B pictures, C channels, H rows, "
        "W columns, T tokens), where it is not the usual one of its kind: BCHW, BTC or BHWC, BC",
        examples=["TBC"],
    )
    branches: tuple[Branch, ...] = Field((), description="the parts of a concatenation, in the order of their channels")
    recommended: bool = Field(False, description="worth looking at first: ends of blocks or stages, and the classes")

    @property
    def channels_last(self) -> bool:
        """Whether it answers with (height, width, channels)."""
        return self.kind == "tokens" and self.width is not None


class ModelSummary(BaseModel):
    """One network with one set of weights, in a list. `name` is canonical, ``source:architecture@weights``."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    aliases: tuple[str, ...] = ()
    source: Source
    architecture: str
    digest: str
    """Identity of the weights in every key, the same for ever: ``sha256:`` and 64 hex digits, or ``torchvision:`` and
    the published name of the file, which tells the first digits of its sha256 (docs/decisions)."""
    sha256: str | None = None
    """64 hex digits of the weights file, measured; None until it is here."""
    renderer: str
    """Version of the engine that would make the pictures."""
    downloaded: bool
    input_channels: int
    display: tuple[int, ...] | Literal["sheet"] = Field(
        (0, 1, 2),
        description="which channels of its input a picture shows, counted from 0: one as grey, three as red, green "
        "and blue, or all of them as grey tiles on a sheet",
    )
    photograph: tuple[int, ...] | None = Field(
        (0, 1, 2),
        description="the channels that the red, green and blue of a photograph go to, or its grey; null: it takes none",
    )
    input_size: Annotated[tuple[int, int], _PAIR]
    min_size: int
    fixed_size: bool = False
    """True when only `input_size` itself can be fed (vision transformers, fully connected heads)."""
    classes_layer: str | None = None
    parameters: int | None = None
    problem: str | None = Field(None, description="why its layers cannot be listed, and so nothing can be asked of it")
    description: str = ""


class ModelEntry(ModelSummary):
    """All of it: with the names of its classes."""

    labels: tuple[str, ...] | None = None
