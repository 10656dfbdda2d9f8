"""Tokens for browsers: a caller who may read may let others read one visualization, for a while."""

from __future__ import annotations

from fastapi import APIRouter, Response

from featurelens.jobs import addresses
from featurelens.service import job_requests
from featurelens.service.auth.access import Identified, needs
from featurelens.service.dependencies import Deps, Key
from featurelens.service.openapi import samples
from featurelens.service.openapi.answers import GUARDED, answer, problems
from featurelens.service.schemas.token import Token

router = APIRouter(tags=["visualizations"], responses=GUARDED)


@router.get(
    addresses.token("{key}"),
    dependencies=[needs("read")],
    summary="A token that opens it in a browser",
    responses={**answer(200, samples.TOKEN), **problems(404)},
)
def token(key: Key, deps: Deps, caller: Identified, response: Response) -> Token:
    """For `EventSource` and `<img>`, which cannot send an API key. For a quarter of an hour, to look at this one."""
    return job_requests.opened(deps, key, caller, response)
