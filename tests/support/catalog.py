"""A network as the catalog knows it: three layers, and nobody who could run it."""

from __future__ import annotations

from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry

ENTRY = ModelEntry(
    name="bundled:tinynet@sha256-0123456789ab",
    aliases=("tinynet",),
    source="bundled",
    architecture="tinynet",
    digest="sha256:" + "0" * 64,
    renderer="1",
    downloaded=True,
    input_channels=3,
    input_size=(64, 96),
    min_size=48,
)
LAYERS = [
    LayerEntry(name="conv1", type="Conv2d", kind="spatial", channels=8, height=32, width=48),
    LayerEntry(name="conv2", type="Conv2d", kind="spatial", channels=16, height=16, width=24, rectified=True),
    LayerEntry(name="logits", type="Linear", kind="vector", channels=10),
]
