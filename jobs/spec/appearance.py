"""How the picture is made: parameterization, transforms, regularizers and optimizer, every default filled in."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from featurelens.jobs.spec.base import Range, SpecModel, asks_for_type


class FourierParameters(SpecModel):
    """The spectrum of the picture, low frequencies moving 1/f^decay as fast; the default."""

    type: Literal["fourier"] = "fourier"
    decay: float = Field(1.25, ge=0, le=3)
    decorrelate: bool = True
    alpha: bool = False


class PixelParameters(SpecModel):
    """Plain pixels: shows what preconditioning is good for."""

    type: Literal["pixel"]
    decorrelate: bool = False
    alpha: bool = False


class LaplacianParameters(SpecModel):
    """A sum of pictures at falling resolutions."""

    type: Literal["laplacian"]
    levels: int = Field(4, ge=1, le=6)
    alpha: bool = False


class MaCoParameters(SpecModel):
    """Phases only, magnitudes those of natural pictures; the picture carries a mask of where the network looked."""

    type: Literal["maco"]


class CPPNParameters(SpecModel):
    """A small network from coordinates to colour: smooth, and sharp at any size."""

    type: Literal["cppn"]
    layers: int = Field(8, ge=1, le=12)
    width: int = Field(24, ge=4, le=64)
    alpha: bool = False


_Parameterization = FourierParameters | PixelParameters | LaplacianParameters | MaCoParameters | CPPNParameters
Parameterization = Annotated[_Parameterization, Field(discriminator="type"), asks_for_type(_Parameterization)]


class TransformRanges(SpecModel):
    """How differently the network sees the picture at every step; each range can be nothing.

    `jitter` in pixels of a picture of 224 (in proportion at other sizes), `scale` a factor, `rotate` in degrees,
    `crop` the side of a random square as a fraction, `views` how many are looked at per step, `noise` a deviation.
    """

    jitter: float = Field(16.0, ge=0, le=112)
    scale: Range = (0.9, 1.1)
    rotate: float = Field(10.0, ge=0, le=180)
    crop: Range | None = None
    views: int = Field(1, ge=1, le=16)
    noise: float = Field(0.0, ge=0, le=0.5)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for name, bounds, least, most in (("scale", self.scale, 0.25, 4.0), ("crop", self.crop, 0.05, 1.0)):
            if bounds is not None and not least <= bounds[0] <= bounds[1] <= most:
                raise ValueError(f"{name} must be [low, high] with {least} <= low <= high <= {most}")
        return self


MACO_TRANSFORM = TransformRanges(jitter=0.0, scale=(1.0, 1.0), rotate=0.0, crop=(0.3, 0.9), views=4, noise=0.08)
PHOTO_TRANSFORM = TransformRanges(jitter=2.0, scale=(1.0, 1.0), rotate=0.0)
"""Where activations are compared with a photograph's position by position, a picture that moves much only blurs."""


def suited_transform(parameterization: str, objective: str) -> TransformRanges:
    """The default for these types."""
    if objective in ("caricature", "inversion"):
        return PHOTO_TRANSFORM
    return MACO_TRANSFORM if parameterization == "maco" else TransformRanges()


class RegularizerWeights(SpecModel):
    """Weights of penalties on the picture, as means over pixels; 0 is off.

    `prior` holds the picture to what the network's batch norms remember of photographs; it is a part of the score, and
    fades before the end.
    """

    tv: float = Field(0.0, ge=0, le=1e4)
    l1: float = Field(0.0, ge=0, le=1e4)
    l2: float = Field(0.0, ge=0, le=1e4)
    blur: float = Field(0.0, ge=0, le=1e4)
    boundary: float = Field(0.0, ge=0, le=1e4)
    prior: float = Field(6.0, ge=0, le=100)


class OptimizerChoice(SpecModel):
    """Left out, `learning_rate` is what suits the parameterization, and so is `beta1`;
    over the last `anneal` of the steps the rate falls to a tenth.
    `beta1` is how much of the direction so far `adam` and `nadam` keep at every step; `gradient` remembers nothing.
    `leak` is the part of the gradient that passes shut rectifiers while the picture takes shape; 0 is exact.
    """

    type: Literal["adam", "nadam", "gradient"] = "adam"
    learning_rate: float | None = Field(None, gt=0, le=1000)
    anneal: float = Field(0.4, ge=0, le=1)
    beta1: float | None = Field(None, ge=0, le=0.999)
    leak: float = Field(0.05, ge=0, le=1)

    @model_validator(mode="after")
    def _remembers(self) -> Self:
        if self.type == "gradient" and self.beta1 is not None:
            raise ValueError("beta1 belongs to adam and nadam; gradient remembers nothing")
        return self

    def suited_to(self, parameterization: str) -> Self:
        """With `beta1` filled in, where there is one: a network's weights want momentum, a picture none."""
        if self.type == "gradient" or self.beta1 is not None:
            return self
        return self.model_copy(update={"beta1": 0.9 if parameterization == "cppn" else 0.1})
