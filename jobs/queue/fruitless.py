"""Records of jobs that ended without a result: the newest are kept, and no more, for asking and cancelling is free."""

from __future__ import annotations

from featurelens.jobs.queue.index import INDEX, line_key

KEPT, KEPT_BYTES = 10_000, 32 << 20
"""Records, and bytes of their specifications."""

_ENDED = "featurelens:fruitless"
"""Sorted set of records by the time of their end, each after the size of its specification."""


def forget_oldest(record_prefix: str) -> str:
    """A function of Lua for the script that has just ended record ``KEYS[1]``.

    It takes the record in and lets the oldest go: record, line and place in the index.
    """
    return f"""
local function forget_oldest()
  local time = redis.call('TIME')
  local size = redis.call('HSTRLEN', KEYS[1], 'spec')
  if redis.call('ZADD', '{_ENDED}', time[1] + time[2] / 1000000, size .. ' ' .. KEYS[1]) == 1 then
    redis.call('INCRBY', '{_ENDED}:bytes', size)
  end
  while redis.call('ZCARD', '{_ENDED}') > {KEPT} or tonumber(redis.call('GET', '{_ENDED}:bytes')) > {KEPT_BYTES} do
    local size, record = string.match(redis.call('ZPOPMIN', '{_ENDED}')[1], '^(%d+) (.+)$')
    redis.call('DECRBY', '{_ENDED}:bytes', size)
    local status = redis.call('HGET', record, 'status')
    if status == 'failed' or status == 'cancelled' then
      local key = string.sub(record, {len(record_prefix) + 1})
      redis.call('DEL', record, '{line_key("")}' .. key)
      redis.call('ZREM', '{INDEX}', key)
    end
  end
end
"""
