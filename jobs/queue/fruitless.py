"""Records of jobs that ended without a result: the newest are kept, and no more, for asking and cancelling is free."""

from __future__ import annotations

from featurelens.jobs.queue.index import INDEX, SCANS, line_key
from featurelens.jobs.queue.layer_index import LAYERS

KEPT, KEPT_BYTES = 10_000, 32 << 20
"""Records, and bytes of their specifications."""

_ENDED = "featurelens:fruitless"
"""Sorted set of records by the time of their end, each between the size of its specification and its layer."""


def forget_oldest(record_prefix: str) -> str:
    """A function of Lua for the script that has just ended record ``KEYS[1]``, whose line is ``KEYS[2]``.

    It takes the record in and lets the oldest go: record, line and places in the index.
    """
    return f"""
local function forget_oldest()
  local time = redis.call('TIME')
  local size = redis.call('HSTRLEN', KEYS[1], 'spec')
  local about = redis.call('HMGET', KEYS[2], 'model', 'layer')
  local layer = about[1] and about[2] and about[2] ~= '' and ' ' .. about[1] .. ' ' .. about[2] or ''
  if redis.call('ZADD', '{_ENDED}', time[1] + time[2] / 1000000, size .. ' ' .. KEYS[1] .. layer) == 1 then
    redis.call('INCRBY', '{_ENDED}:bytes', size)
  end
  while redis.call('ZCARD', '{_ENDED}') > {KEPT} or tonumber(redis.call('GET', '{_ENDED}:bytes')) > {KEPT_BYTES} do
    local size, record, layer = string.match(redis.call('ZPOPMIN', '{_ENDED}')[1], '^(%d+) (%S+) ?(.*)$')
    redis.call('DECRBY', '{_ENDED}:bytes', size)
    local key = string.sub(record, {len(record_prefix) + 1})
    local line = '{line_key("")}' .. key
    local status = redis.call('HGET', record, 'status') or redis.call('HGET', line, 'status') or 'expired'
    if status == 'failed' or status == 'cancelled' or status == 'expired' then
      redis.call('DEL', record, line)
      for _, place in ipairs({{'{INDEX}', '{SCANS}', '{LAYERS}' .. layer}}) do redis.call('ZREM', place, key) end
    end
  end
end
"""
