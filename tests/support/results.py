"""Results that describe their images truly."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.result import Image, Result, describe

KEY = "fv1_" + "a" * 64
SPEC = VisualizationSpec(model="m", layer="l", channel=1, size=(64, 64))
NUMBERS: dict[str, Any] = {"activation": 1.25, "name": "é"}
IMAGES = (b"first picture", b"second picture")


def result(
    images: Sequence[bytes] = IMAGES,
    key: str = KEY,
    spec: VisualizationSpec = SPEC,
    numbers: dict[str, Any] = NUMBERS,
) -> Result:
    """Finished now; `images` are as large as the specification says."""
    assert spec.size is not None
    height, width = spec.size
    known = [Image(width=width, height=height, bytes=len(i), sha256=hashlib.sha256(i).hexdigest()) for i in images]
    return describe(key, spec, numbers, datetime.now(UTC)).model_copy(update={"images": tuple(known)})
