"""Which images a scan shows, and what it says of each unit: from the engine's report to what is stored."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import asdict
from itertools import zip_longest
from typing import Any

from featurelens.engine.scan import Example, LayerShape, Relative, Relatives, UnitReport

LISTS = ("strongest", "weakest", "above", "below", "strongest_mean", "likeliest")
RELATIVES = ("alike", "opposite")
MOST_SHOWN = 10_000
"""Images that are kept as thumbnails, of about 10 kB each."""
BY_MEAN = frozenset({"strongest_mean", "likeliest"})
"""Those that no position is told of."""
_LABELS = 5


def chosen(reports: Iterable[UnitReport], most: int = MOST_SHOWN) -> list[int]:
    """The images to keep, in their order: each unit's strongest and the first of its other lists, then the next."""
    ranks: list[dict[int, None]] = []
    for report in reports:
        for rank, examples in enumerate(zip_longest(*(getattr(report, name) for name in LISTS))):
            if rank == len(ranks):
                ranks.append({})
            if len(ranks[rank]) < most:
                ranks[rank].update((one.image, None) for one in examples if one is not None)
    found = dict.fromkeys(image for rank in ranks for image in rank)
    return sorted(list(found)[:most])


def described(
    report: UnitReport, shape: LayerShape, channel: int, labels: Sequence[str | None], shown: Container[int]
) -> dict[str, Any]:
    """One unit, as JSON: see `service/schemas/scan.py` for the fields."""

    def told(example: Example, name: str) -> dict[str, Any]:
        somewhere = name not in BY_MEAN and shape.height * shape.width > 1
        y, x = divmod(example.position, shape.width) if somewhere else (None, None)
        value = math.exp(example.value) if name == "likeliest" else example.value
        place = {"image": example.image, "label": labels[example.image], "value": value, "x": x, "y": y}
        return {**place, "shown": example.image in shown}

    return {
        "layer": shape.name,
        "channel": channel,
        "images": report.images,
        "active": report.active,
        "maximum": asdict(report.maximum),
        "mean": asdict(report.mean),
        "mean_after": None if report.mean_after is None else asdict(report.mean_after),
        "labels": _preferred(report.preferred, labels),
        "middle": report.middle,
        **{name: [told(example, name) for example in getattr(report, name)] for name in LISTS},
    }


def related(relatives: Relatives, sampled: int) -> dict[str, Any]:
    """The rest of it: which units of the layer answer alike, by `sampled` images."""

    def told(one: Relative) -> dict[str, Any]:
        return {"channel": one.unit, "correlation": one.correlation, "error": one.error}

    return {"sampled": sampled} | {name: [told(one) for one in getattr(relatives, name)] for name in RELATIVES}


def _preferred(images: Sequence[int], labels: Sequence[str | None]) -> list[dict[str, Any]]:
    """The most frequent labels of some images; of equally frequent ones that of the stronger image first."""
    counted = Counter(label for image in images if (label := labels[image]) is not None)
    return [{"label": label, "images": count, "of": len(images)} for label, count in counted.most_common(_LABELS)]
