"""Samples of answers, made by the code that makes the answers: examples in the OpenAPI document."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from featurelens.jobs.catalog.dataset_entry import DatasetEntry, DatasetSummary, Label
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry, ModelSummary
from featurelens.jobs.queue.record import Record
from featurelens.jobs.queue.ticket import Ticket
from featurelens.jobs.spec.activations import ActivationsSpec
from featurelens.jobs.spec.maps import MapsSpec
from featurelens.jobs.spec.objectives import DirectionObjective
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.result import File, Image, Result
from featurelens.service import sweeps
from featurelens.service.auth.signed_urls import LIFETIME
from featurelens.service.openapi import attribution_samples
from featurelens.service.schemas import activations, catalog, maps
from featurelens.service.schemas.datasets import Datasets
from featurelens.service.schemas.health import Health
from featurelens.service.schemas.map_numbers import Here, MapNumbers, Positions, TopUnits, UnitHere
from featurelens.service.schemas.photo import Photo
from featurelens.service.schemas.sweep import Sweep, SweepItem, SweepItems
from featurelens.service.schemas.token import Token
from featurelens.service.schemas.visualization import Visualizations, finished, underway

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
VISUALIZATIONS = Visualizations.of([SUCCEEDED], next=None, complete=True)

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
ACTIVATIONS_PAGE = activations.ActivationsPage.of([ACTIVATIONS], next=None, complete=True)

_MAPS_KEY = "fm1_" + "3f" * 32
_MAPS_SPEC = MapsSpec(model=_SPEC.model, photo=_ACTIVATIONS_SPEC.photo, layer="conv4", size=(96, 96))
_MAPS_RECORD = _QUEUED.model_copy(update={"spec": _MAPS_SPEC, "steps": 1})
MAPS = maps.finished(
    Result(
        key=_MAPS_KEY,
        spec=_MAPS_SPEC,
        numbers={
            "channels": 96,
            "height": 24,
            "width": 24,
            "values": {
                "activation": {"minimum": 0.0, "maximum": 5.3},
                "preactivation": {"minimum": -6.1, "maximum": 5.3},
            },
            "tokens": None,
            "attention": None,
            "seconds": 0.1,
            "device": "cpu",
            "precision": "float32",
        },
        created=_CREATED,
        started=_CREATED,
        finished=_CREATED + timedelta(seconds=1),
        images=(),
        files=(File(name="maps.safetensors", media_type="application/octet-stream", bytes=444_712, sha256="7a" * 32),),
    )
)
MAPS_QUEUED = maps.underway(_MAPS_KEY, Ticket(_MAPS_RECORD, position=1))
MAPS_CANCELLING = maps.underway(
    _MAPS_KEY, Ticket(_MAPS_RECORD.model_copy(update={"status": "cancelling", "askers": 0}))
)

MAPS_PAGE = maps.MapsPage.of([MAPS], next=None, complete=True)

MAP_NUMBERS = MapNumbers(
    layer="conv4",
    channel=7,
    value="activation",
    height=2,
    width=3,
    minimum=0.0,
    maximum=1.5,
    rows=[[0.0, 0.5, 1.5], [0.0, 0.0, 0.25]],
)
ATTENTION_NUMBERS = MapNumbers(
    layer="encoder.layers.encoder_layer_3",
    channel=2,
    value="attention",
    height=1,
    width=2,
    minimum=0.125,
    maximum=0.5,
    rows=[[0.5, 0.125]],
    first=[0.375],
)
TOP_UNITS = TopUnits(layer="conv4", value="activation", by="maximum", channels=[31, 7], values=[4.2, 3.9])
POSITIONS = Positions(
    key=_ACTIVATIONS_KEY,
    model=_SPEC.model,
    x=40,
    y=12,
    width=96,
    height=96,
    layers=[
        Here(
            layer="conv6",
            kind="spatial",
            value="activation",
            x=5,
            y=1,
            token=None,
            cell=[40.0, 8.0, 48.0, 16.0],
            receptive_field=[11.0, -21.0, 70.0, 38.0],
            units=[UnitHere(channel=31, value=2.5)],
            request=VisualizationSpec(
                model=_SPEC.model,
                layer="conv6",
                objective=DirectionObjective(type="direction", vector=[0.0, 2.5, 0.25], power=1.0),
            ),
            attribution=attribution_samples.SPEC,
        )
    ],
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
