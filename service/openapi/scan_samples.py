"""Samples of answers about scans, made by the code that makes the answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

from featurelens.jobs import addresses
from featurelens.jobs.queue.record import Record
from featurelens.jobs.queue.ticket import Ticket
from featurelens.jobs.spec.base import Sign
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.result import Result
from featurelens.service.openapi import samples, unit_samples
from featurelens.service.schemas import scan
from featurelens.service.schemas.alike import Alike, Relative
from featurelens.service.schemas.evidence import Bounds, Evidence
from featurelens.service.schemas.examples import LISTS, Examples
from featurelens.service.schemas.scanned_units import Nearest, ScannedUnit, ScannedUnits
from featurelens.service.schemas.spectrum import AskedFor, OptimizedPicture, ScanOfUnit, Spectrum

_KEY = "fs1_" + "3f" * 32
_CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_SPEC = ScanSpec(
    model="bundled:patternnet@sha256-333ce1050aa7",
    dataset="patterns",
    layers=["conv6"],
    size=(128, 128),
    identity="sha256:" + "0" * 64,
    images=1080,
)
_RECORD = Record(
    status="queued", attempt="0" * 32, spec=_SPEC, digest="sha256:" + "0" * 64, created=_CREATED, steps=1080
)
_RESULT = Result(
    key=_KEY,
    spec=_SPEC,
    numbers={
        "images": 1079,
        "broken": {"count": 1, "first": [{"image": 17, "reason": "no image that can be read"}]},
        "layers": [{"name": "conv6", "channels": 160, "height": 16, "width": 16, "preactivation": True}],
        "seconds": 9.5,
        "device": "cpu",
        "precision": "float32",
    },
    created=_CREATED,
    started=_CREATED,
    finished=_CREATED + timedelta(seconds=10),
    images=(),
)
SCAN = scan.finished(_RESULT)
QUEUED = scan.underway(_KEY, Ticket(_RECORD, position=1))
CANCELLING = scan.underway(_KEY, Ticket(_RECORD.model_copy(update={"status": "cancelling", "askers": 0})))
PAGE = scan.ScansPage.of([SCAN], next=None, complete=True)

UNITS = ScannedUnits(
    layer="conv6",
    units=[
        ScannedUnit(
            channel=2,
            active=0.4,
            strongest=4.2,
            maximum=0.8,
            spread=0.5,
            purity=0.38,
            label="stripes 45",
            nearest=Nearest(channel=31, correlation=0.958114),
            standing=None,
            examples=addresses.examples(_SPEC.model, "conv6", 2),
        )
    ],
    total=160,
)

_HISTOGRAM = {"low": -1.0, "width": 0.25, "counts": [979, 100], "smallest": -0.9, "largest": -0.6}
_STATISTICS = {"mean": -0.8, "spread": 0.1, "histogram": _HISTOGRAM}
_EXAMPLE = {"image": 43, "label": "stripes 45", "value": -0.6, "x": 7, "y": 3, "shown": True}
EXAMPLES = Examples.of(
    _RESULT,
    {
        "layer": "conv6",
        "channel": 2,
        "images": 1079,
        "active": 0.0,
        "maximum": _STATISTICS,
        "mean": _STATISTICS,
        "mean_after": {"low": 0.0, "width": 0.25, "counts": [1079], "smallest": 0.0, "largest": 0.125},
        "labels": [{"label": "stripes 45", "images": 38, "of": 100}],
        "middle": "zero",
        **{name: [] if name in {"above", "likeliest"} else [_EXAMPLE] for name in LISTS},
    },
    current=True,
    same=True,
    crops=True,
)

ALIKE = Alike(
    **EXAMPLES.model_dump(include={"model", "layer", "channel", "dataset", "scan", "current", "same_network"}),
    preactivation=True,
    images=1079,
    sampled=512,
    alike=[
        Relative(
            channel=31,
            correlation=0.958114,
            error=0.004216,
            active=0.35,
            strongest=EXAMPLES.strongest[0],
            positive=unit_samples.LAYER_UNITS.units[0].positive,
            unit=addresses.unit(_SPEC.model, "conv6", 31),
            alike=addresses.alike(_SPEC.model, "conv6", 31),
        )
    ],
    opposite=[],
    again=None,
    links=EXAMPLES.links,
)
_PICTURE = samples.SUCCEEDED
_ASKED: dict[Sign, VisualizationSpec] = {
    sign: VisualizationSpec(model=_SPEC.model, layer="conv6", channel=2, sign=sign) for sign in get_args(Sign)
}
_EVIDENCE = Evidence(
    dataset="patterns",
    scan=_KEY,
    images=1079,
    compared="mean after ReLU",
    activation=8.21,
    best=Bounds(least=4.2, most=4.2),
    ratio=Bounds(least=1.95, most=1.95),
    percentile=Bounds(least=100.0, most=100.0),
)
SPECTRUM = Spectrum.of(
    OptimizedPicture.of("negative", "fv1_" + "4e" * 32, None, None),
    OptimizedPicture.of("positive", _PICTURE.key, _PICTURE, [_EVIDENCE]),
    _ASKED,
    EXAMPLES,
    ScanOfUnit(key=_KEY, status="succeeded", url=addresses.scan(_KEY)),
    ScanSpec(model=_SPEC.model, dataset="patterns", layers=["conv6"]),
)
ASKED_FOR = AskedFor(sweep=samples.SWEEP, scan=None, links={"spectrum": addresses.spectrum(_SPEC.model, "conv6", 2)})
NOTHING_MISSING = ASKED_FOR.model_copy(update={"sweep": None})
