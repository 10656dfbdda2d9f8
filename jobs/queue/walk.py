"""A walk through all jobs of the index, newest first, in steps that do not block the broker for long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from redis.commands.core import Script

from featurelens.jobs.queue.layer_index import CHOSEN

STEP = 5000
"""Jobs that one call looks through, at least."""
TOGETHER = 500
"""Of them, those whose keys are read at once."""


def walking(each: str, before: str = "") -> str:
    """The script of a walk: `each`, in Lua, is done with every `key` of the kind and its `place`, `before` once a step.

    Both find what they are given in ARGV, from the fifth on, and put what they find into `found`.
    """
    return f"""
{CHOSEN}
local found, last, scanned, complete = {{}}, ARGV[1], 0, redis.call('EXISTS', KEYS[2])
{before}
while scanned < tonumber(ARGV[2]) do
  local keys = redis.call('ZRANGE', set, last, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, ARGV[3], 'WITHSCORES')
  if #keys == 0 then return {{found, false, complete}} end
  for i = 1, #keys, 2 do
    local key, place = keys[i], keys[i + 1]
    scanned, last = scanned + 1, '(' .. place
    if string.sub(key, 1, #ARGV[4]) == ARGV[4] then
{each}
    end
  end
end
return {{found, last, complete}}
"""


def walk(script: Script, keys: Sequence[str], prefix: str, *given: Any) -> tuple[list[Any], bool]:
    """All that is found, and whether no job is missing from the index. One round trip for every `STEP` jobs.

    `keys` are those of `jobs.queue.layer_index.sets`, `prefix` is that of the keys of a kind.
    """
    found: list[Any] = []
    last, complete = "+inf", False
    while last:
        answer = script(keys=keys, args=cast("Any", [last, STEP, TOGETHER, prefix, *given]))
        some, following, complete = cast("tuple[list[Any], bytes | None, bool]", answer)
        found += some
        last = following.decode() if following else ""
    return found, bool(complete)
