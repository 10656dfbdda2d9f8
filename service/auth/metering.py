"""Charges requests to a client's quota and reports what is left in headers."""

from __future__ import annotations

from fastapi import Depends, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from featurelens.jobs.errors import Fault, TooExpensive
from featurelens.service.auth.access import Identified
from featurelens.service.auth.quota import Quota
from featurelens.service.dependencies import Deps
from featurelens.service.idempotency import IdempotencyKey


async def count(caller: Identified, response: Response, deps: Deps, idempotency_key: IdempotencyKey = None) -> None:
    """Takes one request from the client's quota: asking costs, reading and stopping do not, nor asking again what has
    been answered under the same key. 429 beyond it.
    """
    if deps.quota is None:
        return
    if not await run_in_threadpool(deps.retries.answered, caller.client, idempotency_key):
        response.headers.update(await run_in_threadpool(charge, deps.quota, caller.client))


def check_quota(quota: Quota, pictures: int) -> None:
    """Raises 422 where so many pictures are always too many at once; takes nothing."""
    if pictures > quota.quota:
        detail = f"{pictures} pictures count as {pictures} requests, and {quota.quota} are the most at once here"
        raise TooExpensive(detail, (Fault("", detail),))


def charge(quota: Quota, client: str, pictures: int = 1) -> dict[str, str]:
    """The headers that say what is left. 429 when it is too little for all of `pictures`, 422 when it always is."""
    check_quota(quota, pictures)
    allowance = quota.take(client, pictures)
    headers = quota.headers(allowance)
    if not allowance.allowed:
        asked = f"; {pictures} pictures count as {pictures}, and {allowance.left} are left" if pictures > 1 else ""
        raise HTTPException(429, f"at most {quota.quota} requests in {quota.window:.0f} s{asked}", headers)
    return headers


Counted = Depends(count)
