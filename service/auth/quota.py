"""How often one client may ask: a bucket of tokens in Redis that fills again steadily (GCRA, one number a client)."""

from __future__ import annotations

import math
from typing import cast

from pydantic import BaseModel, ConfigDict
from redis import Redis

PREFIX = "featurelens:quota:"

_TAKE = """
local t = redis.call('TIME')
local now = t[1] + t[2] / 1000000
local quota, window, asked = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local empty_at = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local after = empty_at + asked * window / quota
local allowed = after <= now + window
if allowed then
  redis.call('SET', KEYS[1], string.format('%.6f', after), 'EX', math.ceil(window) + 1)
  empty_at = after
end
local left = math.floor((now + window - empty_at) * quota / window + 0.000001)
return {allowed and 1 or 0, left, tostring(allowed and 0 or after - window - now), tostring(empty_at - now)}
"""


class Allowance(BaseModel):
    """What is left to a client after it asked: requests, seconds until as many are free again, until all are."""

    model_config = ConfigDict(frozen=True)

    allowed: bool
    left: int
    wait: float
    refilled: float


class Quota:
    """`quota` requests in `window` seconds a client; all at once if it likes, then one every `window / quota`."""

    def __init__(self, redis: Redis, quota: int, window: float = 60.0) -> None:
        self.quota = quota
        self.window = window
        self._script = redis.register_script(_TAKE)

    def take(self, client: str, asked: int = 1) -> Allowance:
        """`asked` requests of `client` at once, all or none; what is refused costs nothing."""
        answer = self._script(keys=[PREFIX + client], args=[self.quota, self.window, asked])
        allowed, left, wait, refilled = cast("tuple[int, int, bytes, bytes]", answer)
        return Allowance(allowed=bool(allowed), left=left, wait=float(wait), refilled=float(refilled))

    def headers(self, allowance: Allowance) -> dict[str, str]:
        """`RateLimit` and `RateLimit-Policy` as the IETF's draft writes them, `Retry-After` where refused."""
        headers = {
            "RateLimit-Policy": f'"asks";q={self.quota};w={self.window:.0f}',
            "RateLimit": f'"asks";r={allowance.left};t={math.ceil(allowance.refilled)}',
        }
        return headers if allowance.allowed else {**headers, "Retry-After": str(max(1, math.ceil(allowance.wait)))}
