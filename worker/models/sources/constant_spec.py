"""How ``model.json`` writes down what a network takes beside the picture."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal, Self

import torch
from pydantic import BaseModel, ConfigDict, model_validator

from featurelens.engine.constant_inputs import Constant

MOST = 2**24
"""Numbers of one input."""

_DTYPES = {"float32": torch.float32, "int64": torch.int64, "int32": torch.int32, "bool": torch.bool}


class ConstantSpec(BaseModel):
    """Written as a number or nested lists of numbers, or with `values`, or `shape` and `fill`, by name.

    It is what one picture comes with: a batch of B pictures gets it B times, stacked, unless `each` is false.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    values: Any = None
    shape: tuple[int, ...] | None = None
    fill: float = 0.0
    dtype: Literal["float32", "int64", "int32", "bool"] = "float32"
    each: bool = True

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, given: Any) -> Any:
        return given if isinstance(given, dict) else {"values": given}

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.values is None) == (self.shape is None):
            raise ValueError("give numbers (one, or nested lists), or a shape and what to fill it with")
        if self.shape is not None and (min(self.shape, default=1) < 1 or math.prod(self.shape) > MOST):
            raise ValueError(f"shape needs sides of at least 1, and at most {MOST:,} numbers in all")
        numbers = list(_flat(self.values)) if self.shape is None else [self.fill]
        if not numbers or not all(isinstance(one, int | float) and math.isfinite(one) for one in numbers):
            raise ValueError("values must be finite numbers, one or nested lists of them")
        if self.dtype != "float32" and any(one != int(one) for one in numbers):
            raise ValueError(f"values of {self.dtype} must be whole numbers")
        self.constant()
        return self

    def constant(self) -> Constant:
        """Raises ValueError for lists of unequal lengths, or a number too large."""
        dtype = _DTYPES[self.dtype]
        if self.shape is not None:
            return Constant(torch.full(self.shape, self.fill, dtype=dtype), self.each)
        try:
            return Constant(torch.tensor(self.values, dtype=dtype), self.each)
        except (RuntimeError, TypeError, OverflowError) as error:
            raise ValueError(str(error)) from error


def _flat(values: Any) -> Iterator[Any]:
    if isinstance(values, list):
        for one in values:
            yield from _flat(one)
    else:
        yield values
