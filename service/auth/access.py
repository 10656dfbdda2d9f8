"""Identifies the caller and checks its scope. Each endpoint states what it needs: ``dependencies=[needs("read")]``."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Annotated, Any

import structlog
from fastapi import Depends, Query, Request, Response, params
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from featurelens.service.auth.api_keys import SCOPES, Scope, allows
from featurelens.service.dependencies import Dependencies, Deps

_BEARER = HTTPBearer(
    auto_error=False, bearerFormat="fl_...", description="`python -m featurelens.service.keys create` makes one"
)
_CHALLENGE = 'Bearer realm="featurelens"'

Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
UrlToken = Annotated[str | None, Query(description="in place of an API key, from `/token`")]


@dataclass(frozen=True)
class Caller:
    """Who sent a request. `id`: the public part of the API key, also of the one that a token was made with."""

    id: str
    scope: Scope
    client: str
    """Whom the quota counts and the log names: the id, or the address of the host where no keys are asked for."""
    token: str | None = None
    """By which it may read, in place of a key."""


async def identify(request: Request, deps: Deps, sent: Credentials) -> Caller:
    """The caller by API key, found once a request. Raises 401 without a valid one where keys are asked for."""
    known: Caller | None = getattr(request.state, "caller", None)
    if known is None:
        required = deps.settings.auth_required
        known = await run_in_threadpool(_by_key, deps, sent) if required else _anybody(request)
        request.state.caller = known
    return _logged(known)


async def identify_or_token(request: Request, deps: Deps, sent: Credentials, token: UrlToken = None) -> Caller:
    """The caller by API key or, where none was sent, by a token for the job that the path names. Raises 401."""
    if deps.settings.auth_required and sent is None:
        key = request.path_params["key"]
        by_token = await run_in_threadpool(_by_token, deps, token or "", key)
        if by_token is not None:
            return _logged(by_token)
    return await identify(request, deps, sent)


Identified = Annotated[Caller, Depends(identify)]
IdentifiedOrToken = Annotated[Caller, Depends(identify_or_token)]


@dataclass(frozen=True)
class ScopeCheck:
    """A dependency that refuses with 403 callers whose scope does not include `scope`."""

    scope: Scope

    async def __call__(self, request: Request, sent: Credentials) -> None:
        """Raises 403, after `identify` has raised 401. Called, not depended on: each dependency takes its time."""
        self.check(await identify(request, request.app.state.deps, sent))

    def check(self, caller: Caller) -> None:
        if not allows(caller.scope, self.scope):
            challenge = f'{_CHALLENGE}, error="insufficient_scope", scope="{self.scope}"'
            detail = f"this API key has the scope {caller.scope}, and this needs {self.scope}"
            raise HTTPException(403, detail, {"WWW-Authenticate": challenge})


@dataclass(frozen=True)
class ScopeOrTokenCheck(ScopeCheck):
    """The same, at an endpoint that a token opens."""

    async def __call__(self, request: Request, sent: Credentials, token: UrlToken = None) -> None:
        """Raises 403, after `identify_or_token` has raised 401."""
        self.check(await identify_or_token(request, request.app.state.deps, sent, token))


class GuardedRoute(APIRoute):
    """Finds out who is calling before the body is read: FastAPI would read and parse it first, whoever sends it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, behind the scope that the endpoint states."""
        handle = super().get_route_handler()
        checks = [one.dependency for one in self.dependencies if isinstance(one.dependency, ScopeCheck)]
        if self.body_field is None:
            return handle

        async def guarded(request: Request) -> Response:
            for check in checks:
                check.check(await identify(request, request.app.state.deps, await _BEARER(request)))
            return await handle(request)

        return guarded


def may_read(deps: Dependencies, headers: Mapping[str, str]) -> bool:
    """Whether a request with these headers may look, by its API key, where keys are asked for.

    No token counts here. Reads the file of keys if it has changed; that is short.
    """
    if not deps.settings.auth_required:
        return True
    kind, _, key = headers.get("authorization", "").partition(" ")
    known = deps.api_keys.find(key) if kind.lower() == "bearer" else None
    return known is not None and allows(known.scope, "read")


async def still_allowed(deps: Dependencies, caller: Caller) -> bool:
    """Whether the API key of `caller` has not been revoked since."""
    return not deps.settings.auth_required or await run_in_threadpool(deps.api_keys.known, caller.id)


def needs(scope: Scope, *, or_token: bool = False) -> params.Depends:
    """The first dependency of every endpoint under /v1. `or_token`: a token for the job in the path opens it, too."""
    return params.Depends(ScopeOrTokenCheck(scope) if or_token else ScopeCheck(scope))


def _logged(caller: Caller) -> Caller:
    """`caller`, whose client every log line of the request names from now on."""
    structlog.contextvars.bind_contextvars(client=caller.client)
    return caller


def _anybody(request: Request) -> Caller:
    """Where no keys are asked for, everybody may do everything."""
    return Caller("anybody", SCOPES[-1], _household(request.client.host) if request.client else "unknown")


def _household(host: str) -> str:
    """The address, or of IPv6 its network: whoever has one address there has 2^64 of them."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv4Address) or address.ipv4_mapped is not None:
        return host
    return str(IPv6Network((address, 64), strict=False))


def _by_key(deps: Dependencies, sent: HTTPAuthorizationCredentials | None) -> Caller:
    if sent is None:
        raise HTTPException(401, "send an API key: Authorization: Bearer fl_...", {"WWW-Authenticate": _CHALLENGE})
    key = deps.api_keys.find(sent.credentials)
    if key is None:
        challenge = f'{_CHALLENGE}, error="invalid_token"'
        raise HTTPException(401, "this API key is not known, or has been revoked", {"WWW-Authenticate": challenge})
    return Caller(key.id, key.scope, key.id)


def _by_token(deps: Dependencies, token: str, key: str) -> Caller | None:
    """May read, unless the API key that the token was made with has been revoked."""
    id = deps.signed_urls.client(token, key)
    return Caller(id, "read", id, token) if id is not None and deps.api_keys.known(id) else None
