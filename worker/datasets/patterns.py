"""The data set that comes with Featurelens: patternnet's own patterns, drawn as they are asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from torchvision.transforms.v2.functional import to_pil_image

from featurelens.jobs.catalog.dataset_entry import DatasetEntry, Label
from featurelens.worker.models.patternnet.patterns import LABELS, images

NAME = "patterns"
EACH = 40
"""Images of a class."""
SIDE = 128
"""Pixels, as patternnet's own size."""
_SEED = 1 << 40
"""Of image 0, and one more for each: none of these was trained on."""
_EDITION = "1"
"""Raise it when the same numbers would be drawn as other images."""


@dataclass(frozen=True)
class PatternReference:
    """An image that is drawn anew each time, always the same."""

    image: int

    def open(self) -> Image.Image:
        """Draws it."""
        generator = torch.Generator().manual_seed(_SEED + self.image)
        drawn = images(torch.tensor([self.image // EACH]), SIDE, SIDE, generator)[0]
        picture: Image.Image = to_pil_image((drawn * 255).round().to(torch.uint8))
        return picture


class Patterns:
    """`EACH` images of every class, class by class."""

    def __init__(self) -> None:
        content = f"{NAME} {_EDITION} {_SEED} {EACH} {SIDE} {'|'.join(LABELS)}"
        self.entry = DatasetEntry(
            name=NAME,
            source="bundled",
            identity=f"sha256:{hashlib.sha256(content.encode()).hexdigest()}",
            images=len(self),
            label_count=len(LABELS),
            labels=tuple(Label(name=label, images=EACH) for label in LABELS),
            description="the patterns that patternnet tells apart, drawn anew: what each image shows is known",
        )

    @property
    def labels(self) -> Sequence[str]:
        return [label for label in LABELS for _ in range(EACH)]

    def __len__(self) -> int:
        return EACH * len(LABELS)

    def reference(self, image: int) -> PatternReference:
        return PatternReference(image)

    def name(self, image: int) -> str:
        return f"{self.labels[image]} {image % EACH}"
