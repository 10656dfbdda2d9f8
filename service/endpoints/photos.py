"""Photographs that caricatures, inversions and accentuations work on."""

from __future__ import annotations

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Path, Request, Response
from starlette.exceptions import HTTPException

from featurelens.jobs import addresses
from featurelens.jobs.errors import NotFound, UnknownPhoto
from featurelens.jobs.store.photo_decoding import FORMATS
from featurelens.service.auth.access import needs
from featurelens.service.auth.metering import Counted
from featurelens.service.dependencies import Deps
from featurelens.service.openapi import answers, samples
from featurelens.service.openapi.answers import BYTES, GUARDED, answer, problems
from featurelens.service.openapi.headers import QUOTA
from featurelens.service.openapi.links import from_photo
from featurelens.service.responses import IfNoneMatch, conditional
from featurelens.service.schemas import address
from featurelens.service.schemas.photo import Photo

MEDIA_TYPES = tuple(f"image/{name.lower()}" for name in FORMATS)

router = APIRouter(tags=["photos"], responses=GUARDED)


@router.post(
    addresses.PHOTOS,
    status_code=201,
    dependencies=[needs("render"), Counted],
    summary="Upload a photograph",
    openapi_extra={"requestBody": {"required": True, "content": dict.fromkeys(MEDIA_TYPES, BYTES)}},
    responses={
        **answer(201, samples.PHOTO, links=from_photo(), headers=("Location", *QUOTA)),
        **problems(408, 413, 415, 422, 429, 507),
    },
)
async def upload(request: Request, response: Response, deps: Deps) -> Photo:
    """The bytes of one picture as the body, at most 8 MiB unless the operator allows others.

    The same photograph gets the same name. One that nobody uses may be gone after a while: then it is uploaded again.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in MEDIA_TYPES:
        raise HTTPException(415, f"send the photograph as one of {', '.join(MEDIA_TYPES)}")
    body = await request.body()
    await to_thread.run_sync(deps.limits.check_disk, deps.settings.photos_folder)
    photo = Photo.of(await to_thread.run_sync(deps.photos.add, body, limiter=deps.decoding.turns))
    response.headers["Location"] = address.shown(photo.url)
    return photo


@router.get(
    addresses.photo("{photo}"),
    dependencies=[needs("read")],
    summary="An uploaded photograph",
    response_class=Response,
    responses={**answers.conditional("the PNG", "image/png"), **problems(404, 422)},
)
def show(
    photo: Annotated[
        str, Path(max_length=100, description="sha256: and 64 hex digits", examples=["sha256:" + "0" * 64])
    ],
    deps: Deps,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """As it is kept: what the network gets to see, before it is cut to the size of the picture."""
    try:
        png = deps.photos.get(photo)
    except UnknownPhoto as error:
        raise NotFound(error.detail) from error
    digest = photo.removeprefix("sha256:")
    return conditional(png, digest, "image/png", if_none_match, private=deps.settings.auth_required)
