"""What all units of some layers say to many images, gathered in one pass over them with bounded memory.

Everything gathered is whole numbers (counts, sums of mantissas, ranks), so that parts of a scan add up to the same bits
whatever they are and in whatever order they are put together.
"""

from featurelens.engine.scan.accumulator import Accumulator
from featurelens.engine.scan.extremes import Example
from featurelens.engine.scan.histogram import Histogram
from featurelens.engine.scan.reader import LayerShape, Reader, Responses
from featurelens.engine.scan.relatives import Relative, Relatives
from featurelens.engine.scan.report import Statistics, UnitReport

__all__ = [
    "Accumulator",
    "Example",
    "Histogram",
    "LayerShape",
    "Reader",
    "Relative",
    "Relatives",
    "Responses",
    "Statistics",
    "UnitReport",
]
