"""The API described for people: one page of ours, made from the OpenAPI document. Nothing is loaded from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from featurelens.jobs import addresses

PAGE = (Path(__file__).parent / "docs.html").read_text(encoding="utf-8")


def _hash(tag: str) -> str:
    """Allows exactly this script or style and no other."""
    inside = PAGE.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
    return f"'sha256-{base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()}'"


POLICY = f"default-src 'none'; connect-src 'self'; script-src {_hash('script')}; style-src {_hash('style')}"

router = APIRouter(include_in_schema=False)


@router.get(addresses.DOCS, response_class=HTMLResponse)
async def docs() -> HTMLResponse:
    """Open to everybody, as the OpenAPI document is."""
    headers = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
    return HTMLResponse(PAGE, headers=headers)
