"""What is optimized, told apart by ``type``: the numbers that a picture is made from."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from featurelens.jobs.spec.base import SpecModel, asks_for_type
from featurelens.jobs.spec.transforms import TransformRanges


class ParameterizationSpec(SpecModel):
    """What each says of itself: the defaults that suit it."""

    suited_transform: ClassVar[TransformRanges] = TransformRanges()
    suited_beta1: ClassVar[float] = 0.1
    """What `adam` and `nadam` keep of the direction so far: a picture wants hardly any momentum."""

    type: str


class FourierParameters(ParameterizationSpec):
    """The spectrum of the picture, low frequencies moving 1/f^decay as fast; the default."""

    type: Literal["fourier"] = "fourier"
    decay: float = Field(1.25, ge=0, le=3)
    decorrelate: bool = True
    alpha: bool = False


class PixelParameters(ParameterizationSpec):
    """Plain pixels: shows what preconditioning is good for."""

    type: Literal["pixel"]
    decorrelate: bool = False
    alpha: bool = False


class LaplacianParameters(ParameterizationSpec):
    """A sum of pictures at falling resolutions."""

    type: Literal["laplacian"]
    levels: int = Field(4, ge=1, le=6)
    alpha: bool = False


class MaCoParameters(ParameterizationSpec):
    """Phases only, magnitudes those of natural pictures; the picture carries a mask of where the network looked."""

    suited_transform = TransformRanges(jitter=0.0, scale=(1.0, 1.0), rotate=0.0, crop=(0.3, 0.9), views=4, noise=0.08)

    type: Literal["maco"]


class CPPNParameters(ParameterizationSpec):
    """A small network from coordinates to colour: smooth, and sharp at any size."""

    suited_beta1 = 0.9  # the weights of a network want momentum

    type: Literal["cppn"]
    layers: int = Field(8, ge=1, le=12)
    width: int = Field(24, ge=4, le=64)
    alpha: bool = False


_Parameterization = FourierParameters | PixelParameters | LaplacianParameters | MaCoParameters | CPPNParameters
Parameterization = Annotated[_Parameterization, Field(discriminator="type"), asks_for_type(_Parameterization)]
