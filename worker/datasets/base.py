"""What every data set can do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PIL import Image

from featurelens.jobs.catalog.dataset_entry import DatasetEntry


class Reference(Protocol):
    """One image, by something small that another process can be handed."""

    def open(self) -> Image.Image:
        """The image as it lies in its file. Raises OSError or whatever else a decoder raises for one that is broken."""


class Images(Protocol):
    """The images of a data set, numbered from 0, as they were when it was opened."""

    @property
    def entry(self) -> DatasetEntry: ...

    @property
    def labels(self) -> Sequence[str | None]:
        """Of each image; None where it has none."""

    def __len__(self) -> int: ...

    def reference(self, image: int) -> Reference:
        """Of one image."""

    def name(self, image: int) -> str:
        """What the operator knows it by; for logs, never shown over HTTP."""
