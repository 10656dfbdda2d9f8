"""The images of a result: as they were made, or smaller."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import Query, Response
from starlette.concurrency import run_in_threadpool

from featurelens.jobs.errors import NotFound
from featurelens.jobs.store.result import Result
from featurelens.service.dependencies import Dependencies
from featurelens.service.responses import conditional
from featurelens.service.thumbnails import Format, Width, thumbnail_name

ImageIndex = Annotated[int, Query(ge=0, le=10_000, description="which picture, when a result has several")]
ImageWidth = Annotated[Width | None, Query(description="pixels; pictures are never enlarged", examples=[192])]
ImageFormat = Annotated[Format, Query(description="png alone is the picture exactly as it was made")]


async def image_of(
    deps: Dependencies,
    key: str,
    address: str,
    index: int,
    width: Width | None,
    format: Format,
    if_none_match: str | None,
) -> Response:
    """The answer; `address` is that of the job. Raises `NotFound`."""
    found, name = await run_in_threadpool(_found, deps, key, address, index, width, format)
    if name is not None:
        found = await deps.making.get(name, partial(deps.thumbnails.get, *found, width, format))
    return conditional(*found, f"image/{format}", if_none_match, private=deps.settings.auth_required)


def _found(
    deps: Dependencies, key: str, address: str, index: int, width: Width | None, format: Format
) -> tuple[tuple[bytes, str], str | None]:
    """What is asked for; or the picture as it was made, and the name of its thumbnail, which is to be made of it."""
    found = deps.store.image(key, index)
    if found is None:
        raise missing(address, deps.store.get(key), index)
    if width is None and format == "png":
        return found, None
    name = thumbnail_name(found[1], width, format)
    made = deps.thumbnails.made(name)
    return (found, name) if made is None else (made, None)


def missing(address: str, result: Result | None = None, index: int = 0) -> NotFound:
    """`result`: what is in the store of the job at `address`, where there is no picture `index`."""
    count = 0 if result is None else len(result.images)
    if index < count or not count:
        return NotFound(f"no finished picture here; how far it is: {address}")
    shown = "1 picture" if count == 1 else f"{count - 1} pictures and a sheet of them"
    return NotFound(f"there is no index {index}: this result has {shown}, indices 0 to {count - 1}")
