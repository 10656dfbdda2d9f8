"""What finished pictures and comparisons are sorted by: how far a picture gets, and how alike it is processed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from featurelens.jobs.errors import OtherVersion
from featurelens.jobs.kinds.base import digest
from featurelens.jobs.queue.ranked_index import RankedLine
from featurelens.jobs.store.result import Result
from featurelens.jobs.version import VERSION
from featurelens.service.evidence import Evidences
from featurelens.service.ranking import Sorting
from featurelens.service.schemas.comparison import ComparisonSort, likenesses
from featurelens.service.schemas.comparison import finished as comparison
from featurelens.service.schemas.evidence import Evidence, Standing
from featurelens.service.schemas.visualization import Visualization
from featurelens.service.schemas.visualization import finished as visualization

PictureSort = Literal["activation", "ratio", "percentile", ComparisonSort]

_STATE = 16
"""Characters of a digest that tell states apart."""


class PictureStandings:
    """Of visualizations: their activation, and the numbers of their `evidence`."""

    fixed = frozenset({"activation"})

    def __init__(self, evidences: Evidences) -> None:
        self._evidences = evidences

    def states(self, lines: Sequence[RankedLine]) -> list[str]:
        """Scans of the layer, and comparisons of the picture."""
        layers = {(line.model, line.layer) for line in lines}
        sources = {layer: digest([VERSION, self._evidences.sources(*layer)])[:_STATE] for layer in layers}
        found = [(sources[line.model, line.layer], line.about) for line in lines]
        return [digest([scans, about])[:_STATE] if about else scans for scans, about in found]

    def numbers(self, results: Sequence[Result]) -> list[Any]:
        pictures = [visualization(result) for result in results]
        return [_told(*one) for one in zip(pictures, self._evidences.of_all(pictures), strict=True)]

    def value(self, numbers: Any, sorting: Sorting) -> float | None:
        if sorting.sort == "activation":
            activation: float | None = numbers["activation"]
            return activation
        found: Any = (_beside(numbers, sorting) or {}).get(sorting.sort)
        known: float | None = found["least"] if isinstance(found, dict) else found
        return known

    def told(self, numbers: Mapping[str, Any], sorting: Sorting) -> dict[str, Any]:
        """`standings`, by key."""
        found = {key: _beside(one, sorting) for key, one in numbers.items()}
        return {"standings": {key: Standing.model_validate(one) for key, one in found.items() if one is not None}}


class ComparisonStandings:
    """Of comparisons: how alike the unit's own layer answers to the picture and to its best examples."""

    fixed = frozenset({"likeness", "likeness_of_means"})

    def states(self, lines: Sequence[RankedLine]) -> list[str]:
        return [VERSION] * len(lines)

    def numbers(self, results: Sequence[Result]) -> list[Any]:
        return [_likenesses(result) for result in results]

    def value(self, numbers: Any, sorting: Sorting) -> float | None:
        found: float | None = numbers[sorting.sort]
        return found

    def told(self, numbers: Mapping[str, Any], sorting: Sorting) -> dict[str, Any]:
        """Nothing: comparisons tell it themselves."""
        return {}


def _told(picture: Visualization, evidence: Sequence[Evidence]) -> dict[str, Any]:
    activation = (picture.numbers or {}).get("activation")
    return {
        "activation": activation if isinstance(activation, int | float) else None,
        "beside": [Standing.of(one, picture.spec.layer or "").model_dump() for one in evidence],
    }


def _likenesses(result: Result) -> dict[ComparisonSort, float | None] | None:
    try:
        found = comparison(result)
    except OtherVersion:
        return None
    return likenesses(found.layers, found.spec.layer)


def _beside(numbers: Any, sorting: Sorting) -> dict[str, Any] | None:
    """A `Standing`, as JSON: beside the data set asked for, or the one scanned last."""
    return next((one for one in numbers["beside"] if sorting.dataset in {None, one["dataset"]}), None)
