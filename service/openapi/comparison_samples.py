"""Samples of answers about comparisons, made by the code that makes the answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from featurelens.jobs.queue.record import Record
from featurelens.jobs.queue.ticket import Ticket
from featurelens.jobs.spec.comparison import ComparisonSpec
from featurelens.jobs.store.result import Result
from featurelens.service.schemas.comparison import ComparisonsPage, finished, underway

_KEY = "fc1_" + "3f" * 32
SPEC = ComparisonSpec(
    model="bundled:patternnet@sha256-333ce1050aa7",
    visualization="fv1_" + "3f" * 32,
    layer="conv6",
    channel=31,
    sign="positive",
    others=["fv1_" + "4e" * 32],
    photos=["sha256:" + "0" * 64, "sha256:" + "1" * 64],
    layers=["conv4", "conv6"],
    dataset="patterns",
    identity="sha256:" + "0" * 64,
    scan="fs1_" + "3f" * 32,
    by="strongest_mean",
    examples=[43, 59],
    random=[3, 811],
    size=(128, 128),
)
_CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_RECORD = Record(status="queued", attempt="0" * 32, spec=SPEC, digest="sha256:" + "0" * 64, created=_CREATED, steps=6)
COMPARISON = finished(
    Result(
        key=_KEY,
        spec=SPEC,
        numbers={
            "layers": [
                {
                    "layer": "conv6",
                    "numbers": 40960,
                    "each": [0.41, 0.39],
                    "picture": {"pairs": 2, "mean": 0.4, "spread": 0.01},
                    "examples": {"pairs": 1, "mean": 0.61, "spread": 0.0},
                    "random": {"pairs": 4, "mean": 0.12, "spread": 0.07},
                    "normalized": 0.571,
                    "seeds": {"pairs": 1, "mean": 0.8, "spread": 0.0},
                    "means": {
                        "each": [0.77, 0.73],
                        "picture": {"pairs": 2, "mean": 0.75, "spread": 0.02},
                        "examples": {"pairs": 1, "mean": 0.86, "spread": 0.0},
                        "random": {"pairs": 4, "mean": 0.31, "spread": 0.12},
                        "normalized": 0.8,
                        "seeds": {"pairs": 1, "mean": 0.97, "spread": 0.0},
                    },
                }
            ],
            "broken": [],
            "seconds": 0.4,
            "device": "cpu",
            "precision": "float32",
        },
        created=_CREATED,
        started=_CREATED,
        finished=_CREATED + timedelta(seconds=1),
        images=(),
    )
)
QUEUED = underway(_KEY, Ticket(_RECORD, position=1))
CANCELLING = underway(_KEY, Ticket(_RECORD.model_copy(update={"status": "cancelling", "askers": 0})))
PAGE = ComparisonsPage.of([COMPARISON], next=None, complete=True)
