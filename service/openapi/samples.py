"""Samples of answers, made by the code that makes the answers: examples in the OpenAPI document."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from featurelens.jobs.catalog.dataset_entry import DatasetEntry, DatasetSummary, Label
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry, ModelSummary
from featurelens.jobs.queue.job_queue import Ticket
from featurelens.jobs.queue.records import Record
from featurelens.jobs.queue.stats import QueueStats, RendererStats
from featurelens.jobs.spec.activations import ActivationsSpec
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.result import Image, Result
from featurelens.service import sweeps
from featurelens.service.auth.signed_urls import LIFETIME
from featurelens.service.schemas import activations, catalog
from featurelens.service.schemas.datasets import Datasets
from featurelens.service.schemas.health import Health
from featurelens.service.schemas.photo import Photo
from featurelens.service.schemas.status import SystemStatus
from featurelens.service.schemas.sweep import Sweep, SweepItem, SweepItems
from featurelens.service.schemas.token import Token
from featurelens.service.schemas.visualization import Summary, Visualizations, finished, underway

_KEY = "fv1_" + "3f" * 32
_SPEC = VisualizationSpec(
    model="bundled:patternnet@sha256-333ce1050aa7", layer="logits", channel=2, size=(96, 96)
).completed()
_CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_QUEUED = Record(
    status="queued", attempt="0" * 32, spec=_SPEC, digest="sha256:" + "0" * 64, created=_CREATED, steps=_SPEC.steps
)
_RUNNING = _QUEUED.model_copy(
    update={"status": "running", "started": _CREATED, "stage": "rendering", "step": 40, "score": 6.4}
)

SUCCEEDED = finished(
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
QUEUED = underway(_KEY, Ticket(_QUEUED, position=1))
RUNNING = underway(_KEY, Ticket(_RUNNING.model_copy(update={"seconds_left": 1.6})))
CANCELLING = underway(_KEY, Ticket(_RUNNING.model_copy(update={"status": "cancelling", "askers": 0})))
VISUALIZATIONS = Visualizations(visualizations=[Summary.of(SUCCEEDED)], next=None, complete=True)

_ACTIVATIONS_KEY = "fa1_" + "3f" * 32
_ACTIVATIONS_SPEC = ActivationsSpec(model=_SPEC.model, photo="sha256:" + "0" * 64, layers=["conv6"], size=(96, 96))
_ACTIVATIONS_RECORD = _QUEUED.model_copy(update={"spec": _ACTIVATIONS_SPEC, "steps": 1})
ACTIVATIONS = activations.finished(
    Result(
        key=_ACTIVATIONS_KEY,
        spec=_ACTIVATIONS_SPEC,
        numbers={
            "classes": [{"channel": 2, "label": "checks", "logit": 7.1, "probability": 0.98}],
            "layers": [
                {
                    "layer": "conv6",
                    "channels": 160,
                    "height": 12,
                    "width": 12,
                    "preactivation": True,
                    "highest": [{"channel": 31, "value": 4.2, "x": 7, "y": 3}],
                    "lowest": [{"channel": 8, "value": -5.1, "x": 0, "y": 11}],
                    "highest_mean": [{"channel": 31, "value": 1.9, "x": None, "y": None}],
                    "lowest_mean": [{"channel": 54, "value": -2.2, "x": None, "y": None}],
                }
            ],
            "seconds": 0.1,
            "device": "cpu",
            "precision": "float32",
        },
        created=_CREATED,
        started=_CREATED,
        finished=_CREATED + timedelta(seconds=1),
        images=(),
    )
)
ACTIVATIONS_QUEUED = activations.underway(_ACTIVATIONS_KEY, Ticket(_ACTIVATIONS_RECORD, position=1))
ACTIVATIONS_CANCELLING = activations.underway(
    _ACTIVATIONS_KEY, Ticket(_ACTIVATIONS_RECORD.model_copy(update={"status": "cancelling", "askers": 0}))
)
ACTIVATIONS_PAGE = activations.ActivationsPage(
    activations=[activations.ActivationsSummary.of(ACTIVATIONS)], next=None, complete=True
)

_STATES = ["queued"] * 10 + ["running"] * 4 + ["succeeded"] * 2
SWEEP = Sweep.of(sweeps.Sweep("sweep_" + "5c" * 16, _CREATED, None, _SPEC, len(_STATES)), _STATES)
FINISHED_SWEEP = SWEEP.model_copy(update={"status": "finished"})
CANCELLING_SWEEP = SWEEP.model_copy(update={"status": "cancelling", "cancelled": _CREATED})
CANCELLED_SWEEP = SWEEP.model_copy(update={"status": "cancelled", "cancelled": _CREATED})
SWEEP_ITEMS = SweepItems(items=[SweepItem.of(sweeps.Item(_KEY, 2, "positive", 0), "succeeded")], next=None)

MODEL = ModelEntry(
    name=_SPEC.model,
    aliases=("patternnet",),
    source="bundled",
    architecture="patternnet",
    digest=_QUEUED.digest,
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
MODELS = catalog.Models(
    models=[ModelSummary.model_validate({name: value for name, value in MODEL if name != "labels"})], total=1, next=None
)
_LOGITS = LayerEntry(name="logits", type="Linear", kind="vector", channels=3, recommended=True)
LAYERS = catalog.Layers(model=MODEL.name, layers=[_LOGITS], total=1, next=None)
LAYER = catalog.Layer.of(MODEL, _LOGITS)
UNIT = catalog.Unit.of(MODEL, _LOGITS, 2, VISUALIZATIONS.visualizations)

DATASET = DatasetEntry(
    name="patterns",
    source="bundled",
    identity="sha256:" + "0" * 64,
    images=120,
    label_count=3,
    labels=tuple(Label(name=name, images=40) for name in ("stripes 0", "stripes 45", "checks")),
)
DATASETS = Datasets(
    datasets=[DatasetSummary.model_validate({name: value for name, value in DATASET if name != "labels"})]
)

PHOTO = Photo.of("sha256:" + "0" * 64)
TOKEN = Token.of(
    f"3f9c0a7b1d22.{int(_CREATED.timestamp()) + LIFETIME}.{'5a' * 32}", int(_CREATED.timestamp()) + LIFETIME
)
HEALTH = Health()
STATUS = SystemStatus(
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
        memory=12 << 30,
        ticks=5120,
        tick_seconds=96.1,
        steps=19200,
    ),
    renderer_starts=1,
    ended={"succeeded": 150, "cancelled": 2},
    store_bytes={"results": 2_730_600, "thumbnails": 90_412, "photos": 0},
    results=150,
)
