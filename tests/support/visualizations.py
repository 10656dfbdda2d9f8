"""A picture to ask a service for, under its key, and to put into the service's store as if it had been made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.result_store import ResultStore
from tests.support.catalog import ENTRY
from tests.support.results import result

URL = "/v1/visualizations"
BODY: dict[str, Any] = {"model": "tinynet", "layer": "conv2", "channel": 3}
SPEC = VisualizationSpec(model=ENTRY.name, layer="conv2", channel=3, size=ENTRY.input_size).completed()
"""What becomes of `BODY`."""
KEY = VISUALIZATION.key(SPEC, ENTRY.digest, ENTRY.renderer)
PNG = b"\x89PNG picture"


def put(store: ResultStore, images: Sequence[bytes] = (PNG,)) -> None:
    store.put(result(images, KEY, SPEC, {"activation": 2.5}), images)
