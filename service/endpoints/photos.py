"""Photographs that caricatures, inversions and accentuations work on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from featurelens.jobs.errors import NotFound, UnknownPhoto
from featurelens.jobs.store.photos import FORMATS
from featurelens.service.auth.access import Counted
from featurelens.service.dependencies import Deps
from featurelens.service.endpoints.images import served
from featurelens.service.problems import declare

PATH = "/v1/photos"
MEDIA_TYPES = tuple(f"image/{name.lower()}" for name in FORMATS)

router = APIRouter(prefix=PATH, tags=["photos"])


class Photo(BaseModel):
    """An uploaded photograph, kept as PNG of at most 1024 pixels on either side, without its metadata."""

    photo: str = Field(description="its name in objectives: sha256 of what is kept", examples=["sha256:" + "0" * 64])
    url: str


@router.post(
    "",
    status_code=201,
    dependencies=[Counted],
    summary="Upload a photograph",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES},
        }
    },
    responses=declare(408, 413, 415, 422, 429, 507),
)
async def upload(request: Request, response: Response, deps: Deps) -> Photo:
    """The bytes of one picture as the body, at most 8 MiB unless the operator allows others.

    The same photograph gets the same name. One that nobody uses may be gone after a while: then it is uploaded again.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in MEDIA_TYPES:
        raise HTTPException(415, f"send the photograph as one of {', '.join(MEDIA_TYPES)}")
    body = await request.body()
    deps.limits.check_disk()
    digest = await run_in_threadpool(deps.photos.add, body)
    url = f"{PATH}/{digest}"
    response.headers["Location"] = url
    return Photo(photo=digest, url=url)


@router.get(
    "/{photo}",
    summary="An uploaded photograph",
    response_class=Response,
    responses={
        200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}, "description": "the PNG"},
        304: {"description": "you have it"},
        **declare(404, 422),
    },
)
def show(
    photo: Annotated[str, Path(max_length=100, description="sha256: and 64 hex digits")],
    deps: Deps,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """As it is kept: what the network gets to see, before it is cut to the size of the picture."""
    try:
        png = deps.photos.get(photo)
    except UnknownPhoto as error:
        raise NotFound(error.detail) from error
    return served(png, photo.removeprefix("sha256:"), "image/png", if_none_match, private=deps.settings.auth_required)
