"""The index of all jobs, newest first: one line a job, kept when its record expires.

A line changes in the same transaction as its record (`jobs.queue.records`, `jobs.queue.job_queue`). After the broker
has been wiped the index is rebuilt from the result store, which is authoritative.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar, cast

from redis import Redis
from redis.client import Pipeline

from featurelens.jobs.kinds import COMPARISON, SCAN, kind_of
from featurelens.jobs.kinds.base import Kind
from featurelens.jobs.queue import layer_index
from featurelens.jobs.queue.layer_index import CHOSEN, of_layer, sets
from featurelens.jobs.spec.base import JobSpec
from featurelens.jobs.store.result import Result

T = TypeVar("T")

INDEX = "featurelens:listing"
"""Sorted set of keys, scans apart. Scores are a counter, so the order is that of submission and no two are equal."""

SCANS = f"{INDEX}:{SCAN.name}"
"""Those of scans: few, and looked for whenever a unit is looked at, however many pictures there are."""

ABOUT = f"{INDEX}:about:"
"""Sorted sets of the keys of jobs that tell of another one, by its key; scores are seconds since 1970."""

FEW = (SCAN, COMPARISON)
"""Kinds of which there are few jobs, and which tell of others: after a loss they come back first."""

_COUNTER = "featurelens:listing:count"
COMPLETE = "featurelens:listing:complete"
_COMPLETE_FEW = f"{COMPLETE}:few"
_REBUILDING = "featurelens:listing:rebuilding"
_REBUILDING_EXPIRY = 600
"""Seconds after which another process may rebuild it, should this one have died."""
_RENEWED = 100
"""Results after which it is told that this one has not."""

_LINES = "featurelens:line:"

RANKS = "ranks"
"""The field of a line for what jobs are sorted by (`jobs.queue.ranked_index`)."""

_FAR_BELOW = 1 << 40
"""More than there will ever be jobs."""

_SCANNED = 5000
"""Lines read for one page at most, so that a filter that few jobs match takes several pages, none of them long."""

_PLACE = """
local place = redis.call('INCR', KEYS[1])
for i = 2, #KEYS do redis.call('ZADD', KEYS[i], place, ARGV[1]) end
"""

_PAGE = (
    CHOSEN
    + """
local found, last, scanned, complete = {}, ARGV[2], 0, redis.call('EXISTS', KEYS[2])
while scanned < tonumber(ARGV[4]) do
  local keys = redis.call('ZRANGE', set, last, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, 200, 'WITHSCORES')
  if #keys == 0 then return {table.concat(found, '\\n'), false, complete} end
  for i = 1, #keys, 2 do
    scanned, last = scanned + 1, '(' .. keys[i + 1]
    local line = redis.call('HMGET', ARGV[1] .. keys[i], 'model', 'layer', 'channel', 'sign', 'status')
    local fits = string.sub(keys[i], 1, #ARGV[5]) == ARGV[5]
    for j = 1, 5 do
      if ARGV[5 + j] ~= '' and ARGV[5 + j] ~= line[j] then fits = false end
    end
    if not line[1] then
      redis.call('ZREM', set, keys[i])
    elseif fits then
      table.insert(found, keys[i] .. ' ' .. line[5])
      if #found == tonumber(ARGV[3]) then return {table.concat(found, '\\n'), last, complete} end
    end
  end
end
return {table.concat(found, '\\n'), last, complete}
"""
)


class Line(NamedTuple):
    """One job in the index."""

    key: str
    status: str


class Page(NamedTuple):
    """Lines of the index, and the cursor of the next page (None: this was the last)."""

    lines: list[Line]
    cursor: str | None
    complete: bool
    """False: the broker has been wiped since `rebuild`, so lines of older jobs are missing."""


def line_key(key: str) -> str:
    """The Redis key of the line of job `key`."""
    return _LINES + key


def write(pipe: Pipeline, key: str, spec: JobSpec, created: datetime, status: str, expiry: int) -> None:
    """Adds a line at the top in the transaction `pipe`; it expires after `expiry` seconds unless it changes."""
    pipe.hset(line_key(key), mapping=_fields(key, spec, created, status))
    pipe.hdel(line_key(key), RANKS)
    pipe.expire(line_key(key), expiry)
    places = _places(key, spec)
    pipe.eval(_PLACE, 1 + len(places), _COUNTER, *places, key)
    _relate(pipe, key, spec, created)


class JobIndex:
    """Reads the index a page at a time, and rebuilds it."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = redis.register_script(_PAGE)

    def page(
        self, kind: Kind[Any], limit: int, cursor: str | None = None, **filters: Any
    ) -> tuple[list[Line], str | None]:
        """Lines and cursor of what `look` finds."""
        lines, following, _ = self.look(kind, limit, cursor, **filters)
        return lines, following

    def look(
        self,
        kind: Kind[Any],
        limit: int,
        cursor: str | None = None,
        *,
        model: str | None = None,
        layer: str | None = None,
        channel: int | None = None,
        sign: str | None = None,
        status: str | None = None,
    ) -> Page:
        """At most `limit` lines of this kind that match.

        A page can be short, even empty, and have a next one: no more than `_SCANNED` lines are read for it.
        """
        filters = ["" if wanted is None else str(wanted) for wanted in (model, layer, channel, sign, status)]
        start = "+inf" if cursor is None else f"({cursor}"
        arguments: list[Any] = [_LINES, start, limit, _SCANNED, kind.prefix, *filters]
        found, last, complete = self._script(keys=sets(listing(kind), COMPLETE, model, layer), args=arguments)
        lines = [Line(*line.split(" ")) for line in found.decode().splitlines()]
        return Page(lines, None if last is None else last.decode().removeprefix("("), bool(complete))

    def about(self, key: str) -> list[str]:
        """The keys of jobs that tell of job `key` (`Kind.subject`), asked for last comes first; some may be gone."""
        return self.about_all([key])[0]

    def about_all(self, keys: Sequence[str]) -> list[list[str]]:
        """The same of many, in one round trip."""
        with self._redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.zrevrange(ABOUT + key, 0, -1)
            answers = cast("list[list[bytes]]", pipe.execute())
        return [[told.decode() for told in answer] for answer in answers]

    def forget(self, *keys: str) -> None:
        """Removes jobs whose results have been deleted from the store."""
        if keys:
            with self._redis.pipeline(transaction=False) as pipe:
                for key in keys:
                    pipe.hmget(line_key(key), "model", "layer")
                layers = [of_layer(*map(bytes.decode, line)) for line in pipe.execute() if all(line)]
            with self._redis.pipeline(transaction=True) as pipe:
                for place in {INDEX, SCANS, *layers}:
                    pipe.zrem(place, *keys)
                pipe.delete(*map(line_key, keys), *(ABOUT + key for key in keys))
                pipe.execute()

    def complete(self, *, few: bool = False) -> bool:
        """False: the broker has been wiped since `rebuild`, so lines of older jobs are missing.

        `few`: of the kinds in `FEW`.
        """
        return bool(self._redis.exists(COMPLETE, *([_COMPLETE_FEW] if few else [])))

    def complete_layers(self) -> None:
        """Places all jobs under their layers, too, which versions from before did not. May be repeated."""
        layer_index.complete(self._redis, INDEX, _LINES)

    def rebuild(self, results: Iterable[Result], *, few: bool = False) -> int:
        """Adds missing lines below all others; returns the number of results read, 0 while another process does it.

        `results` are all there are, or all of the kinds in `FEW`.
        """
        complete, busy = (_COMPLETE_FEW, f"{_REBUILDING}:few") if few else (COMPLETE, _REBUILDING)
        if not self._redis.set(busy, b"1", nx=True, ex=_REBUILDING_EXPIRY):
            return 0
        try:
            known = sorted(((one.finished, one.key, one.spec) for one in self._renewing(busy, results)), reverse=True)
            # Those of few kinds stand below all others until all come back, so that no two have the same place.
            for below, (finished, key, spec) in enumerate(self._renewing(busy, known), _FAR_BELOW if few else 1):
                with self._redis.pipeline(transaction=True) as pipe:
                    for place in _places(key, spec):
                        pipe.zadd(place, {key: -below}, gt=True)
                    _relate(pipe, key, spec, finished)
                    if not self._redis.exists(line_key(key)):
                        pipe.hset(line_key(key), mapping=_fields(key, spec, finished, "succeeded"))
                    pipe.execute()
            self._redis.set(complete, b"1")
        finally:
            self._redis.delete(busy)
        return len(known)

    def _renewing(self, busy: str, those: Iterable[T]) -> Iterator[T]:
        """All of them; nobody else begins meanwhile, however long it takes."""
        for number, one in enumerate(those):
            if number % _RENEWED == 0:
                self._redis.expire(busy, _REBUILDING_EXPIRY)
            yield one


def _relate(pipe: Pipeline, key: str, spec: JobSpec, asked: datetime) -> None:
    subject = kind_of(key).subject(spec)
    if subject is not None:
        pipe.zadd(ABOUT + subject, {key: asked.timestamp()})


def _places(key: str, spec: JobSpec) -> list[str]:
    """The Redis keys of the sorted sets that a job is in."""
    layer = kind_of(key).listed(spec).layer
    return [listing(kind_of(key)), *([of_layer(spec.model, layer)] if layer else [])]


def listing(kind: Kind[Any]) -> str:
    """The Redis key of the sorted set with the keys of this kind."""
    return SCANS if kind is SCAN else INDEX


def _fields(key: str, spec: JobSpec, created: datetime, status: str) -> Any:
    layer, channel, sign = kind_of(key).listed(spec)
    return {
        "model": spec.model,
        "layer": layer or "",
        "channel": "" if channel is None else channel,
        "sign": sign or "",
        "status": status,
        "created": created.astimezone(UTC).isoformat(timespec="milliseconds"),
    }
