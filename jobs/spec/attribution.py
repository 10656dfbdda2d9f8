"""Of which unit and which photograph to tell what made it fire, and by which method."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from featurelens.jobs.spec.base import Index, JobSpec, Name, Photograph, Size, SpecModel, asks_for_type

MAX_STEPS = 1024


class IntegratedGradientsMethod(SpecModel):
    """Gradients at `steps` pictures on the way from the baseline to the photograph, times the way."""

    type: Literal["integrated_gradients"]
    steps: int = Field(64, ge=1, le=MAX_STEPS, description="pictures on the way; more: a smaller completeness error")


class OcclusionMethod(SpecModel):
    """A square of `window` pixels is put over the photograph, and moved by `stride` pixels at a time."""

    type: Literal["occlusion"]
    window: int | None = Field(None, ge=1, le=1024, description="default: an eighth of the shorter side")
    stride: int | None = Field(None, ge=1, le=1024, description="at most the window; default: half of it")

    @model_validator(mode="after")
    def _leaves_nothing_out(self) -> Self:
        if self.window is not None and self.stride is not None and self.stride > self.window:
            raise ValueError("stride must be at most the window, or pixels between two windows would be left out")
        return self

    def completed(self, size: tuple[int, int]) -> Self:
        """With defaults filled in for a photograph of `size`."""
        window = self.window or max(1, min(size) // 8, self.stride or 1)
        return self.model_copy(update={"window": window, "stride": self.stride or (window + 1) // 2})

    def starts(self, length: int) -> list[int]:
        """Where windows begin along a side of `length` pixels, so that they cover all of it; the last may stand out."""
        assert self.window is not None
        assert self.stride is not None
        return [place * self.stride for place in range(-(-max(0, length - self.window) // self.stride) + 1)]


class GradCamMethod(SpecModel):
    """The maps of an earlier layer, weighted by the means of their gradients and added up; spread over the picture."""

    type: Literal["grad_cam"]
    layer: Name | None = Field(None, description="a spatial layer before the unit's; default: the last one there")


_Method = IntegratedGradientsMethod | OcclusionMethod | GradCamMethod
Method = Annotated[_Method, Field(discriminator="type"), asks_for_type(_Method)]


class AttributionSpec(JobSpec):
    """Which pixels of one photograph made one unit fire. `size` as for activations."""

    model: Name = Field(description="a name or alias from /v1/models", examples=["patternnet"])
    photo: Photograph
    layer: Name = Field(description="a name from /v1/models/{model}/layers", examples=["conv4"])
    channel: Index = Field(description="counted from 0")
    of: Literal["mean", "maximum", "position"] = Field(
        "mean", description="what of the unit's map is explained: its mean, its maximum, or what it says at x, y"
    )
    x: Index | None = Field(None, description="of a position: column of the feature map, from the left")
    y: Index | None = Field(None, description="of a position: row of the feature map, from the top")
    value: Literal["activation", "preactivation"] = Field(
        "activation", description="preactivation: what stands before the ReLU that the layer ends in"
    )
    method: Method = IntegratedGradientsMethod(type="integrated_gradients")
    baseline: Literal["neutral", "grey"] = Field(
        "neutral",
        description="the photograph that says nothing. neutral: all of the color that the network's preprocessing "
        "turns into zero, the mean of what it was trained on, or black where it knows no mean; grey: 0.5 everywhere",
    )
    size: Size | None = Field(None, description="pixels: one number, or [height, width]; default: the network's own")

    @model_validator(mode="after")
    def _has_a_position_or_none(self) -> Self:
        given = [self.x is not None, self.y is not None]
        if self.of == "position" and not all(given):
            raise ValueError("a position has x and y: name both")
        if self.of != "position" and any(given):
            raise ValueError('x and y belong to a position: say "of": "position"')
        return self
