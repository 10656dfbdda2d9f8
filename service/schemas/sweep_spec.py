"""What a sweep asks for: a specification, and the channels, signs and seeds that take turns in it."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from featurelens.jobs.spec.base import Index, Seed, Sign
from featurelens.jobs.spec.visualization import VisualizationSpec

MOST = 4096
"""Pictures in one sweep."""

_RANGE = re.compile(r"\s*(\d{1,10})\s*(?:-\s*(\d{1,10})\s*)?", re.ASCII)


def _expanded(channels: Any) -> Any:
    """Ranges such as ``"0-63,97"`` as a list; lists stay."""
    if not isinstance(channels, str):
        return channels
    found: list[int] = []
    for part in channels.split(","):
        bounds = _RANGE.fullmatch(part)
        if bounds is None:
            raise ValueError(f'channels are numbers and ranges such as "0-63,97", not {part[:20]!r}')
        first, last = int(bounds[1]), int(bounds[2] or bounds[1])
        if last < first:
            raise ValueError(f"the range {part.strip()} runs backwards")
        if len(found) + last - first >= MOST:
            raise ValueError(f"at most {MOST} channels")
        found += range(first, last + 1)
    return found


Channels = Annotated[
    list[Index],
    Field(min_length=1, max_length=MOST),
    BeforeValidator(_expanded, json_schema_input_type=str | list[Index]),
]


class SweepSpec(VisualizationSpec):
    """As for one picture, with `channels` instead of `channel`; `signs` and `seeds` take the place of `sign`, `seed`.

    A picture for each channel with each sign and each seed, at most 4096 together.
    """

    channels: Channels = Field(description="numbers, or ranges as text", examples=["0-63,97"])
    signs: Annotated[list[Sign], Field(min_length=1, max_length=2)] | None = Field(
        None, description="default: `sign` alone", examples=[["positive", "negative"]]
    )
    seeds: Annotated[list[Seed], Field(min_length=1, max_length=64)] | None = Field(
        None, description="default: `seed` alone", examples=[[0, 1]]
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.channel is not None:
            raise ValueError("a sweep takes channels, not channel")
        if self.total > MOST:
            raise ValueError(f"at most {MOST} pictures: channels x signs x seeds is {self.total}")
        try:
            for sign in self._axes()[1]:
                VisualizationSpec.model_validate({**self._common(), "channel": self.channels[0], "sign": sign})
        except ValidationError as error:
            raise ValueError(str(error.errors()[0]["msg"]).removeprefix("Value error, ")) from error
        return self

    @property
    def total(self) -> int:
        """Pictures."""
        return math.prod(len(axis) for axis in self._axes())

    def widest(self) -> VisualizationSpec:
        """The picture of the highest channel: when that exists, all do."""
        channels, signs, seeds = self._axes()
        turn = {"channel": max(channels), "sign": signs[0], "seed": seeds[0]}
        picture = VisualizationSpec.model_validate({**self._common(), **turn})
        return picture.meaning_any_of([one.widest() for one in self._meanings if isinstance(one, SweepSpec)])

    def pictures_of(self, resolved: VisualizationSpec) -> Iterator[VisualizationSpec]:
        """All of them, channel by channel, each as complete as `resolved`, which is `widest` with all filled in."""
        for channel, sign, seed in itertools.product(*self._axes()):
            yield resolved.model_copy(update={"channel": channel, "sign": sign, "seed": seed})

    def _axes(self) -> tuple[list[int], list[Sign], list[int]]:
        """Channels, signs and seeds, each once."""
        axes = self.channels, self.signs or [self.sign], self.seeds or [self.seed]
        return list(dict.fromkeys(axes[0])), list(dict.fromkeys(axes[1])), list(dict.fromkeys(axes[2]))

    def _common(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in VisualizationSpec.model_fields}
