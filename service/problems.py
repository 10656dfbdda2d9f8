"""Every error as ``application/problem+json`` (RFC 9457): the one place that turns errors into HTTP."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from redis import RedisError
from starlette.exceptions import HTTPException

from featurelens.jobs import addresses, disk, errors
from featurelens.jobs.logs import logger
from featurelens.jobs.queue.broker import unavailable
from featurelens.service.limits import unstorable
from featurelens.service.middleware.path_prefix import route_path
from featurelens.service.schemas.problem import FaultyPart, Problem

MEDIA_TYPE = "application/problem+json"

STATUS: dict[type[errors.FeaturelensError], int] = {
    errors.InvalidSpec: 422,
    errors.NotFound: 404,
    errors.NotReady: 409,
    errors.AlreadyOver: 409,
    errors.Unavailable: 503,
    errors.StoreFull: 507,
    errors.RenderError: 500,
    errors.FeaturelensError: 500,
}
"""By the nearest ancestor in the tree of `jobs.errors`."""

TYPE = "urn:featurelens:problem:"

MOST_FAULTS = 100
"""Told of one request: a body may hold hundreds of thousands."""

CODES = {
    400: "bad-request",
    401: "not-authenticated",
    403: "not-allowed",
    404: "not-found",
    405: "method-not-allowed",
    408: "body-too-slow",
    413: "body-too-large",
    415: "wrong-media-type",
    421: "wrong-host",
    429: "over-quota",
    431: "header-too-large",
}

_QUOTED = re.compile(r"'([^']+)'")
"""The values of an enumeration, as pydantic lists them."""

_DETAILS = {
    404: "there is nothing under this address; "
    f"the API starts at {addresses.ROOT} and is described in {addresses.DOCUMENT}",
    405: "this address does not take this method",
}


def example(status: int) -> Problem:
    """A problem with this status, for the OpenAPI document."""
    kind = next((kind for kind, known in STATUS.items() if known == status), None)
    code, title = (kind.code, kind.title) if kind else (CODES[status], HTTPStatus(status).phrase)
    return Problem(type=TYPE + code, title=title, status=status, detail=title)


def install(app: FastAPI) -> None:
    """Makes `app` answer every expected error with a problem."""
    app.add_exception_handler(errors.FeaturelensError, _featurelens_error)
    app.add_exception_handler(RedisError, _redis_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(OSError, _os_error)


def busy(limit: int) -> JSONResponse:
    """The answer when `limit` requests are open already."""
    detail = f"{limit} requests are being answered at the moment, and no more may be"
    return _answer(503, "too-many-connections", "Too many requests at once", detail, headers={"Retry-After": "1"})


def wrong_host() -> JSONResponse:
    """The answer to a request that was sent to a name which is not the service's own."""
    detail = "this service does not go by the name in Host; the operator lists its names in FEATURELENS_ALLOWED_HOSTS"
    return _answer(421, CODES[421], HTTPStatus(421).phrase, detail)


def header_too_large(limit: int) -> JSONResponse:
    """The answer to an address and headers of more than `limit` bytes."""
    detail = f"address and headers are larger than the {limit:,} bytes that they may have"
    return _answer(431, CODES[431], HTTPStatus(431).phrase, detail)


def header_too_slow(seconds: float) -> JSONResponse:
    """The answer to headers that have begun to come, and are not complete within `seconds`."""
    return _answer(408, "header-too-slow", HTTPStatus(408).phrase, f"the headers have not come within {seconds:g} s")


def malformed(reason: str) -> JSONResponse:
    """The answer to what is no HTTP."""
    return _answer(400, CODES[400], HTTPStatus(400).phrase, reason)


def _answer(
    status: int,
    code: str,
    title: str,
    detail: str,
    faults: list[FaultyPart] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    problem = Problem(type=TYPE + code, title=title, status=status, detail=detail, errors=faults or [])
    return JSONResponse(problem.model_dump(), status, {"Cache-Control": "no-store", **(headers or {})}, MEDIA_TYPE)


async def _featurelens_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.FeaturelensError)
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, errors.Unavailable) else None
    faults = [FaultyPart(pointer=fault.pointer, detail=fault.detail, valid=list(fault.valid)) for fault in error.faults]
    return _answer(status, error.code, error.title, error.detail, faults, headers)


async def _redis_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RedisError)
    logger().warning("broker unavailable", path=request.url.path, reason=type(error).__name__)
    return await _featurelens_error(request, unavailable(error))


async def _validation_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    reason = next((str(part["ctx"]["error"]) for part in found if part["type"] == "json_invalid"), None)
    if reason is not None:
        return _answer(400, "bad-json", "The body is not JSON", reason or "it cannot be read")
    faults = [_fault(part, error.body) for part in found[:MOST_FAULTS]]
    told = [f"{fault.pointer}: {fault.detail}" if fault.pointer else fault.detail for fault in faults[:5]]
    more = [f"and {len(found) - len(told)} more"] if len(found) > len(told) else []
    detail = "; ".join(told + more)
    return _answer(422, errors.InvalidSpec.code, errors.InvalidSpec.title, detail, faults)


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    headers = {"Allow": _allowed(request)} if error.status_code == 405 else error.headers
    phrase = HTTPStatus(error.status_code).phrase
    detail = str(error.detail) if error.detail and error.detail != phrase else _DETAILS.get(error.status_code, phrase)
    return _answer(error.status_code, CODES.get(error.status_code, "error"), phrase, detail, headers=headers)


def _allowed(request: Request) -> str:
    """All methods of the address; each route knows only its own."""
    for path, methods in request.app.openapi()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), route_path(request.scope)):
            return ", ".join(sorted({*methods, "head"} if "get" in methods else methods)).upper()
    return "GET, HEAD"


async def _os_error(request: Request, error: Exception) -> JSONResponse:
    """507 when the disk does not take something, 503 when it does not give; any other error is unexpected."""
    if isinstance(error, OSError) and (why := disk.reason(error)) is not None:
        logger().error("the disk fails", path=request.url.path, reason=why)
        if request.method in {"GET", "HEAD"}:
            return await _featurelens_error(request, errors.StoreUnavailable(why))
        return await _featurelens_error(request, unstorable(error))
    return unexpected(request.url.path, error)


def unexpected(path: str, error: Exception) -> JSONResponse:
    """The answer to an unexpected error (`service.middleware.request_log`); the reason goes to the log alone."""
    logger().error("unexpected error", path=path, exc_info=error)
    detail = "an unexpected error, written to the log of the service"
    return _answer(500, "internal", "Internal error", detail)


def _fault(part: Mapping[str, Any], body: Any) -> FaultyPart:
    """One of pydantic's errors."""
    pointer = _pointer(part["loc"], body, missing=part["type"] == "missing")
    detail = part["msg"].removeprefix("Value error, ")
    speaks_for_itself = pointer or part["type"] == "value_error"
    context = part.get("ctx", {})
    names = _QUOTED.findall(str(context.get("expected_tags") or context.get("expected") or ""))
    return FaultyPart(pointer=pointer, detail=detail if speaks_for_itself else f"the body: {detail}", valid=names)


def _pointer(location: Sequence[str | int], body: Any, *, missing: bool) -> str:
    """("body", "size", 0) -> /size/0; a parameter keeps its name. `missing`: the last step leads to what is not there.

    Pydantic also tells which member of a union it has tried, ("body", "objective", "direction", "vector"): what leads
    nowhere in the body is left out.
    """
    place, *path = location
    if place != "body":
        return "/".join(map(str, path))
    steps, here = "", body
    for number, part in enumerate(path):
        there = part in here if isinstance(here, dict) else isinstance(here, list) and part in range(len(here))
        if there or number == 0 or (missing and number == len(path) - 1):
            steps += "/" + str(part).replace("~", "~0").replace("/", "~1")
            here = here[part] if there else None
    return steps
