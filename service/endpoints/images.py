"""The pictures themselves: as they were made, smaller, or gone."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response

from featurelens.jobs.errors import NotFound
from featurelens.service.dependencies import Deps, Key
from featurelens.service.endpoints.tokens import Opened
from featurelens.service.problems import declare
from featurelens.service.schemas.visualization import address
from featurelens.service.thumbnails import Format, Width

router = APIRouter(prefix="/v1/visualizations", tags=["visualizations"])

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/png": _BINARY, "image/webp": _BINARY}, "description": "the picture"},
    304: {"description": "you have it"},
}


@router.get(
    "/{key}/image",
    summary="The picture",
    response_class=Response,
    dependencies=[Opened],
    responses={**_PICTURE, **declare(404, 422)},
)
def image(
    key: Key,
    deps: Deps,
    index: Annotated[int, Query(ge=0, le=10_000, description="which picture, when a result has several")] = 0,
    width: Annotated[Width | None, Query(description="pixels; pictures are never enlarged", examples=[192])] = None,
    format: Annotated[Format, Query(description="png alone is the picture exactly as it was made")] = "png",
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """PNG with the full specification and the numbers in its text chunk `featurelens`, or a thumbnail without.

    Neither ever changes, so that both may be kept for ever.
    """
    found = deps.store.image(key, index)
    if found is None:
        raise NotFound(f"no finished picture here; how far it is: {address(key)}")
    if width is not None or format != "png":
        found = deps.thumbnails.get(*found, width, format)
    return served(*found, f"image/{format}", if_none_match, private=deps.settings.auth_required)


@router.delete("/{key}/image", status_code=204, summary="Delete a finished picture", responses=declare(404, 503))
def delete(key: Key, deps: Deps) -> None:
    """Out of the store, for everybody; asked for again, it is made anew. Copies that others keep stay."""
    if not deps.store.delete(key):
        raise NotFound(f"no finished picture here; how far it is: {address(key)}")
    deps.index.forget(key)


def served(
    body: bytes,
    digest: str,
    media_type: str,
    if_none_match: str | None,
    *,
    lasting: bool = True,
    private: bool = False,
) -> Response:
    """A picture, or 304 where the client has it already.

    `lasting`: what is under this address never changes. `private`: keys are asked for, so that no cache on the way may
    give it to others.
    """
    keep = f"{'private' if private else 'public'}, max-age=31536000, immutable" if lasting else "no-cache"
    headers = {"Cache-Control": keep, "X-Content-Type-Options": "nosniff", "ETag": f'"{digest}"'}
    if if_none_match is not None and _matches(if_none_match, digest):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def _matches(if_none_match: str, digest: str) -> bool:
    """If-None-Match compares weakly: a W/ in front does not matter."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or f'"{digest}"' in tags
