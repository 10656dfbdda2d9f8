"""Pictures of one lane wait side by side in a renderer's queue of sweeps, however sweeps alternate as they come.

A renderer takes what is first, and has few pictures in the making at once: of many small sweeps, taken as they came,
those would be of many lanes, and each tick of a few pictures. So a picture goes behind the last one of its lane's
block, until as many have come to the block as the renderer is worth having in the making at once. Then, or when that
last one waits there no more, it begins the lane's next block, at the end.

A lane has one block that grows. So whoever waits is overtaken by less than one block of each other lane, and by nobody
of its own. What is asked for alone has queues of its own, in which first come is first served.
"""

from __future__ import annotations

from collections.abc import Sequence

from redis.client import Pipeline
from rq import Queue

from featurelens.jobs.kinds.base import SWEEP_QUEUE
from featurelens.jobs.queue.queues import RENDERERS, base, renderer_of

_EXPIRY = 24 * 3600
"""Seconds without a newcomer after which blocks grow no more."""

_GATHER = f"""
local queue, blocks, places = KEYS[1], KEYS[2], {{}}
local about = redis.call('HGET', '{RENDERERS}', ARGV[1])
local capacity = tonumber(about and string.match(about, '"sweep_pictures":%s*(%d+)') or 1)
if capacity > 1 then
  redis.call('LTRIM', queue, 0, -(#ARGV - 1) / 2 - 1)
  local tail = redis.call('LINDEX', queue, -1)
  if not tail then redis.call('DEL', blocks) end
  for i = 2, #ARGV, 2 do
    local lane, attempt, size = ARGV[i], ARGV[i + 1], 1
    local count, last = string.match(redis.call('HGET', blocks, lane) or '', '^(%d+) (.+)$')
    local grows = count and tonumber(count) < capacity
    if grows and last ~= tail and redis.call('LINSERT', queue, 'AFTER', last, attempt) > 0 then
      size = count + 1
    else
      if grows and last == tail then size = count + 1 end
      redis.call('RPUSH', queue, attempt)
      tail = attempt
    end
    redis.call('HSET', blocks, lane, string.format('%d %s', size, attempt))
  end
  redis.call('EXPIRE', blocks, {_EXPIRY})
end
for i = 3, #ARGV, 2 do table.insert(places, redis.call('LPOS', queue, ARGV[i], 'RANK', -1)) end
return places
"""
"""Moves the jobs that end the queue, which are those named, to where they belong; returns their places, from 0.

KEYS are the queue's and that of its blocks; ARGV are the renderer whose queue of sweeps it is, or nothing, then lane
and attempt of each job, in order.
"""


def blocks_key(queue: str) -> str:
    """The Redis key of a hash: lane -> how many have come to its latest block in this queue, and the last of them."""
    return f"featurelens:blocks:{queue}"


def gather(pipe: Pipeline, queue: str, jobs: Sequence[tuple[str, str]]) -> None:
    """Moves `jobs`, pairs of lane and attempt that the transaction has put to the end of the queue, to their blocks.

    What it answers are their places in the queue, counted from 0.
    """
    renderer = renderer_of(queue) if base(queue) == SWEEP_QUEUE else ""
    keys = [Queue.redis_queue_namespace_prefix + queue, blocks_key(queue)]
    pipe.eval(_GATHER, 2, *keys, renderer, *(text for job in jobs for text in job))
