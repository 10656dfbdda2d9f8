"""Looking at what has not been made yet asks for it, in the name of a caller who may ask for work."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.concurrency import run_in_threadpool

from featurelens.jobs.errors import NotFound
from featurelens.service.auth.access import Caller, ScopeCheck
from featurelens.service.auth.metering import charge
from featurelens.service.dependencies import Dependencies

PATIENCE = 8
"""Seconds that a request waits for what it looks at: one forward pass, behind what else there is to do."""

Asking = Annotated[bool, Query(alias="ask", description="false: 404 for what nobody has asked for yet")]

_ASKING = ScopeCheck("render")


def nobody_asked(what: str) -> NotFound:
    """The refusal of a request that only looks."""
    return NotFound(f"nobody has asked for {what} yet; the same address without ask=false does")


async def counted(deps: Dependencies, caller: Caller) -> dict[str, str]:
    """Counts one request in the quota of `caller`, and returns what headers tell of that.

    Raises 403 for who may only read, 429 for who has asked enough.
    """
    _ASKING.check(caller)
    return {} if deps.quota is None else await run_in_threadpool(charge, deps.quota, caller.client)
