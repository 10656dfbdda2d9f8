"""All that a scan gathers of some units, image by image, in memory that does not grow with the images.

About 7 kB a unit. Parts of a scan, gathered anywhere, are merged to the same bits in any order.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from featurelens.engine.scan.exact_sum import ExactSum
from featurelens.engine.scan.extremes import NOBODY, Example, Extremes, ranked
from featurelens.engine.scan.histogram import Histogram, Histograms
from featurelens.engine.scan.reader import Responses
from featurelens.engine.scan.relatives import Relatives, relatives
from featurelens.engine.scan.report import Middle, Statistics, UnitReport
from featurelens.engine.scan.sample import Sample
from featurelens.engine.scan.state import Gathered, State

PREFERRED = 100
"""Strongest images of a unit whose labels are counted."""
TOGETHER = 128
"""Images that are taken in at once."""
_WEAKEST, _ABOVE, _BELOW = range(3)


class Accumulator:
    """Of some units, with `keep` (1 to `PREFERRED`) images in each list.

    `rectified` says of each unit whether its layer ends in ReLU (`Reader.rectified`).
    """

    def __init__(self, rectified: Sequence[bool], keep: int) -> None:
        self.units, self.keep = len(rectified), keep
        self._rectified = [unit for unit, ends_in_relu in enumerate(rectified) if ends_in_relu]
        units = self.units
        self._counts = torch.zeros(1, dtype=torch.int64)
        self._active = torch.zeros(units, dtype=torch.int64)
        self._strongest = Extremes((units,), PREFERRED)
        self._others = Extremes((3, units), keep)
        self._by_mean = Extremes((2, units), keep)
        # Two numbers per image: the units' maxima, then their means.
        self._histograms = Histograms(2 * units)
        self._after = Histograms(len(self._rectified))
        self._sums = ExactSum(2 * units)
        self._squares = ExactSum(2 * units)
        self._sample = Sample(units)
        self._waiting: list[tuple[Tensor, Responses]] = []

    @property
    def images(self) -> int:
        """How many have been added."""
        return int(self._counts) + sum(len(images) for images, _ in self._waiting)

    def add(self, images: Tensor, responses: Responses) -> None:
        """What the units said to `images` (B,) int64, numbers below 2^32, none of which was added before.

        All of `responses` must be finite.
        """
        self._waiting.append((images, responses))
        if sum(len(images) for images, _ in self._waiting) >= TOGETHER:
            self._take_in()

    def merge(self, other: Accumulator) -> None:
        """Adds what another has gathered of the same units over other images, with as many in each list."""
        if (self.units, self.keep, self._rectified) != (other.units, other.keep, other._rectified):
            raise ValueError("parts of different scans")
        self._take_in()
        other._take_in()
        self._counts += other._counts
        self._active += other._active
        for name, part in self._parts().items():
            part.merge(other._parts()[name])

    def state(self) -> dict[str, Tensor]:
        """All of it, by name."""
        self._take_in()
        parts = {
            f"{name}.{field}": tensor for name, part in self._parts().items() for field, tensor in part.state().items()
        }
        return {"images": self._counts, "active": self._active, **parts}

    def restore(self, state: State) -> None:
        """Goes on from what `state` returned. Raises KeyError for what is none of one."""
        self._counts, self._active = state["images"], state["active"]
        for name, part in self._parts().items():
            prefix = f"{name}."
            part.restore({field.removeprefix(prefix): one for field, one in state.items() if field.startswith(prefix)})

    def report(self, unit: int) -> UnitReport:
        """What was found of a unit; there has to be an image."""
        self._take_in()
        best = self._strongest.value(unit)
        signed = bool(self._histograms.below_zero()[unit])
        above, below = self._around_zero(unit) if signed else self._around_median(unit)
        middle: Middle = "zero" if signed else "median"
        return UnitReport(
            images=self.images,
            strongest=best[: self.keep],
            strongest_mean=self._by_mean.value(0, unit),
            likeliest=self._by_mean.value(1, unit),
            weakest=self._others.value(_WEAKEST, unit, sign=-1),
            above=above,
            below=below,
            middle=middle,
            preferred=[example.image for example in best],
            active=int(self._active[unit]) / self.images,
            maximum=self._statistics(unit),
            mean=self._statistics(self.units + unit),
            mean_after=self._histogram_after(unit),
        )

    @property
    def sampled(self) -> int:
        """How many of the images `relatives` goes by; all of them, unless there are more than the sample holds."""
        self._take_in()
        return len(self._sample.images)

    def relatives(self, units: range) -> Iterator[Relatives]:
        """Which of `units`, the same ones for each of them, say the like of each to the images of the sample.

        By the largest value over all positions. Numbers of units are counted from the first one of `units`.
        """
        self._take_in()
        return relatives(self._sample.values[:, units.start : units.stop], self.images)

    def _take_in(self) -> None:
        """Whatever waits: together they take little longer than a few alone."""
        if not self._waiting:
            return
        images = torch.cat([images for images, _ in self._waiting])
        each = zip(*(responses for _, responses in self._waiting), strict=True)
        responses = Responses(*map(torch.cat, each))
        self._waiting.clear()
        if not len(images):
            return
        maxima, positions = responses.maxima.contiguous(), responses.positions.T
        best = ranked(maxima, images[:, None]).T
        nearest = ranked(-maxima, images[:, None]).T
        above, below = (maxima > 0).T, (maxima < 0).T
        self._counts += len(images)
        self._active += above.sum(1)
        self._strongest.add(best, positions)
        lists = [nearest, nearest.where(above, NOBODY), best.where(below, NOBODY)]
        self._others.add(torch.stack(lists), positions.expand(3, -1, -1))
        certainties = ranked(responses.certainties, images[:, None]).where(responses.certainties > -torch.inf, NOBODY)
        by_mean = torch.stack([ranked(responses.means, images[:, None]).T, certainties.T])
        self._by_mean.add(by_mean, torch.zeros_like(by_mean, dtype=torch.int32))
        both = torch.cat([maxima, responses.means], 1)
        self._histograms.add(both)
        self._after.add(responses.after)
        self._sums.add(both)
        self._squares.add_squares(both)
        self._sample.add(images, maxima, responses.positions)

    def _around_zero(self, unit: int) -> tuple[list[Example], list[Example]]:
        return self._others.value(_ABOVE, unit, sign=-1), self._others.value(_BELOW, unit)

    def _around_median(self, unit: int) -> tuple[list[Example], list[Example]]:
        sample = self._sample
        columns = sample.values[:, unit], sample.images, sample.positions[:, unit]
        found = sorted(map(Example, *(column.tolist() for column in columns)))
        half = len(found) // 2
        return found[half : half + self.keep], found[max(0, half - self.keep) : half][::-1]

    def _histogram_after(self, unit: int) -> Histogram | None:
        place = bisect_left(self._rectified, unit)
        there = place < len(self._rectified) and self._rectified[place] == unit
        return self._after.value(place) if there else None

    def _statistics(self, series: int) -> Statistics:
        sums = self._sums.value(series), self._squares.value(series)
        return Statistics.of(*sums, self.images, self._histograms.value(series))

    def _parts(self) -> Mapping[str, Gathered]:
        return {
            "strongest": self._strongest,
            "others": self._others,
            "by_mean": self._by_mean,
            "histograms": self._histograms,
            "after": self._after,
            "sums": self._sums,
            "squares": self._squares,
            "sample": self._sample,
        }
