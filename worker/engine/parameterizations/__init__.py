"""What the optimizer moves, and the picture it stands for."""

from worker.engine.parameterizations.alpha import Alpha
from worker.engine.parameterizations.base import Parameterization, Size
from worker.engine.parameterizations.cppn import CPPN
from worker.engine.parameterizations.fourier import Fourier
from worker.engine.parameterizations.laplacian import Laplacian
from worker.engine.parameterizations.maco import MaCo
from worker.engine.parameterizations.photograph import Photograph
from worker.engine.parameterizations.pixel import Pixel
from worker.engine.parameterizations.shared import Shared

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
