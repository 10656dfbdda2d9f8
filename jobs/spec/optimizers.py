"""How the parameters of a picture move."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from featurelens.jobs.spec.base import SpecModel


class OptimizerChoice(SpecModel):
    """Left out, `learning_rate` is what suits parameterization, optimizer and steps, and `beta1` what suits the former;
    over the last `anneal` of the schedule the rate falls to a tenth. The schedule is all steps, of more than 128 the
    last 128 * (steps / 128) ** 0.25.
    `beta1` is how much of the direction so far `adam` and `nadam` keep at every step; `gradient` remembers nothing: a
    step is the gradient of each parameter, brought to a root mean square of 1, times the learning rate.
    `leak` is the part of the gradient that passes shut rectifiers while the picture takes shape; 0 is exact.
    """

    type: Literal["adam", "nadam", "gradient"] = "adam"
    learning_rate: float | None = Field(None, gt=0, le=1000)
    anneal: float = Field(0.4, ge=0, le=1)
    beta1: float | None = Field(None, ge=0, le=0.999)
    leak: float = Field(0.05, ge=0, le=1)

    @model_validator(mode="after")
    def _remembers(self) -> Self:
        if self.type == "gradient" and self.beta1 is not None:
            raise ValueError("beta1 belongs to adam and nadam; gradient remembers nothing")
        return self

    def completed(self, beta1: float) -> Self:
        """With `beta1` filled in, where there is one."""
        if self.type == "gradient" or self.beta1 is not None:
            return self
        return self.model_copy(update={"beta1": beta1})
