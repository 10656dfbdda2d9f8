"""The data sets that networks can be scanned over."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from featurelens.jobs import addresses
from featurelens.jobs.catalog.dataset_entry import DatasetEntry
from featurelens.jobs.errors import NotFound, UnknownDataset
from featurelens.service.auth.access import needs
from featurelens.service.dependencies import Deps
from featurelens.service.openapi import samples
from featurelens.service.openapi.answers import GUARDED, answer, problems
from featurelens.service.schemas.datasets import Datasets

router = APIRouter(tags=["datasets"], responses=GUARDED)


@router.get(
    addresses.DATASETS,
    dependencies=[needs("read")],
    summary="The data sets",
    responses={**answer(200, samples.DATASETS), **problems(503)},
)
def list_datasets(deps: Deps) -> Datasets:
    """The bundled patterns, and the operator's folders of images. A change is noticed within seconds."""
    return Datasets(datasets=deps.catalog.datasets.all())


@router.get(
    addresses.dataset("{name}"),
    dependencies=[needs("read")],
    summary="One data set",
    responses={**answer(200, samples.DATASET), **problems(404, 422, 503)},
)
def show_dataset(
    name: Annotated[str, Path(max_length=100, description="from the list", examples=["patterns"])], deps: Deps
) -> DatasetEntry:
    """How many images it has, with which labels, and the identity that a scan of it is bound to."""
    try:
        return deps.catalog.datasets.named(name)
    except UnknownDataset as error:
        raise NotFound(error.detail) from error
