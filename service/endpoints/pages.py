"""The pages for people. Open to everybody, like the API's description: what they show they ask the API for."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException

from featurelens.jobs import addresses
from featurelens.service.pages.files import POLICY, Pages

PAGES = Pages()

_UNIT = re.compile(r"models/.+/layers/.+/units/\d+/?")

router = APIRouter(include_in_schema=False)


@router.get("/")
async def start(request: Request) -> RedirectResponse:
    """Leads to the pages."""
    return RedirectResponse(f"{_root(request)}{addresses.PAGES}/", 307, {"Cache-Control": "no-cache"})


@router.get(f"{addresses.PAGES}/static/{{digest}}/{{path:path}}")
async def static(
    digest: str, path: str, accept_encoding: Annotated[str, Header()] = "", if_none_match: Annotated[str, Header()] = ""
) -> Response:
    """A file of the pages. 404 for those of another version."""
    file = PAGES.files.get(path) if digest == PAGES.digest else None
    if file is None:
        raise HTTPException(404, "no such file in this version of the pages; reload the page")
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "ETag": f'W/"{file.digest}"',
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    if file.digest in if_none_match:
        return Response(status_code=304, headers=headers)
    if accepts_gzip(accept_encoding):
        return Response(file.compressed, headers=headers | {"Content-Encoding": "gzip"}, media_type=file.media_type)
    return Response(file.body, headers=headers, media_type=file.media_type)


@router.get(addresses.PAGES)
@router.get(f"{addresses.PAGES}/{{path:path}}")
async def page(request: Request, path: str = "", embed: Annotated[str | None, Query()] = None) -> HTMLResponse:
    """The same document for every page, which shows what its address says. Others may frame a unit's, with `embed`."""
    headers = {
        "Content-Security-Policy": POLICY.format("*" if embed is not None and _UNIT.fullmatch(path) else "'self'"),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-cache",
    }
    return HTMLResponse(PAGES.shell(_root(request)), headers=headers)


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether who sends this header takes gzip (RFC 9110, 12.5.3)."""
    weights: dict[str, float] = {}
    for coding in accept_encoding.lower().replace(" ", "").split(","):
        name, _, weight = coding.partition(";q=")
        with suppress(ValueError):
            weights[name] = float(weight or 1)
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _root(request: Request) -> str:
    root: str = request.scope.get("root_path", "")
    return root.rstrip("/")
