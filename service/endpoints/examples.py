"""What raises a unit among the images of a data set."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from featurelens.jobs import addresses
from featurelens.service import scan_results
from featurelens.service.auth.access import needs
from featurelens.service.dependencies import Deps
from featurelens.service.described import Channel, Known, LayerName
from featurelens.service.names_in_paths import LAYER, MODEL
from featurelens.service.openapi import scan_samples
from featurelens.service.openapi.answers import GUARDED, answer, problems
from featurelens.service.schemas.examples import Examples

router = APIRouter(tags=["scans"], responses=GUARDED)


@router.get(
    addresses.examples(MODEL, LAYER, "{n}"),
    dependencies=[needs("read")],
    summary="Dataset examples of a unit",
    responses={**answer(200, scan_samples.EXAMPLES), **problems(404, 422, 503)},
)
def show_examples(
    known: Known,
    layer: LayerName,
    n: Channel,
    deps: Deps,
    dataset: Annotated[str | None, Query(max_length=100, description="default: any that was scanned")] = None,
) -> Examples:
    """The images that raise it most and least, that lie around zero or the median, and how all of them are distributed:
    from the latest finished scan of this layer. 404 tells what to POST where there is none.
    """
    return scan_results.examples(deps, known.entry, known.unit(layer, n), n, dataset)
