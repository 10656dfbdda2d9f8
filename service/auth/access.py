"""Who may ask for what, and how often: the one dependency in front of every endpoint under /v1."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from featurelens.jobs.errors import Fault, TooExpensive
from featurelens.service.auth.api_keys import Scope
from featurelens.service.auth.quota import Quota
from featurelens.service.dependencies import Dependencies, Deps

_BEARER = HTTPBearer(
    auto_error=False, bearerFormat="fl_...", description="`python -m featurelens.service.keys create` makes one"
)
OPENED = ("/events", "/preview", "/image")
"""What a token opens, of the visualization that it is for: nothing else, and no further token."""

_CHALLENGE = 'Bearer realm="featurelens"'


async def admit(
    request: Request,
    deps: Deps,
    sent: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> None:
    """401 without a valid key where keys are asked for, 403 with one that may not."""
    request.state.key_id = "anybody"
    client = request.client.host if request.client else "unknown"
    if deps.settings.auth_required:
        client = request.state.key_id = await run_in_threadpool(_identify, deps, sent, request)
    request.state.client = client
    structlog.contextvars.bind_contextvars(client=client)


def _needed(request: Request) -> Scope:
    if request.method in {"GET", "HEAD"}:
        return "read"
    return "admin" if request.method == "DELETE" and request.url.path.endswith("/image") else "render"


def _identify(deps: Dependencies, sent: HTTPAuthorizationCredentials | None, request: Request) -> str:
    """The id of the API key that was sent, or that the token in the address was made with."""
    scope = _needed(request)
    if sent is None and request.method in {"GET", "HEAD"} and request.url.path.endswith(OPENED):
        id = deps.signed_urls.client(request.query_params.get("token", ""), request.path_params.get("key", ""))
        if id is not None and deps.api_keys.known(id):
            return id
    if sent is None:
        raise HTTPException(401, "send an API key: Authorization: Bearer fl_...", {"WWW-Authenticate": _CHALLENGE})
    key = deps.api_keys.find(sent.credentials)
    if key is None:
        challenge = f'{_CHALLENGE}, error="invalid_token"'
        raise HTTPException(401, "this API key is not known, or has been revoked", {"WWW-Authenticate": challenge})
    if not key.may(scope):
        challenge = f'{_CHALLENGE}, error="insufficient_scope", scope="{scope}"'
        detail = f"this API key has the scope {key.scope}, and this needs {scope}"
        raise HTTPException(403, detail, {"WWW-Authenticate": challenge})
    return key.id


async def count(request: Request, response: Response, deps: Deps) -> None:
    """Takes one request from the client's quota: asking costs, looking and stopping do not. 429 beyond it."""
    if deps.quota is not None:
        response.headers.update(await run_in_threadpool(charge, deps.quota, request.state.client))


def charge(quota: Quota, client: str, pictures: int = 1) -> dict[str, str]:
    """The headers that say what is left. 429 when it is too little for all of `pictures`, 422 when it always is."""
    if pictures > quota.quota:
        detail = f"{pictures} pictures count as {pictures} requests, and {quota.quota} are the most at once here"
        raise TooExpensive(detail, (Fault("", detail),))
    allowance = quota.take(client, pictures)
    headers = quota.headers(allowance)
    if not allowance.allowed:
        asked = f"; {pictures} pictures count as {pictures}, and {allowance.left} are left" if pictures > 1 else ""
        raise HTTPException(429, f"at most {quota.quota} requests in {quota.window:.0f} s{asked}", headers)
    return headers


Admitted = Depends(admit)
Counted = Depends(count)
