"""Pictures of a tick whose rows lie side by side: what is done for them is done at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from featurelens.engine.extraction.passage import Passage
from featurelens.engine.optimization import Optimization, Recipe
from featurelens.engine.row_group import Numbers


@dataclass(frozen=True, eq=False)
class Span:
    """`numbers` are those of `members`, in their order, as they stand in their group; `leaves` the parameters once
    more, taking gradients.
    """

    members: tuple[Optimization, ...]
    passage: Passage
    numbers: Numbers
    leaves: tuple[Tensor, ...]

    @property
    def recipe(self) -> Recipe:
        """That of the first: of one kind they all are."""
        return self.members[0].recipe

    @property
    def rows(self) -> int:
        """In the forward pass."""
        return sum(one.rows for one in self.members)

    @property
    def pictures(self) -> list[int]:
        """Of each member."""
        return [one.recipe.pictures for one in self.members]


def side_by_side(optimizations: Sequence[Optimization]) -> list[Span]:
    """All of them, those together whose gradients pass alike and whose rows follow each other in one group."""
    runs: list[list[Optimization]] = []
    place: tuple[object, ...] = ()
    for one in sorted(optimizations, key=lambda one: (one.passage, id(one.group), one.row)):
        if place != (one.passage, id(one.group), one.row):
            runs.append([])
        runs[-1].append(one)
        place = (one.passage, id(one.group), one.row + 1)
    return [_span(run) for run in runs]


def _span(run: Sequence[Optimization]) -> Span:
    numbers = run[0].group.part(run[0].row, len(run))
    leaves = tuple(tensor.detach().requires_grad_(True) for tensor in numbers.parameters)
    return Span(tuple(run), run[0].passage, numbers, leaves)
