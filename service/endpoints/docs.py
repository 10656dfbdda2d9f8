"""The API described: for programs as an OpenAPI document, for people as one page of ours that is made from it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

from featurelens.jobs import addresses
from featurelens.service.openapi.page import HEADERS, PAGE
from featurelens.service.schemas.address import shown

router = APIRouter(include_in_schema=False)


@router.get(addresses.DOCUMENT)
async def document(request: Request) -> JSONResponse:
    """Open to everybody; with the prefix under which this request came."""
    made = request.app.openapi()
    return JSONResponse({**made, "servers": [{"url": shown("") or "/"}]})


@router.get(addresses.DOCS, response_class=HTMLResponse)
async def docs() -> HTMLResponse:
    """Open to everybody, too."""
    return HTMLResponse(PAGE, headers=HEADERS)
