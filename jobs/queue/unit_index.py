"""Which picture of each unit of a layer is the newest that is finished, read from the index of all jobs."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from redis import Redis

from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.queue.index import COMPLETE, INDEX, line_key
from featurelens.jobs.spec.base import Sign

_SCANNED = 5000
"""Jobs that one call looks through, so that none blocks the broker for long."""
_TOGETHER = 500
"""Of them, those whose keys are read at once."""

_NEWEST = """
local found, last, scanned, complete = {}, ARGV[2], 0, redis.call('EXISTS', KEYS[2])
local first, count, signs = tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9]
while scanned < tonumber(ARGV[3]) do
  local keys = redis.call('ZRANGE', KEYS[1], last, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, ARGV[10], 'WITHSCORES')
  if #keys == 0 then return {found, false, complete} end
  for i = 1, #keys, 2 do
    scanned, last = scanned + 1, '(' .. keys[i + 1]
    if string.sub(keys[i], 1, #ARGV[4]) == ARGV[4] then
      local line = redis.call('HMGET', ARGV[1] .. keys[i], 'layer', 'channel', 'sign', 'status', 'model')
      local channel = tonumber(line[2])
      if line[1] == ARGV[6] and line[4] == 'succeeded' and line[5] == ARGV[5]
          and channel and channel >= first and channel < first + count
          and (signs == '' or signs == line[3]) then
        table.insert(found, keys[i] .. ' ' .. line[2] .. ' ' .. line[3])
      end
    end
  end
end
return {found, last, complete}
"""


class UnitSign(NamedTuple):
    """One of the two ends of a unit."""

    channel: int
    sign: Sign


class UnitIndex:
    """Reads the lines of `jobs.queue.index`, newest first."""

    def __init__(self, redis: Redis) -> None:
        self._script = redis.register_script(_NEWEST)

    def newest(
        self, model: str, layer: str, first: int, count: int, sign: Sign | None = None
    ) -> tuple[dict[UnitSign, list[str]], bool]:
        """Keys of finished pictures of the channels `first`, `first` + 1, ..., `count` of them, the newest first.

        False: the broker has been wiped, and older ones are missing until `JobIndex.rebuild`. The names are canonical.
        One round trip for every 5000 jobs that there are.
        """
        found: dict[UnitSign, list[str]] = {}
        last, complete = "+inf", False
        while last:
            arguments = [line_key(""), last, _SCANNED, VISUALIZATION.prefix, model, layer, first, count, sign or ""]
            arguments.append(_TOGETHER)
            answer = self._script(keys=[INDEX, COMPLETE], args=cast("Any", arguments))
            lines, following, complete = cast("tuple[list[bytes], bytes | None, bool]", answer)
            for line in lines:
                key, channel, end = line.decode().split(" ")
                found.setdefault(UnitSign(int(channel), cast("Any", end)), []).append(key)
            last = following.decode() if following else ""
        return found, bool(complete)
