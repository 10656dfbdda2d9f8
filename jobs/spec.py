"""What to picture: the one description that client, key, queue and renderer share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Sign = Literal["positive", "negative"]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]

MIN_SIZE, MAX_SIZE = 32, 1024
MAX_STEPS = 4096
DEFAULT_STEPS = 128

Pixels = Annotated[int, Field(ge=MIN_SIZE, le=MAX_SIZE)]


def _square(size: Any) -> Any:
    """One number is a square; JSON has no tuples, and strict validation would refuse its lists."""
    if isinstance(size, int) and not isinstance(size, bool):
        return (size, size)
    return tuple(size) if isinstance(size, list) else size


Size = Annotated[
    tuple[Pixels, Pixels],
    BeforeValidator(
        _square, json_schema_input_type=Pixels | Annotated[list[Pixels], Field(min_length=2, max_length=2)]
    ),
]


class VisualizationSpec(BaseModel):
    """Which unit to picture and how. Immutable; unknown fields, NaN and booleans for integers are refused.

    `size` is (height, width) in pixels, or one number for a square; left out, it is the network's own input
    size, filled in when the catalog has resolved the model, before the key is taken.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    model: Name = Field(description="a name or alias from /v1/models", examples=["patternnet"])
    layer: Name = Field(description="a name from /v1/models/{model}/layers", examples=["logits"])
    channel: int = Field(ge=0, le=2**31 - 1, description="the channel of the layer, counted from 0", examples=[2])
    sign: Sign = Field("positive", description="positive maximizes the unit, negative minimizes it")
    steps: int = Field(DEFAULT_STEPS, ge=1, le=MAX_STEPS, description="optimization steps")
    size: Size | None = Field(None, description="pixels: one number, or [height, width]; default: the network's own")
    seed: int = Field(0, ge=0, le=2**32 - 1, description="the same seed gives the same picture")
