"""What answers look like, for the OpenAPI document: made by the same code as the answers themselves."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from jobs.queue import Ticket
from jobs.results import Image, Result
from jobs.spec import VisualizationSpec
from jobs.status import Record
from jobs.sweeps import STATES, Item
from service.listing import Summary, Visualizations
from service.problems import CODES, MEDIA_TYPE, STATUS, TYPE, Problem
from service.resources import finished, underway
from service.sweeps import Sweep, SweepItem, SweepItems, SweepLinks

_KEY = "fv1_" + "3f" * 32
_SPEC = VisualizationSpec(
    model="bundled:patternnet@sha256-333ce1050aa7", layer="logits", channel=2, size=(96, 96)
).completed()
_CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_RECORD = Record(
    status="queued", attempt="0" * 32, spec=_SPEC, digest="sha256:" + "0" * 64, created=_CREATED, steps=_SPEC.steps
)
_RUNNING = {"status": "running", "started": _CREATED, "stage": "rendering", "step": 40, "activation": 6.4}
_DONE = finished(
    Result(
        key=_KEY,
        spec=_SPEC,
        numbers={"activation": 8.21, "seconds": 1.9, "device": "cpu", "precision": "bfloat16"},
        created=_CREATED,
        started=_CREATED,
        finished=_CREATED + timedelta(seconds=2),
        images=(Image(width=96, height=96, bytes=18204, sha256="7a" * 32),),
    )
)
_QUEUED = underway(_KEY, Ticket(_RECORD, position=1))
_STOPPING = underway(_KEY, Ticket(_RECORD.model_copy(update={**_RUNNING, "status": "cancelling", "askers": 0})))
_LEFT = underway(_KEY, Ticket(_RECORD.model_copy(update={**_RUNNING, "seconds_left": 1.6})))

_ID = "sweep_" + "5c" * 16
_SWEEP = Sweep(
    id=_ID,
    status="underway",
    spec=_SPEC,
    total=16,
    counts=dict.fromkeys(STATES, 0) | Counter(queued=10, running=4, succeeded=2),
    created=_CREATED,
    links=SweepLinks(self=f"/v1/sweeps/{_ID}", items=f"/v1/sweeps/{_ID}/items"),
)
_ITEMS = SweepItems(items=[SweepItem.of(Item(_KEY, 2, "positive", 0), "succeeded")], next=None)
_LIST = Visualizations(visualizations=[Summary.of(_DONE)], next=None, complete=True)

_ONE = "/v1/visualizations/{key}"
EXAMPLES: dict[tuple[str, str, str], BaseModel] = {
    ("/v1/visualizations", "post", "200"): _DONE,
    ("/v1/visualizations", "post", "202"): _QUEUED,
    ("/v1/visualizations", "get", "200"): _LIST,
    (_ONE, "get", "200"): _DONE,
    (_ONE, "delete", "200"): _LEFT,
    (_ONE, "delete", "202"): _STOPPING,
    ("/v1/sweeps", "post", "200"): _SWEEP.model_copy(update={"status": "finished"}),
    ("/v1/sweeps", "post", "202"): _SWEEP,
    ("/v1/sweeps/{id}", "get", "200"): _SWEEP,
    ("/v1/sweeps/{id}", "delete", "200"): _SWEEP.model_copy(update={"status": "cancelled", "cancelled": _CREATED}),
    ("/v1/sweeps/{id}", "delete", "202"): _SWEEP.model_copy(update={"status": "cancelling", "cancelled": _CREATED}),
    ("/v1/sweeps/{id}/items", "get", "200"): _ITEMS,
}
"""By path, method and status."""


def add(document: dict[str, Any]) -> None:
    """Puts an example beside the schema of each answer above, and one beside that of each problem."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items():
                content = answer.get("content", {})
                example = EXAMPLES.get((path, method, status))
                if example is not None:
                    content["application/json"]["example"] = example.model_dump(mode="json")
                if MEDIA_TYPE in content:
                    content[MEDIA_TYPE]["example"] = _problem(int(status)).model_dump(mode="json")


def _problem(status: int) -> Problem:
    """One that answers with this status."""
    kind = next((kind for kind, known in STATUS.items() if known == status), None)
    code, title = (kind.code, kind.title) if kind else (CODES[status], HTTPStatus(status).phrase)
    return Problem(type=TYPE + code, title=title, status=status, detail=title)
