"""A data set as the catalog knows it, and nobody who has its images."""

from __future__ import annotations

from featurelens.jobs.catalog.dataset_entry import DatasetEntry, Label

ENTRY = DatasetEntry(
    name="tinyimages",
    source="local",
    identity="sha256:" + "5" * 64,
    images=40,
    broken=1,
    label_count=2,
    labels=(Label(name="cat", images=25), Label(name="dog", images=14)),
)
