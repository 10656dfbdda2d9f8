"""Answers to conditional requests (RFC 9110): bytes with their `ETag`, or 304 for a client that has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import Header, Response
from starlette.responses import StreamingResponse

from featurelens.jobs.errors import NotFound
from featurelens.jobs.store.result_store import ResultStore

IfNoneMatch = Annotated[str | None, Header()]

PIECE = 1 << 20
"""Bytes of a file that are in memory for each who reads it."""


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
    headers = _headers(digest, immutable, private, filename)
    if if_none_match is not None and _matches(if_none_match, digest):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def stored(
    store: ResultStore,
    key: str,
    name: str,
    media_type: str,
    if_none_match: str | None,
    *,
    private: bool = False,
    filename: str | None = None,
) -> Response | None:
    """The file `name` of the result `key` or 304, as `conditional`; None when there is none.

    It may be large and its reader slow: it is read as it is sent, a piece at a time.
    """
    result = store.get(key)
    file = None if result is None else result.file(name)
    first = None if file is None else store.file_part(key, name, 0, min(PIECE, file.bytes))
    if file is None or first is None:
        return None
    headers = _headers(file.sha256, True, private, filename or name)
    if if_none_match is not None and _matches(if_none_match, file.sha256):
        return Response(status_code=304, headers=headers)
    pieces = _pieces(store, key, name, first, file.bytes)
    return StreamingResponse(pieces, media_type=media_type, headers={**headers, "Content-Length": str(file.bytes)})


def _pieces(store: ResultStore, key: str, name: str, first: bytes, size: int) -> Iterator[bytes]:
    yield first
    for start in range(len(first), size, PIECE):
        piece = store.file_part(key, name, start, min(PIECE, size - start))
        if piece is None:
            raise NotFound("it was deleted while it was read")
        yield piece


def _headers(digest: str, immutable: bool, private: bool, filename: str | None) -> dict[str, str]:
    control = f"{'private' if private else 'public'}, max-age=31536000, immutable" if immutable else "no-cache"
    headers = {"Cache-Control": control, "X-Content-Type-Options": "nosniff", "ETag": f'"{digest}"'}
    if filename is not None:
        headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return headers


def _matches(if_none_match: str, digest: str) -> bool:
    """If-None-Match compares weakly: a W/ in front does not matter."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or f'"{digest}"' in tags
