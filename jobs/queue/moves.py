"""The scripts with which Redis changes a record: as a whole or not at all.

KEYS are those of the record and of its line in the index; ARGV begins with their expiries, in flight and ended, and the
attempt that is meant. `READ` has others.
"""

from __future__ import annotations

from featurelens.jobs.queue.fruitless import forget_oldest

RECORD = "featurelens:visualization:"
"""Stands before a job's key in the Redis key of its record; visualizations were the only kind when it got its name."""

_SET = (
    forget_oldest(RECORD)
    + """
local function set(status, ended, ...)
  redis.call('HSET', KEYS[1], 'status', status, ...)
  if ended then redis.call('HINCRBY', 'featurelens:counts', status, 1) end
  redis.call('HINCRBY', KEYS[1], 'moves', 1)
  redis.call('EXPIRE', KEYS[1], ended and ARGV[2] or ARGV[1])
  if status == 'failed' or status == 'cancelled' then forget_oldest() end
  if redis.call('EXISTS', KEYS[2]) == 0 then return end
  redis.call('HSET', KEYS[2], 'status', status == 'storing' and 'running' or status)
  redis.call('EXPIRE', KEYS[2], ended and ARGV[2] or ARGV[1])
  if status == 'succeeded' then redis.call('PERSIST', KEYS[2]) end
end
"""
)
"""Every change of status: of the record, of its line in the index, and of their expiry."""

MOVE = (
    _SET
    + """
local now = redis.call('HMGET', KEYS[1], 'status', 'attempt', 'execution')
if not now[1] or now[2] ~= ARGV[3] or (ARGV[4] ~= '' and now[3] ~= ARGV[4]) then return false end
local to = string.match(ARGV[6], '%f[%a]' .. now[1] .. '>(%a+)')
if not to or (KEYS[3] and not redis.call('ZSCORE', KEYS[3], ARGV[5])) then return false end
set(to, to == 'failed' or to == 'cancelled' or to == 'succeeded', unpack(ARGV, 7))
return to
"""
)

LEAVE = (
    _SET
    + """
local now = redis.call('HMGET', KEYS[1], 'status', 'attempt', 'askers')
if not now[1] or (ARGV[3] ~= '' and now[2] ~= ARGV[3]) then return 'gone' end
if now[1] == 'cancelling' then return 'cancelling' end
if now[1] ~= 'queued' and now[1] ~= 'running' then return 'over' end
if redis.call('HINCRBY', KEYS[1], 'askers', -1) > 0 then return 'left' end
redis.call('HSET', KEYS[1], 'askers', 0)
if now[1] == 'queued' then set('cancelled', true, 'finished', ARGV[4]) return 'cancelled' end
set('cancelling', false, 'stage', 'stopping')
return 'cancelling'
"""
)

READ = """
local now = redis.call('HMGET', KEYS[1], 'status', 'attempt', 'queue')
if not now[1] or not now[2] then return {{}, false, false, false} end
local attempt, queue = now[2], now[3] or ARGV[4]
local job = redis.call('HGET', ARGV[1] .. attempt, 'status')
if ARGV[5] ~= '' and job and string.find(ARGV[3], now[1], 1, true) then
  redis.call('HINCRBY', KEYS[1], 'askers', 1)
  local alone = string.gsub(queue, '^[^@]+', ARGV[4])
  if ARGV[5] == ARGV[4] and queue ~= alone and redis.call('LREM', ARGV[2] .. queue, 1, attempt) == 1 then
    queue = alone
    redis.call('RPUSH', ARGV[2] .. queue, attempt)
    redis.call('HSET', ARGV[1] .. attempt, 'origin', queue)
    redis.call('HSET', KEYS[1], 'queue', queue)
  end
end
local function place(lists) return now[1] == 'queued' and redis.call('LPOS', lists .. queue, attempt) end
return {redis.call('HGETALL', KEYS[1]), job, place(ARGV[2]), place(ARGV[6])}
"""
"""The record, the status of its RQ job, its places in its queue and aside, from 0.

With ARGV[5], a queue, one more asks: a picture of a sweep that is asked for alone moves to the other queue of its
renderer.

KEYS[1] is the record; ARGV are what stands before an RQ job and before a queue in their keys, the statuses that may be
joined, the queue of jobs asked for alone; then ARGV[5], and what stands before a queue in the key of what is set aside.
"""
