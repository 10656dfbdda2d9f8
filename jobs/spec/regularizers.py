"""Penalties on the picture, and the prior that comes with the network."""

from __future__ import annotations

from pydantic import Field

from featurelens.jobs.spec.base import SpecModel


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
