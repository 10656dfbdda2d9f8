"""What every part of a spec keeps to, and the small types they are made of."""

from __future__ import annotations

from types import UnionType
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Sign = Literal["positive", "negative"]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Index = Annotated[int, Field(ge=0, le=2**31 - 1)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
PhotoDigest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$", examples=["sha256:" + "0" * 64])]
"""Names an uploaded photograph; POST /v1/photos answers with it."""

Photograph = Annotated[
    str,
    Field(
        pattern=r"^(sha256:|fv1_)[0-9a-f]{64}$",
        description="an uploaded photograph, or the key of a finished visualization, whose picture is kept like one",
        examples=["sha256:" + "0" * 64],
    ),
]
"""In a resolved spec the digest of a photograph, also where a picture was named."""

MAX_PICTURES = 16
MIN_SIZE, MAX_SIZE = 8, 1024
"""Pixels that any network may ask for; each has a smallest size of its own."""


class SpecModel(BaseModel):
    """Immutable; unknown fields, NaN and booleans for integers are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class JobSpec(SpecModel):
    """What a job of any kind is asked for. Whatever the kind, it is about one network."""

    model: Name


def _pair(value: Any) -> Any:
    """JSON has no tuples, and strict validation would refuse its lists."""
    return tuple(value) if isinstance(value, list) else value


Range = Annotated[tuple[float, float], BeforeValidator(_pair, json_schema_input_type=list[float])]
"""[low, high]"""


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


def type_name(part: type[BaseModel]) -> str:
    """The `type` by which this one of several is told apart."""
    (name,) = get_args(part.model_fields["type"].annotation)
    return str(name)


def asks_for_type(union: UnionType) -> BeforeValidator:
    """For parts told apart by their `type`: where none is given, the answer names all there are."""
    types = ", ".join(map(type_name, get_args(union)))

    def check(value: Any) -> Any:
        if isinstance(value, SpecModel) or (isinstance(value, dict) and "type" in value):
            return value
        raise ValueError(f'this has to be an object with a "type", one of {types}')

    return BeforeValidator(check)
