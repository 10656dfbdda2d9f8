"""What answers look like, for the OpenAPI document: made by the same code as the answers themselves."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry, ModelSummary
from featurelens.jobs.queue.job_queue import Ticket
from featurelens.jobs.queue.records import Record
from featurelens.jobs.queue.stats import QueueStats, RendererStats
from featurelens.jobs.queue.sweeps import STATES, Item
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.result import Image, Result
from featurelens.service.auth.signed_urls import LIFETIME
from featurelens.service.endpoints.health import Health
from featurelens.service.endpoints.listing import Summary, Visualizations
from featurelens.service.endpoints.photos import Photo
from featurelens.service.endpoints.status import SystemStatus
from featurelens.service.endpoints.tokens import Token
from featurelens.service.problems import CODES, MEDIA_TYPE, STATUS, TYPE, Problem
from featurelens.service.schemas.catalog import Layer, Layers, Models, Unit, layer_path, pictures_path
from featurelens.service.schemas.sweep import Sweep, SweepItem, SweepItems, SweepLinks
from featurelens.service.schemas.visualization import finished, underway

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

_MODEL = ModelEntry(
    name=_SPEC.model,
    aliases=("patternnet",),
    source="bundled",
    architecture="patternnet",
    digest=_RECORD.digest,
    sha256="0" * 64,
    renderer="1",
    downloaded=True,
    input_channels=3,
    input_size=(96, 96),
    min_size=32,
    classes_layer="logits",
    parameters=152_000,
    labels=("stripes 0", "stripes 45", "checks"),
)
_SUMMARY = {name: value for name, value in _MODEL if name != "labels"}
_LOGITS = LayerEntry(name="logits", type="Linear", kind="vector", channels=3, recommended=True)
_HERE = layer_path(_MODEL.name, _LOGITS.name)
_LAYER = Layer(
    **dict(_LOGITS),
    model=_MODEL.name,
    labels=_MODEL.labels,
    links={"unit": f"{_HERE}/units/{{n}}", "visualizations": pictures_path(_MODEL.name, _LOGITS.name)},
)
_ASKED = VisualizationSpec(model=_MODEL.name, layer="logits", channel=2)
_UNIT = Unit(
    model=_MODEL.name,
    layer="logits",
    channel=2,
    address=f"{_MODEL.name}/logits:2",
    label="checks",
    visualizations=_LIST.visualizations,
    ask={"positive": _ASKED, "negative": _ASKED.model_copy(update={"sign": "negative"})},
    links={"layer": _HERE, "visualizations": pictures_path(_MODEL.name, "logits", 2)},
)
_OVERVIEW = SystemStatus(
    ready=True,
    missing=None,
    queues={
        "featurelens": QueueStats(length=3, oldest_wait=1.2),
        "featurelens-sweep": QueueStats(length=0, oldest_wait=0),
    },
    slots={"featurelens": 8, "featurelens-sweep": 4},
    renderer=RendererStats(
        device="cpu",
        precision="bfloat16",
        started=_CREATED,
        lanes=1,
        pictures=4,
        waiting=0,
        capacity=8,
        ticks=5120,
        tick_seconds=96.1,
        steps=19200,
    ),
    renderer_starts=1,
    ended={"succeeded": 150, "cancelled": 2},
    store_bytes={"results": 2_730_600, "thumbnails": 90_412, "photos": 0},
    results=150,
)
_TOKEN = Token(
    token=f"3f9c0a7b1d22.{int(_CREATED.timestamp()) + LIFETIME}.{'5a' * 32}",
    expires=_CREATED + timedelta(seconds=LIFETIME),
)
_PHOTO = "sha256:" + "0" * 64

_ONE = "/v1/visualizations/{key}"
_LAYERS = "/v1/models/{model}/layers"
EXAMPLES: dict[tuple[str, str, str], BaseModel] = {
    ("/v1/visualizations", "post", "200"): _DONE,
    ("/v1/visualizations", "post", "202"): _QUEUED,
    ("/v1/visualizations", "get", "200"): _LIST,
    (_ONE, "get", "200"): _DONE,
    (f"{_ONE}/token", "get", "200"): _TOKEN,
    (_ONE, "delete", "200"): _LEFT,
    (_ONE, "delete", "202"): _STOPPING,
    ("/v1/sweeps", "post", "200"): _SWEEP.model_copy(update={"status": "finished"}),
    ("/v1/sweeps", "post", "202"): _SWEEP,
    ("/v1/sweeps/{id}", "get", "200"): _SWEEP,
    ("/v1/sweeps/{id}", "delete", "200"): _SWEEP.model_copy(update={"status": "cancelled", "cancelled": _CREATED}),
    ("/v1/sweeps/{id}", "delete", "202"): _SWEEP.model_copy(update={"status": "cancelling", "cancelled": _CREATED}),
    ("/v1/sweeps/{id}/items", "get", "200"): _ITEMS,
    ("/v1/photos", "post", "201"): Photo(photo=_PHOTO, url=f"/v1/photos/{_PHOTO}"),
    ("/v1/models", "get", "200"): Models(models=[ModelSummary.model_validate(_SUMMARY)], total=1, next=None),
    ("/v1/models/{model}", "get", "200"): _MODEL,
    (_LAYERS, "get", "200"): Layers(model=_MODEL.name, layers=[_LOGITS], total=1, next=None),
    (f"{_LAYERS}/{{layer}}", "get", "200"): _LAYER,
    (f"{_LAYERS}/{{layer}}/units/{{n}}", "get", "200"): _UNIT,
    ("/v1/status", "get", "200"): _OVERVIEW,
    ("/livez", "get", "200"): Health(),
    ("/readyz", "get", "200"): Health(),
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
