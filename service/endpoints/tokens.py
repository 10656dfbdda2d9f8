"""Tokens for browsers: whoever may look may also hand out a look at one picture, for a while."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from featurelens.service.dependencies import Deps, Key
from featurelens.service.problems import declare

router = APIRouter(prefix="/v1/visualizations", tags=["visualizations"])


class Token(BaseModel):
    """Opens `events`, `preview` and `image` of one visualization as `?token=...`."""

    token: str = Field(examples=["3f9c0a7b1d22.1767323945." + "5a" * 32])
    expires: datetime


@router.get("/{key}/token", summary="A token that opens it in a browser", responses=declare(404))
def token(key: Key, deps: Deps, request: Request, response: Response) -> Token:
    """For `EventSource` and `<img>`, which cannot send an API key. For a quarter of an hour, to look at this one."""
    made, expires = deps.signed_urls.issue(key, request.state.key_id)
    response.headers["Cache-Control"] = "no-store"
    return Token(token=made, expires=datetime.fromtimestamp(expires, UTC))


def _declared(
    token: Annotated[str | None, Query(description="in place of an API key, from `/token`")] = None,
) -> None:
    """`service.auth.access` looks at it, before anything else."""


Opened = Depends(_declared)
"""Stands on the endpoints that a token opens."""
