"""How differently the network sees the picture at every step."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from featurelens.jobs.spec.base import Range, SpecModel


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
