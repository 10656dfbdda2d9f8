"""What is asked of the unit: one small type per objective, told apart by ``type``.

`layer`, `channel` and `sign` of the spec name the unit; the objective says what about it. The flat spec alone is the
channel objective.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from featurelens.jobs.spec.base import MAX_PICTURES, Index, Name, PhotoDigest, Seed, Sign, SpecModel, asks_for_type

Position = Annotated[int | None, Field(ge=0, le=65535)]
Pictures = Annotated[int, Field(ge=2, le=MAX_PICTURES)]
Power = Annotated[float, Field(ge=0, le=16)]


class ChannelObjective(SpecModel):
    """Mean over positions of the channel's feature map."""

    type: Literal["channel"] = "channel"


class NeuronObjective(SpecModel):
    """The channel at one position: `x` counts columns and `y` rows of the feature map; left out, the centre."""

    type: Literal["neuron"]
    x: Position = None
    y: Position = None


class LayerObjective(SpecModel):
    """Everything the layer sees: the mean of its squared activations (DeepDream)."""

    type: Literal["layer"]


class ClassObjective(SpecModel):
    """A class of a classifier, by index or by its label."""

    type: Literal["class"]
    label: Index | Name
    value: Literal["logit", "probability"] = "logit"


class DirectionObjective(SpecModel):
    """A direction in the layer's activation space: dot product times cosine ** power.

    Either `vector` (one number per channel) or `seed` (a named random direction); with `x` or `y` at one position only.
    """

    type: Literal["direction"]
    vector: Annotated[list[float], Field(min_length=1, max_length=65536)] | None = None
    seed: Seed | None = None
    power: Power = 0.0
    x: Position = None
    y: Position = None

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.vector is None) == (self.seed is None):
            raise ValueError("give either vector or seed")
        return self


class Term(SpecModel):
    """One unit of a joint objective; with `x` or `y` a neuron, else a channel."""

    layer: Name
    channel: Index
    sign: Sign = "positive"
    weight: float = Field(1.0, ge=-1e4, le=1e4)
    x: Position = None
    y: Position = None


class JointObjective(SpecModel):
    """A weighted sum of units, of any layers and signs."""

    type: Literal["joint"]
    terms: Annotated[list[Term], Field(min_length=1, max_length=16)]


class InterpolationObjective(SpecModel):
    """A strip of pictures from the spec's unit to another channel (of another layer, if given)."""

    type: Literal["interpolation"]
    channel: Index
    layer: Name | None = None
    sign: Sign = "positive"
    pictures: Pictures = 5
    alignment: float = Field(0.1, ge=0, le=100)


class DiversityObjective(SpecModel):
    """Several pictures of one unit that differ in style; the article shows four."""

    type: Literal["diversity"]
    pictures: Pictures = 4
    weight: float = Field(1.0, ge=0, le=100)


class CaricatureObjective(SpecModel):
    """What the layer saw in a photograph, exaggerated."""

    type: Literal["caricature"]
    photo: PhotoDigest
    power: Power = 1.0


class InversionObjective(SpecModel):
    """What the layer still knows of a photograph: a picture with the same activations."""

    type: Literal["inversion"]
    photo: PhotoDigest


class AccentuationObjective(SpecModel):
    """The unit raised from within a photograph, held to it by `strength` times the mean squared distance."""

    type: Literal["accentuation"]
    photo: PhotoDigest
    strength: float = Field(10.0, ge=0, le=1e4)


_Objective = (
    ChannelObjective
    | NeuronObjective
    | LayerObjective
    | ClassObjective
    | DirectionObjective
    | JointObjective
    | InterpolationObjective
    | DiversityObjective
    | CaricatureObjective
    | InversionObjective
    | AccentuationObjective
)
Objective = Annotated[_Objective, Field(discriminator="type"), asks_for_type(_Objective)]

NEEDS: dict[str, frozenset[str]] = {
    "channel": frozenset({"layer", "channel"}),
    "neuron": frozenset({"layer", "channel"}),
    "layer": frozenset({"layer"}),
    "class": frozenset(),
    "direction": frozenset({"layer"}),
    "joint": frozenset(),
    "interpolation": frozenset({"layer", "channel"}),
    "diversity": frozenset({"layer", "channel"}),
    "caricature": frozenset({"layer"}),
    "inversion": frozenset({"layer"}),
    "accentuation": frozenset({"layer", "channel"}),
}
"""Which of the spec's `layer` and `channel` an objective must have; the other one it must not have."""

SIGNLESS = frozenset({"layer", "joint", "caricature", "inversion"})
"""Objectives that nothing negative can be made of (a joint objective has its signs in its terms)."""

FOURIER_ONLY = frozenset({"interpolation", "accentuation"})
"""Objectives whose pictures are spectra beside something else: what the strip shares, or a photograph."""
