"""The jobs about each layer, in a sorted set of their own, so that they are found among any number of others.

They have the scores of the index of all jobs (`jobs.queue.index`). Versions from before do not fill these sets: every
service that starts completes them, and until one has they are not looked at.
"""

from __future__ import annotations

from typing import Any, cast

from redis import Redis

LAYERS = "featurelens:listing:layer:"
"""Before network and layer: the sorted set of the jobs about it."""
BY_LAYER = "featurelens:listing:by-layer"
"""Set once the sets of layers have all that the index has."""

_TOGETHER = 500
"""Jobs that one call places, so that none blocks the broker for long."""

_COMPLETE = """
local keys = redis.call('ZRANGE', KEYS[1], ARGV[1], '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, ARGV[2], 'WITHSCORES')
for i = 1, #keys, 2 do
  local line = redis.call('HMGET', ARGV[3] .. keys[i], 'model', 'layer')
  if line[1] and line[2] and line[2] ~= '' then
    redis.call('ZADD', ARGV[4] .. line[1] .. ' ' .. line[2], keys[i + 1], keys[i])
  end
end
if #keys == 0 then redis.call('SET', KEYS[2], 1) return false end
return '(' .. keys[#keys]
"""


def of_layer(model: str, layer: str) -> str:
    """The Redis key of the jobs about a layer; the names are canonical."""
    return f"{LAYERS}{model} {layer}"


def sets(listing: str, complete: str, model: str | None, layer: str | None) -> list[str]:
    """The keys of a script that begins with `CHOSEN`, for jobs that are all about `layer` or, None, about any."""
    narrow = [of_layer(model, layer), BY_LAYER] if model and layer else []
    return [listing, complete, *narrow]


CHOSEN = """
local set = KEYS[3] and redis.call('EXISTS', KEYS[4]) == 1 and KEYS[3] or KEYS[1]
"""
"""Chooses the smallest set that has all that is looked for."""


def complete(redis: Redis, listing: str, lines: str) -> None:
    """Places all jobs of the sorted set `listing`; `lines` stands before a job's key in that of its line."""
    script = redis.register_script(_COMPLETE)
    last: str | None = "+inf"
    while last is not None:
        answer = script(keys=[listing, BY_LAYER], args=cast("Any", [last, _TOGETHER, lines, LAYERS]))
        last = None if answer is None else answer.decode()
