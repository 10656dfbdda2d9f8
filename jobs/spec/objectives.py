"""What is asked of the unit: one small type per objective, told apart by ``type``.

`layer`, `channel` and `sign` of the spec name the unit; the objective says what about it. The flat spec alone is the
channel objective. What an objective needs and what it cannot do stands on its class (`ObjectiveSpec`).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from featurelens.jobs.errors import OutOfRange
from featurelens.jobs.spec.base import MAX_PICTURES, Index, Name, PhotoDigest, Seed, Sign, SpecModel, asks_for_type
from featurelens.jobs.spec.names import Names
from featurelens.jobs.spec.objective_spec import ObjectiveSpec, SpecField
from featurelens.jobs.spec.parameterizations import FourierParameters
from featurelens.jobs.spec.transforms import TransformRanges

Position = Annotated[int | None, Field(ge=0, le=65535)]
Pictures = Annotated[int, Field(ge=2, le=MAX_PICTURES)]
Power = Annotated[float, Field(ge=0, le=16)]

MAX_VECTOR = 65536
"""Numbers: what a whole spec takes follows from it (`Settings.body_bytes`, `MAX_LINE` in `worker.protocol`)."""

STEADY = TransformRanges(jitter=2.0, scale=(1.0, 1.0), rotate=0.0)
"""Where activations are compared with a photograph's position by position, a picture that moves much only blurs."""


class ChannelObjective(ObjectiveSpec):
    """Mean over positions of the channel's feature map."""

    type: Literal["channel"] = "channel"


class NeuronObjective(ObjectiveSpec):
    """The channel at one position: `x` counts columns and `y` rows of the feature map; left out, the centre."""

    type: Literal["neuron"]
    x: Position = None
    y: Position = None

    def resolved(self, names: Names, layer: str | None, channel: int | None) -> tuple[str | None, Self]:
        found, _ = super().resolved(names, layer, channel)
        names.position(found, self.x, self.y, "/objective")
        return found, self


class LayerObjective(ObjectiveSpec):
    """Everything the layer sees: the mean of its squared activations (DeepDream), from noise or from a photograph."""

    needs = frozenset({"layer"})
    has_negative = False

    type: Literal["layer"]
    photo: PhotoDigest | None = Field(None, exclude_if=lambda photo: photo is None)  # there are keys without it

    @property
    def photo_digest(self) -> PhotoDigest | None:
        return self.photo

    @property
    def starts_from_photo(self) -> bool:
        return self.photo is not None


class ClassObjective(ObjectiveSpec):
    """A class of a classifier, by index or by its label."""

    needs = frozenset[SpecField]()
    takes = frozenset({"layer"})

    type: Literal["class"]
    label: Index | Name
    value: Literal["logit", "probability"] = "logit"

    def listed_channel(self, channel: int | None) -> int | None:
        """A class is the channel of its logit."""
        return self.label if isinstance(self.label, int) else channel

    def resolved(self, names: Names, layer: str | None, channel: int | None) -> tuple[str | None, Self]:
        found = names.layer(layer or names.classes_layer("/objective/type"), "/layer")
        label = names.label(self.label, found, "/objective/label")
        return found.name, self.model_copy(update={"label": label})


class DirectionObjective(ObjectiveSpec):
    """A direction in the layer's activation space: dot product times cosine ** power.

    Either `vector` (one number per channel) or `seed` (a named random direction); with `x` or `y` at one position only.
    """

    needs = frozenset({"layer"})

    type: Literal["direction"]
    vector: Annotated[list[float], Field(min_length=1, max_length=MAX_VECTOR, fail_fast=True)] | None = None
    seed: Seed | None = None
    power: Power = 0.0
    x: Position = None
    y: Position = None

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.vector is None) == (self.seed is None):
            raise ValueError("give either vector or seed")
        return self

    def resolved(self, names: Names, layer: str | None, channel: int | None) -> tuple[str | None, Self]:
        found = names.layer(layer, "/layer")
        if self.vector is not None and len(self.vector) != found.channels:
            detail = f"the vector must have {found.channels} numbers in layer {found.name}"
            raise OutOfRange.at("/objective/vector", detail)
        names.position(found.name, self.x, self.y, "/objective")
        return found.name, self


class Term(SpecModel):
    """One unit of a joint objective; with `x` or `y` a neuron, else a channel."""

    layer: Name
    channel: Index
    sign: Sign = "positive"
    weight: float = Field(1.0, ge=-1e4, le=1e4)
    x: Position = None
    y: Position = None

    def resolved(self, names: Names, pointer: str) -> Self:
        """Its layer by its own name. It stands at `pointer`."""
        layer = names.unit(self.layer, self.channel, pointer)
        names.position(layer, self.x, self.y, pointer)
        return self.model_copy(update={"layer": layer})


class JointObjective(ObjectiveSpec):
    """A weighted sum of units, of any layers and signs."""

    needs = frozenset[SpecField]()
    has_negative = False  # its terms have signs of their own

    type: Literal["joint"]
    terms: Annotated[list[Term], Field(min_length=1, max_length=16)]

    def resolved(self, names: Names, layer: str | None, channel: int | None) -> tuple[str | None, Self]:
        terms = [term.resolved(names, f"/objective/terms/{number}") for number, term in enumerate(self.terms)]
        return layer, self.model_copy(update={"terms": terms})


class InterpolationObjective(ObjectiveSpec):
    """A strip of pictures from the spec's unit to another channel (of another layer, if given)."""

    only_with = FourierParameters  # the strip shares spectra

    type: Literal["interpolation"]
    channel: Index
    layer: Name | None = None
    sign: Sign = "positive"
    pictures: Pictures = 5
    alignment: float = Field(0.1, ge=0, le=100)

    @property
    def picture_count(self) -> int:
        return self.pictures

    def resolved(self, names: Names, layer: str | None, channel: int | None) -> tuple[str | None, Self]:
        first, _ = super().resolved(names, layer, channel)
        second = names.unit(self.layer or layer, self.channel, "/objective")
        return first, self.model_copy(update={"layer": second})


class DiversityObjective(ObjectiveSpec):
    """Several pictures of one unit that differ in style; the article shows four."""

    type: Literal["diversity"]
    pictures: Pictures = 4
    weight: float = Field(1.0, ge=0, le=100)

    @property
    def picture_count(self) -> int:
        return self.pictures


class PhotographObjective(ObjectiveSpec):
    """What those share that look at a photograph."""

    type: str
    photo: PhotoDigest

    @property
    def photo_digest(self) -> PhotoDigest | None:
        return self.photo


class CaricatureObjective(PhotographObjective):
    """What the layer saw in a photograph, exaggerated."""

    needs = frozenset({"layer"})
    has_negative = False
    suited_transform = STEADY

    type: Literal["caricature"]
    power: Power = 1.0


class InversionObjective(PhotographObjective):
    """What the layer still knows of a photograph: a picture with the same activations."""

    needs = frozenset({"layer"})
    has_negative = False
    suited_transform = STEADY

    type: Literal["inversion"]


class AccentuationObjective(PhotographObjective):
    """The unit raised from within a photograph.

    `strength` is what losing all of the photograph would cost, in scores of the unit: 1 lets much of it go, 100 hardly
    anything, and 0 all.
    """

    only_with = FourierParameters  # the photograph and a spectrum on top of it

    type: Literal["accentuation"]
    strength: float = Field(10.0, ge=0, le=1e4)

    @property
    def starts_from_photo(self) -> bool:
        return True

    @property
    def pull(self) -> float:
        return self.strength


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
