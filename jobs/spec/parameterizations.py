"""What is optimized, told apart by ``type``: the numbers that a picture is made from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from featurelens.jobs.spec.base import SpecModel, asks_for_type


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
