"""Answers to conditional requests (RFC 9110): bytes with their `ETag`, or 304 for a client that has them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Response

IfNoneMatch = Annotated[str | None, Header()]


def conditional(
    body: bytes,
    digest: str,
    media_type: str,
    if_none_match: str | None,
    *,
    immutable: bool = True,
    private: bool = False,
    filename: str | None = None,
) -> Response:
    """`body`, whose sha256 is `digest`, or 304.

    `immutable`: what is under this address never changes. `private`: keys are asked for, so that no shared cache may
    give it to others. `filename`: what a browser saves it as, instead of showing it.
    """
    control = f"{'private' if private else 'public'}, max-age=31536000, immutable" if immutable else "no-cache"
    headers = {"Cache-Control": control, "X-Content-Type-Options": "nosniff", "ETag": f'"{digest}"'}
    if filename is not None:
        headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    if if_none_match is not None and _matches(if_none_match, digest):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def _matches(if_none_match: str, digest: str) -> bool:
    """If-None-Match compares weakly: a W/ in front does not matter."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or f'"{digest}"' in tags
