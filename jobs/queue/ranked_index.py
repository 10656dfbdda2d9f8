"""All jobs of a list at once, each with the numbers that it may be sorted by, which stay in its line of the index.

They are written there by whoever first sorts by them (`keep`), so that no result has to be read a second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from redis import Redis

from featurelens.jobs.kinds.base import Kind
from featurelens.jobs.queue.index import ABOUT, COMPLETE, RANKS, line_key, listing
from featurelens.jobs.queue.layer_index import sets
from featurelens.jobs.queue.walk import walk, walking

_ALL = walking("""
local line = redis.call('HMGET', ARGV[5] .. key, 'model', 'layer', 'channel', 'sign', 'status', ARGV[6])
local fits = line[1]
for j = 1, 5 do
  if ARGV[7 + j] ~= '' and ARGV[7 + j] ~= line[j] then fits = false end
end
if fits then
  local told = {}
  if line[5] == 'succeeded' then
    for _, other in ipairs(redis.call('ZREVRANGE', ARGV[7] .. key, 0, -1)) do
      if redis.call('HGET', ARGV[5] .. other, 'status') == 'succeeded' then table.insert(told, other) end
    end
  end
  table.insert(found, {key, place, line[5], line[1], line[2], line[6] or '', table.concat(told, ' ')})
end
""")

_KEEP = """
for i, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 then redis.call('HSET', key, ARGV[1], ARGV[i + 1]) end
end
"""


class RankedLine(NamedTuple):
    """A line of the index. `place` is higher the later it was asked for, `ranks` what `keep` was given or ""."""

    key: str
    place: int
    status: str
    model: str
    layer: str
    ranks: str
    about: str
    """Keys of finished jobs that tell of this one (`Kind.subject`), the latest first."""


class RankedIndex:
    """Reads the lines of `jobs.queue.index`, newest first."""

    def __init__(self, redis: Redis) -> None:
        self._all = redis.register_script(_ALL)
        self._keep = redis.register_script(_KEEP)

    def all(self, kind: Kind[Any], **filters: Any) -> tuple[list[RankedLine], bool]:
        """Those that match (`JobIndex.look`), and whether none is missing."""
        names = ("model", "layer", "channel", "sign", "status")
        wanted = ["" if filters.get(name) is None else str(filters[name]) for name in names]
        keys = sets(listing(kind), COMPLETE, filters.get("model"), filters.get("layer"))
        lines, complete = walk(self._all, keys, kind.prefix, line_key(""), RANKS, ABOUT, *wanted)
        found = [RankedLine(key.decode(), int(place), *(one.decode() for one in rest)) for key, place, *rest in lines]
        return found, complete

    def keep(self, ranks: Mapping[str, str]) -> None:
        """By key, until the job is asked for again; of jobs that are gone nothing is kept."""
        if ranks:
            self._keep(keys=[line_key(key) for key in ranks], args=[RANKS, *ranks.values()])
