"""Pages of long lists: after a name, or from an opaque cursor."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Query

from featurelens.jobs import addresses
from featurelens.jobs.catalog.entries import LayerEntry, ModelSummary
from featurelens.jobs.errors import Fault, InvalidSpec

MAX_NAMES = 1000
MAX_JOBS = 100

Named = TypeVar("Named", ModelSummary, LayerEntry)

Limit = Annotated[int, Query(ge=1, le=MAX_NAMES, description="entries on a page")]
After = Annotated[str | None, Query(max_length=400, description="the last name of the page before, from its `next`")]
Search = Annotated[str | None, Query(max_length=200, description="words that must all occur, in any case")]


def has_words(text: str, search: str | None) -> bool:
    """Whether all words of `search` occur in `text`, in any case."""
    folded = text.casefold()
    return all(word in folded for word in (search or "").casefold().split())


def page(
    items: Sequence[Named],
    limit: int,
    after: str | None,
    follows: Callable[[Named, str], bool],
    path: str,
    query: Mapping[str, Any],
) -> tuple[list[Named], str | None]:
    """At most `limit` items after the one named `after`, and the address of the next page."""
    rest = list(items) if after is None else [item for item in items if follows(item, after)]
    shown = rest[:limit]
    if len(rest) == len(shown):
        return shown, None
    return shown, addresses.with_query(path, {**query, "limit": limit, "after": shown[-1].name})


def encode_cursor(position: str) -> str:
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> str | None:
    """The position that was encoded; None for the first page. Raises `InvalidSpec` for anything else."""
    if cursor is None:
        return None
    try:
        position = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        position = ""
    if re.fullmatch(r"-?\d{1,16}", position, re.ASCII):
        return position
    raise InvalidSpec("no page begins at this cursor", (Fault("cursor", "take it from `next` of the page before"),))
