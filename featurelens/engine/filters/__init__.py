"""Filters: the weights that make a unit, read off one recorded forward pass."""

from featurelens.engine.filters.connections import Connection
from featurelens.engine.filters.filters import Connections, Filters, filters_of, reading
from featurelens.engine.filters.summands import Step, Summand

__all__ = ["Connection", "Connections", "Filters", "Step", "Summand", "filters_of", "reading"]
