"""The photograph of a job: uploaded before, or a picture that the service has made itself."""

from __future__ import annotations

from anyio import to_thread
from starlette.concurrency import run_in_threadpool

from featurelens.jobs.errors import UnknownPhoto
from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.kinds.base import Kind, Spec
from featurelens.service.dependencies import Dependencies


async def with_photograph(deps: Dependencies, kind: Kind[Spec], spec: Spec) -> Spec:
    """`spec` with its photograph claimed (`Photos.claim`), where it has one.

    A picture that it names by key is kept as if it had been uploaded, so that the key of the job is that of the pixels.
    Raises `UnknownPhoto` for what is not there.
    """
    photo = kind.photo(spec)
    if photo is None:
        return spec
    if photo.startswith(VISUALIZATION.prefix):
        found = await run_in_threadpool(deps.store.image, photo)
        if found is None:
            raise UnknownPhoto.at(kind.photo_pointer, f"there is no finished picture {photo}")
        photo = await to_thread.run_sync(deps.photos.add, found[0], limiter=deps.decoding.turns)
        spec = kind.shown(spec, photo)
    await run_in_threadpool(deps.photos.claim, photo, kind.photo_pointer)
    return spec
