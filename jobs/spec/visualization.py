"""What to picture: the one description that client, key, queue and renderer share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, ModelWrapValidatorHandler, PrivateAttr, ValidationError, model_validator

from featurelens.jobs.spec.base import Index, JobSpec, Name, Seed, Sign, Size, type_name
from featurelens.jobs.spec.objectives import ChannelObjective, Objective
from featurelens.jobs.spec.optimizers import OptimizerChoice
from featurelens.jobs.spec.parameterizations import FourierParameters, Parameterization
from featurelens.jobs.spec.regularizers import RegularizerWeights
from featurelens.jobs.spec.transforms import TransformRanges
from featurelens.jobs.spec.unit_ref import add_unit_to_schema, expand

MAX_STEPS = 4096
DEFAULT_STEPS = 128


class VisualizationSpec(JobSpec):
    """Which unit to picture and how.

    `model`, `layer`, `channel`, `sign` and `steps` are the simple form; all else is optional and part of the key.
    `unit` is short for model, layer and channel in one, ``googlenet/inception4a:97``; it is taken apart at once, and
    where names may hold its slashes and colons, the catalog decides between the `meanings`.
    `size` left out is the network's own; it is filled in when the catalog has resolved the model.
    """

    model_config = ConfigDict(json_schema_extra=add_unit_to_schema)

    model: Name = Field(description="a name or alias from /v1/models", examples=["patternnet"])
    layer: Name | None = Field(None, description="a name from /v1/models/{model}/layers", examples=["logits"])
    channel: Index | None = Field(None, description="the channel of the layer, counted from 0", examples=[2])
    sign: Sign = Field("positive", description="positive maximizes the unit, negative minimizes it")
    steps: int = Field(DEFAULT_STEPS, ge=1, le=MAX_STEPS, description="optimization steps")
    size: Size | None = Field(None, description="pixels: one number, or [height, width]; default: the network's own")
    seed: Seed = Field(0, description="the same seed gives the same picture")
    objective: Objective = Field(default_factory=ChannelObjective, description="what is asked of the unit")
    parameterization: Parameterization = Field(default_factory=FourierParameters, description="what is optimized")
    transform: TransformRanges | None = Field(None, description="default: what suits the parameterization")
    regularizers: RegularizerWeights = Field(default_factory=RegularizerWeights)
    optimizer: OptimizerChoice = Field(default_factory=OptimizerChoice)
    snapshots: Annotated[list[int], Field(max_length=16)] = Field(
        default_factory=list, description="steps to keep a picture of, 0 is the start", examples=[[0, 4, 48]]
    )

    _meanings: tuple[VisualizationSpec, ...] = PrivateAttr(())

    @model_validator(mode="wrap")
    @classmethod
    def _taken_apart(cls, given: Any, validated: ModelWrapValidatorHandler[Self]) -> Self:
        meant = expand(given)
        fitting = [(one, spec) for one in meant if (spec := cls._valid(one))] if len(meant) > 1 else []
        likeliest = validated(fitting[0][0] if fitting else meant[0])
        if len(fitting) > 1:
            likeliest._meanings = tuple(spec for _, spec in fitting)
        return likeliest

    @classmethod
    def _valid(cls, fields: dict[str, Any]) -> Self | None:
        try:
            return cls.model_validate(fields)
        except ValidationError:
            return None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        objective, kind = self.objective, self.objective.type
        for name, value in (("layer", self.layer), ("channel", self.channel)):
            if name in objective.needs and value is None:
                raise ValueError(f"objective {kind} needs {name}")
            if name not in objective.needs | objective.takes and value is not None:
                raise ValueError(f"objective {kind} takes no {name}")
        if self.sign == "negative" and not objective.has_negative:
            raise ValueError(f"objective {kind} has no negative")
        only = objective.only_with
        if only is not None and not isinstance(self.parameterization, only):
            raise ValueError(f"objective {kind} works with the {type_name(only)} parameterization only")
        if objective.starts_from_photo and not isinstance(self.parameterization, FourierParameters):
            raise ValueError("what starts from a photo works with the fourier parameterization only")
        if any(not 0 <= step < self.steps for step in self.snapshots):
            raise ValueError(f"snapshots must be between 0 and {self.steps - 1}; the last step is the picture itself")
        if self.snapshots != sorted(set(self.snapshots)):
            raise ValueError("snapshots must rise")
        return self

    @property
    def meanings(self) -> Sequence[VisualizationSpec]:
        """All that it may mean, the likeliest first; itself, unless its `unit` could be read in several ways."""
        return self._meanings or (self,)

    def meaning_any_of(self, meanings: Sequence[VisualizationSpec]) -> Self:
        """A copy that may mean any of `meanings`."""
        copy = self.model_copy()
        copy._meanings = tuple(meanings)
        return copy

    @property
    def pictures(self) -> int:
        """How many are made together."""
        return self.objective.picture_count

    @property
    def listed_channel(self) -> int | None:
        """The channel it is listed under."""
        return self.objective.listed_channel(self.channel)

    @property
    def photo(self) -> str | None:
        """The digest of the photograph it starts from or looks at."""
        return self.objective.photo_digest

    def completed(self, **fields: Any) -> Self:
        """With `fields` replaced and every default filled in, as the key needs it."""
        transform = self.transform or self.objective.suited_transform or self.parameterization.suited_transform
        optimizer = self.optimizer.completed(self.parameterization.suited_beta1)
        return self.model_copy(update={"transform": transform, "optimizer": optimizer, **fields})
