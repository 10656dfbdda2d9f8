"""Results that describe their images and files truly."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.result import File, Image, Result, describe

KEY = "fv1_" + "a" * 64
SPEC = VisualizationSpec(model="m", layer="l", channel=1, size=(64, 64))
NUMBERS: dict[str, Any] = {"activation": 1.25, "name": "é"}
IMAGES = (b"first picture", b"second picture")
FILES = {"maps.safetensors": bytes(range(256)) * 3, "table.parquet": b""}


def result(
    images: Sequence[bytes] = IMAGES,
    key: str = KEY,
    spec: VisualizationSpec = SPEC,
    numbers: dict[str, Any] = NUMBERS,
    files: Mapping[str, bytes] | None = None,
) -> Result:
    """Finished now; `images` are as large as the specification says; `files` by name."""
    assert spec.size is not None
    height, width = spec.size
    known = [Image(width=width, height=height, bytes=len(i), sha256=hashlib.sha256(i).hexdigest()) for i in images]
    kept = [
        File(name=name, media_type="x/y", bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
        for name, content in (files or {}).items()
    ]
    changes = {"images": tuple(known), "files": tuple(kept)}
    return describe(key, spec, numbers, datetime.now(UTC)).model_copy(update=changes)
