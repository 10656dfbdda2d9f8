"""Samples of answers about filters, made by the code that makes the answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from featurelens.jobs.queue.record import Record
from featurelens.jobs.queue.ticket import Ticket
from featurelens.jobs.spec.filters import FiltersSpec
from featurelens.jobs.store.result import Image, Result
from featurelens.service.schemas.filters import FiltersPage, finished, underway

_KEY = "ff1_" + "3f" * 32
_SPEC = FiltersSpec(model="bundled:patternnet@sha256-333ce1050aa7", layer="conv2", channel=7, size=(96, 96))
_CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_RECORD = Record(status="queued", attempt="0" * 32, spec=_SPEC, digest="sha256:" + "0" * 64, created=_CREATED, steps=1)
_NO_CONNECTIONS = {"count": 0, "scale": 0.0, "positive": [], "negative": []}
_SUMMAND = {
    "made": "convolution",
    "layer": "conv2.conv",
    "through": [{"function": "relu", "layer": "conv2"}, {"function": "batch_norm", "layer": "conv2.norm"}],
    "from_picture": False,
    "channels": 24,
    "height": 3,
    "width": 3,
    "stride": [1, 1],
    "dilation": [1, 1],
    "bias": 0.364512,
    "whole": False,
    "approximate": False,
}
_CONNECTION = {
    "layer": "conv1",
    "channel": 16,
    "strength": 0.227,
    "sum": 0.5,
    "height": 3,
    "width": 3,
    "kernel": [[0.0, -0.08, -0.02], [0.05, 0.11, 0.12], [0.01, 0.16, 0.15]],
    "through": [{"function": "avg_pool2d", "layer": "pool1"}],
    "summand": 0,
    "image": 0,
}
SUCCEEDED = finished(
    Result(
        key=_KEY,
        spec=_SPEC,
        numbers={
            "preactivation": True,
            "summands": [_SUMMAND],
            "picture": None,
            "incoming": {"count": 24, "scale": 0.16, "positive": [_CONNECTION], "negative": []},
            "outgoing": _NO_CONNECTIONS,
            "behind": [
                {
                    **_SUMMAND,
                    "layer": "conv1.conv",
                    "from_picture": True,
                    "channels": 3,
                    "height": 12,
                    "width": 12,
                    "stride": None,
                    "bias": None,
                    "approximate": True,
                }
            ],
            "expanded_picture": {
                "whole": 40,
                "positive": 41,
                "negative": 42,
                "scale": 0.228416,
                "height": 12,
                "width": 12,
            },
            "expanded": _NO_CONNECTIONS,
            "unknown": [],
            "seconds": 0.1,
            "device": "cpu",
            "precision": "float32",
        },
        created=_CREATED,
        started=_CREATED,
        finished=_CREATED + timedelta(seconds=1),
        images=(Image(width=96, height=96, bytes=812, sha256="7a" * 32),) * 71,
    )
)
QUEUED = underway(_KEY, Ticket(_RECORD, position=1))
CANCELLING = underway(_KEY, Ticket(_RECORD.model_copy(update={"status": "cancelling", "askers": 0})))
PAGE = FiltersPage.of([SUCCEEDED], next=None, complete=True)
