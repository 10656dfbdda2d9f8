"""The pictures themselves: as they were made, or smaller."""

from __future__ import annotations

from fastapi import APIRouter, Response

from featurelens.jobs import addresses
from featurelens.service.auth.access import needs
from featurelens.service.dependencies import Deps, Key
from featurelens.service.openapi import answers
from featurelens.service.openapi.answers import GUARDED, problems
from featurelens.service.responses import IfNoneMatch
from featurelens.service.stored_images import ImageFormat, ImageIndex, ImageWidth, image_of

router = APIRouter(tags=["visualizations"], responses=GUARDED)


@router.get(
    addresses.image("{key}"),
    dependencies=[needs("read", or_token=True)],
    summary="The picture",
    response_class=Response,
    responses={**answers.conditional("the picture", "image/png", "image/webp"), **problems(404, 422)},
)
async def image(
    key: Key,
    deps: Deps,
    index: ImageIndex = 0,
    width: ImageWidth = None,
    format: ImageFormat = "png",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """PNG with key, full specification and weights in its text chunk `featurelens`, or a thumbnail without.

    Neither ever changes, so that both may be kept for ever. What was measured is in `numbers` of the visualization.
    """
    return await image_of(deps, key, addresses.visualization(key), index, width, format, if_none_match)
