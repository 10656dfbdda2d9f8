"""What the optimizer moves, and the picture it stands for."""

from featurelens.engine.parameterizations.alpha import Alpha
from featurelens.engine.parameterizations.base import Parameterization, Size
from featurelens.engine.parameterizations.cppn import CPPN
from featurelens.engine.parameterizations.fourier import Fourier
from featurelens.engine.parameterizations.laplacian import Laplacian
from featurelens.engine.parameterizations.maco import MaCo
from featurelens.engine.parameterizations.photograph import Photograph
from featurelens.engine.parameterizations.pixel import Pixel
from featurelens.engine.parameterizations.shared import Shared

__all__ = [
    "CPPN",
    "Alpha",
    "Fourier",
    "Laplacian",
    "MaCo",
    "Parameterization",
    "Photograph",
    "Pixel",
    "Shared",
    "Size",
]
