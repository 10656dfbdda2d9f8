"""What the catalog says of a data set: images that networks can be scanned over."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from featurelens.jobs.spec.scan import DatasetName, Identity

MAX_LABELS = 10_000
"""Labels that are told by name."""


class DatasetSummary(BaseModel):
    """One data set in a list. Its images are numbered from 0, in the order of their names."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: DatasetName
    source: Literal["bundled", "local"]
    identity: Identity = Field(description="of all images: another one when any has changed")
    images: int
    broken: int = Field(0, description="files among them that do not begin as an image does; a scan leaves them out")
    label_count: int = Field(description="how many labels there are")
    description: str = ""


class Label(BaseModel):
    """A label and how many images have it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    images: int


class DatasetEntry(DatasetSummary):
    """All of it: with its labels, the names of the first folders, in the order of the images."""

    labels: tuple[Label, ...] = Field((), description=f"the first {MAX_LABELS:,}; images outside any folder have none")
