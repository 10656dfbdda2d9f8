"""The pictures themselves: as they were made, smaller, or gone."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool

from featurelens.jobs import addresses
from featurelens.jobs.errors import NotFound
from featurelens.jobs.store.result import Result
from featurelens.service.auth.access import needs
from featurelens.service.dependencies import Dependencies, Deps, Key
from featurelens.service.openapi import answers
from featurelens.service.openapi.answers import GUARDED, problems
from featurelens.service.responses import IfNoneMatch, conditional
from featurelens.service.thumbnails import Format, Width, thumbnail_name

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
    index: Annotated[int, Query(ge=0, le=10_000, description="which picture, when a result has several")] = 0,
    width: Annotated[Width | None, Query(description="pixels; pictures are never enlarged", examples=[192])] = None,
    format: Annotated[Format, Query(description="png alone is the picture exactly as it was made")] = "png",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """PNG with key, full specification and weights in its text chunk `featurelens`, or a thumbnail without.

    Neither ever changes, so that both may be kept for ever. What was measured is in `numbers` of the visualization.
    """
    found, name = await run_in_threadpool(_found, deps, key, index, width, format)
    if name is not None:
        found = await deps.making.get(name, partial(deps.thumbnails.get, *found, width, format))
    return conditional(*found, f"image/{format}", if_none_match, private=deps.settings.auth_required)


def _found(
    deps: Dependencies, key: str, index: int, width: Width | None, format: Format
) -> tuple[tuple[bytes, str], str | None]:
    """What is asked for; or the picture as it was made, and the name of its thumbnail, which is to be made of it."""
    found = deps.store.image(key, index)
    if found is None:
        raise _missing(key, deps.store.get(key), index)
    if width is None and format == "png":
        return found, None
    name = thumbnail_name(found[1], width, format)
    made = deps.thumbnails.made(name)
    return (found, name) if made is None else (made, None)


@router.delete(
    addresses.image("{key}"),
    status_code=204,
    dependencies=[needs("admin")],
    summary="Delete a finished picture",
    responses=problems(404, 503),
)
def delete(key: Key, deps: Deps) -> None:
    """Out of the store, for everybody; asked for again, it is made anew. Copies that others keep stay."""
    if not deps.store.delete(key):
        raise _missing(key)
    deps.index.forget(key)


def _missing(key: str, result: Result | None = None, index: int = 0) -> NotFound:
    """`result`: what is in the store under `key`, where there is no picture `index`."""
    count = 0 if result is None else len(result.images)
    if index < count or not count:
        return NotFound(f"no finished picture here; how far it is: {addresses.visualization(key)}")
    shown = "1 picture" if count == 1 else f"{count - 1} pictures and a sheet of them"
    return NotFound(f"there is no index {index}: this result has {shown}, indices 0 to {count - 1}")
