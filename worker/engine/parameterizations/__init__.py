"""What the optimizer moves, and the picture it stands for."""

from worker.engine.parameterizations.base import Parameterization, Size
from worker.engine.parameterizations.fourier import Fourier

__all__ = ["Fourier", "Parameterization", "Size"]
