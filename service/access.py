"""Who may ask for what, and how often: the one dependency in front of every endpoint under /v1."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from service.api_keys import ApiKey, Scope
from service.parts import Parts, PartsHere

_BEARER = HTTPBearer(auto_error=False, bearerFormat="fl_...", description="`python -m service.keys create` makes one")
_CHALLENGE = 'Bearer realm="featurelens"'


async def admit(
    request: Request,
    response: Response,
    parts: PartsHere,
    sent: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> None:
    """401 without a valid key where keys are asked for, 403 with one that may not, 429 beyond the quota.

    Looking is free of the quota; what makes work is not.
    """
    scope = _needed(request)
    key = await run_in_threadpool(_identify, parts, sent, scope) if parts.settings.auth_required else None
    client = key.id if key else (request.client.host if request.client else "unknown")
    structlog.contextvars.bind_contextvars(client=client)
    if scope == "read" or parts.quota is None:
        return
    allowance = await run_in_threadpool(parts.quota.take, client)
    headers = parts.quota.headers(allowance)
    if not allowance.allowed:
        raise HTTPException(429, f"at most {parts.quota.quota} requests in {parts.quota.window:.0f} s", headers)
    response.headers.update(headers)


def _needed(request: Request) -> Scope:
    if request.method in {"GET", "HEAD"}:
        return "read"
    return "admin" if request.method == "DELETE" and request.url.path.endswith("/image") else "render"


def _identify(parts: Parts, sent: HTTPAuthorizationCredentials | None, scope: Scope) -> ApiKey:
    if sent is None:
        raise HTTPException(401, "send an API key: Authorization: Bearer fl_...", {"WWW-Authenticate": _CHALLENGE})
    key = parts.api_keys.find(sent.credentials)
    if key is None:
        challenge = f'{_CHALLENGE}, error="invalid_token"'
        raise HTTPException(401, "this API key is not known, or has been revoked", {"WWW-Authenticate": challenge})
    if not key.may(scope):
        challenge = f'{_CHALLENGE}, error="insufficient_scope", scope="{scope}"'
        detail = f"this API key has the scope {key.scope}, and this needs {scope}"
        raise HTTPException(403, detail, {"WWW-Authenticate": challenge})
    return key


Admitted = Depends(admit)
