"""Of which photograph and which layer to keep all feature maps."""

from __future__ import annotations

from pydantic import Field

from featurelens.jobs.spec.base import JobSpec, Name, Photograph, Size

MAX_BYTES = 128 << 20
"""Of all maps of a layer: VGG-16's largest take 26 MB at 224 pixels, and pass through memory at once."""


class MapsSpec(JobSpec):
    """All feature maps of one layer for one photograph. `size` as for activations."""

    model: Name = Field(description="a name or alias from /v1/models", examples=["patternnet"])
    photo: Photograph
    layer: Name = Field(description="a name from /v1/models/{model}/layers", examples=["conv4"])
    size: Size | None = Field(None, description="pixels: one number, or [height, width]; default: the network's own")
