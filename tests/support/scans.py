"""A scan to ask a service for, and to finish as a worker would."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from PIL import Image
from redis import Redis

from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.records import Records
from featurelens.jobs.store.file_store import FileStore
from featurelens.jobs.store.pack import THUMBNAILS, UNITS, packed
from featurelens.jobs.store.result import File, describe
from tests.support.photographs import corners

LAYER, CHANNELS = "conv2", 16
"""Of the network of `tests.support.catalog`: its feature maps are 24 wide and 16 high, its pictures 96 and 64."""
SHOWN = (3, 7)
"""Images that are kept."""
TABLE = b"PAR1 not really"
NUMBERS: dict[str, Any] = {
    "images": 39,
    "broken": {"count": 1, "first": [{"image": 5, "reason": "no image that can be read"}]},
    "layers": [
        {"name": "conv1", "channels": 8, "height": 32, "width": 48, "preactivation": False},
        {"name": LAYER, "channels": CHANNELS, "height": 16, "width": 24, "preactivation": True},
    ],
    "device": "cpu",
    "seconds": 0.25,
}

RELATIVES: dict[str, Any] = {
    "alike": [
        {"channel": 4, "correlation": 0.96, "error": 0.0},
        {"channel": 1, "correlation": 0.25, "error": 0.0},
    ],
    "opposite": [{"channel": 7, "correlation": -0.5, "error": 0.0}],
}
"""Of the unit 3 of each layer."""


def told(layer: str, channel: int) -> dict[str, Any]:
    """What the scan says of a unit."""
    bars = {"low": 0.0, "width": 0.5, "counts": [30, 9], "smallest": 0.0, "largest": 0.75}
    numbers = {"mean": 0.25, "spread": 0.125, "histogram": bars}
    examples = [
        {"image": image, "label": "cat", "value": 0.75, "x": 23, "y": 15, "shown": image in SHOWN} for image in (3, 4)
    ]
    return {
        "layer": layer,
        "channel": channel,
        "images": 39,
        "active": 0.5,
        "maximum": numbers,
        "mean": numbers,
        "labels": [{"label": "cat", "images": 25, "of": 39}],
        "middle": "median",
        **dict.fromkeys(("strongest", "weakest", "above", "below"), examples),
        "strongest_mean": [{**examples[0], "x": None, "y": None}],
        "likeliest": [],
        "sampled": 39,
        **(RELATIVES if channel == 3 else {"alike": [], "opposite": []}),
    }


def webp() -> bytes:
    """Of `corners`, as large as the network's pictures."""
    file = io.BytesIO()
    corners().resize((96, 64), Image.Resampling.NEAREST).save(file, "WEBP", lossless=True)
    return file.getvalue()


def told_before(layer: str, channel: int) -> dict[str, Any]:
    """The same, when it was not kept yet which units answer alike."""
    return {name: value for name, value in told(layer, channel).items() if name not in {"sampled", *RELATIVES}}


def finish(redis: Redis, store: FileStore, key: str, told: Callable[[str, int], dict[str, Any]] = told) -> None:
    """As a worker would."""
    records, ticket = Records(redis), JobQueue(redis).find(key)
    assert ticket is not None
    attempt = ticket.record.attempt
    assert records.start(key, attempt, "x")
    assert records.commit(key, attempt, "x")
    units = [told(layer["name"], channel) for layer in NUMBERS["layers"] for channel in range(layer["channels"])]
    lines = [json.dumps(unit).encode() + b"\n" for unit in units]
    contents = {"units.parquet": TABLE}
    contents |= zip(UNITS, packed(enumerate(lines)), strict=True)
    contents |= zip(THUMBNAILS, packed((image, webp()) for image in SHOWN), strict=True)
    files = tuple(
        File(name=name, media_type="x/y", bytes=len(one), sha256=hashlib.sha256(one).hexdigest())
        for name, one in contents.items()
    )
    found = describe(key, ticket.record.spec, NUMBERS, datetime.now(UTC)).model_copy(update={"files": files})
    store.put(found, [], list(contents.values()))
    assert records.succeed(key, attempt, "x")
