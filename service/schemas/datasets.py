"""What the API shows of data sets."""

from __future__ import annotations

from pydantic import BaseModel

from featurelens.jobs.catalog.dataset_entry import DatasetSummary


class Datasets(BaseModel):
    """The data sets that networks can be scanned over, by name."""

    datasets: list[DatasetSummary]
