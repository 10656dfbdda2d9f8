"""The `numbers` of results, as the OpenAPI document describes them; shown as they were stored."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema


class _Numbers(BaseModel):
    """What was measured, and what decides the bits of the result beside its specification."""

    model_config = ConfigDict(extra="allow")

    seconds: float = Field(description="from when its slot had it to the result")
    device: str = Field(description="cpu, or the name of the GPU")
    instructions: str = Field(description="what its kernels were chosen by")
    threads: int
    precision: str = Field(description="float32 or bfloat16")
    weights: str = Field(description="identity of the weights")
    versions: dict[str, str]


class _PictureNumbers(_Numbers):
    """Read off the untouched network in float32."""

    activation: float = Field(description="of the unit on the final picture; of several pictures the mean")
    pictures: list[dict[str, float]] = Field(description="of each, where there are several")
    curve: list[float] = Field(description="what was optimized, step by step")
    steps: int
    seed: int
    display: list[int] = Field(description="which channels are shown, where not simply all")
    warnings: list[str]


def _schema(described: type[BaseModel]) -> dict[str, Any]:
    """Nothing is required: older versions have not measured everything."""
    made = described.model_json_schema()
    return {name: value for name, value in made.items() if name not in {"required", "title"}}


Numbers = Annotated[dict[str, Any], WithJsonSchema(_schema(_Numbers))]
PictureNumbers = Annotated[dict[str, Any], WithJsonSchema(_schema(_PictureNumbers))]
