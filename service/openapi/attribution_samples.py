"""Samples of answers about attributions, made by the code that makes the answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from featurelens.jobs.queue.record import Record
from featurelens.jobs.queue.ticket import Ticket
from featurelens.jobs.spec.attribution import AttributionSpec
from featurelens.jobs.store.result import File, Result
from featurelens.service.schemas.attribution import AttributionsPage, finished, underway

_KEY = "ft1_" + "3f" * 32
SPEC = AttributionSpec(
    model="bundled:patternnet@sha256-333ce1050aa7",
    photo="sha256:" + "0" * 64,
    layer="conv6",
    channel=31,
    of="position",
    x=5,
    y=1,
    size=(96, 96),
)
_CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_RECORD = Record(status="queued", attempt="0" * 32, spec=SPEC, digest="sha256:" + "0" * 64, created=_CREATED, steps=64)
ATTRIBUTION = finished(
    Result(
        key=_KEY,
        spec=SPEC,
        numbers={
            "explained": 2.5,
            "at_baseline": 0.25,
            "baseline": [0.5, 0.5, 0.5],
            "sum": 2.248,
            "completeness_error": 0.002,
            "relative_error": 0.000889,
            "scale": 0.0125,
            "seconds": 0.9,
            "device": "cpu",
            "precision": "float32",
        },
        created=_CREATED,
        started=_CREATED,
        finished=_CREATED + timedelta(seconds=1),
        images=(),
        files=(
            File(
                name="attribution.safetensors", media_type="application/octet-stream", bytes=175_456, sha256="7a" * 32
            ),
        ),
    )
)
QUEUED = underway(_KEY, Ticket(_RECORD, position=1))
CANCELLING = underway(_KEY, Ticket(_RECORD.model_copy(update={"status": "cancelling", "askers": 0})))
PAGE = AttributionsPage.of([ATTRIBUTION], next=None, complete=True)
