"""Which picture of each unit of a layer is the newest that is finished, read from the index of all jobs."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from redis import Redis

from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.queue.index import COMPLETE, INDEX, line_key
from featurelens.jobs.queue.layer_index import sets
from featurelens.jobs.queue.walk import walk, walking
from featurelens.jobs.spec.base import Sign

_NEWEST = walking(
    before="local first, count, signs = tonumber(ARGV[8]), tonumber(ARGV[9]), ARGV[10]",
    each="""
local line = redis.call('HMGET', ARGV[5] .. key, 'layer', 'channel', 'sign', 'status', 'model')
local channel = tonumber(line[2])
if line[1] == ARGV[7] and line[4] == 'succeeded' and line[5] == ARGV[6]
    and channel and channel >= first and channel < first + count
    and (signs == '' or signs == line[3]) then
  table.insert(found, key .. ' ' .. line[2] .. ' ' .. line[3])
end
""",
)


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
        Jobs about other layers are not looked at.
        """
        found: dict[UnitSign, list[str]] = {}
        keys = sets(INDEX, COMPLETE, model, layer)
        given = (line_key(""), model, layer, first, count, sign or "")
        lines, complete = walk(self._script, keys, VISUALIZATION.prefix, *given)
        for line in lines:
            key, channel, end = line.decode().split(" ")
            found.setdefault(UnitSign(int(channel), cast("Any", end)), []).append(key)
        return found, complete
