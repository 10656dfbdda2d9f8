"""What finished pictures cost the broker and the start of a service, on synthetic ones: as many lines as are asked for.

    python -m benchmarks.million [--pictures 100000] [--files 5000] [--only synthetic|commands]

Starts the embedded Valkey with the lines of so many finished pictures, written as the real code writes them, and a
store of so many files, and prints bytes and commands a picture, and how long lists, starts, rebuilding and a look for
what to evict take.
"""

from __future__ import annotations

import argparse
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import httpx
from redis import Redis, RedisError

from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.kinds.base import SWEEP_QUEUE
from featurelens.jobs.queue import index
from featurelens.jobs.queue.broker import connect
from featurelens.jobs.queue.index import INDEX, JobIndex, line_key
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.record import record_key
from featurelens.jobs.queue.records import Records
from featurelens.jobs.queue.ticket import Wanted
from featurelens.jobs.queue.unit_index import UnitIndex
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.checked_reads import RESULT, image_name
from featurelens.jobs.store.file_store import FileStore
from featurelens.jobs.store.result import sealed
from featurelens.launcher.claim import free_port
from featurelens.launcher.valkey import embedded
from featurelens.service.eviction.evictable import EvictableResults
from tests.support.paths import ROOT
from tests.support.results import result
from tests.support.stack import Stack
from tests.support.wait import until

LAYERS, CHANNELS = 40, 512
TOGETHER = 5000
"""Lines in one round trip."""

_WRITE = """
for number = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  local digest = redis.sha1hex(number)
  local key = ARGV[3] .. digest .. string.sub(digest, 1, 24)
  local channel, layer = number % ARGV[5], math.floor(number / ARGV[5]) % ARGV[4]
  redis.call('HSET', KEYS[2] .. key, 'layer', 'inception' .. layer .. 'a', 'channel', channel, unpack(ARGV, 6))
  redis.call('ZADD', KEYS[1], number + 1, key)
end
"""

LIVES = 1000
"""Pictures that go through all of a record's states."""

PICTURE = secrets.token_bytes(85_000)
"""As large as a picture of 224 px."""

CHANNELS_SWEPT, SINGLES = 64, 16
SINGLE: dict[str, Any] = {"model": "patternnet", "layer": "logits", "channel": 1, "steps": 32, "size": 64}
SWEEP: dict[str, Any] = {
    "model": "patternnet",
    "layer": "conv6",
    "channels": f"0-{CHANNELS_SWEPT - 1}",
    "steps": 32,
    "size": 64,
}
LOOKS = 5
"""Of which the median is told."""

LONG = 5000.0
"""Milliseconds."""

IDLE = 10.0
"""Seconds in which the commands of a service without work are counted."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.million", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--files", type=int, default=5_000, help="results in the store")
    parser.add_argument("--only", choices=("synthetic", "commands"), help="one of the two parts")
    options = parser.parse_args()
    print("| | |\n|---|---|")
    if options.only != "commands":
        _synthetic(options.pictures, options.files)
    if options.only != "synthetic":
        with tempfile.TemporaryDirectory() as folder, Stack(Path(folder) / "state", free_port()) as stack:
            _commands(stack)


def _synthetic(pictures: int, files: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        with _valkey(state) as url:
            redis = connect(url)
            _tell("start of a service, nothing there", _start(state, url))
            _lives(redis)
            redis.flushall()
            _lines(redis, pictures)
            _lists(redis, pictures)
            _tell(f"start of a service, {pictures:,} finished", _start(state, url))
            redis.flushall()
            _store(redis, state / "results", files)


@contextmanager
def _valkey(state: Path) -> Iterator[str]:
    valkey = embedded(state, None)
    assert valkey.role.prepare is not None
    valkey.role.prepare()
    process = subprocess.Popen(valkey.role.command, stdout=subprocess.DEVNULL)
    try:
        redis = connect(valkey.url)
        until(lambda: _listens(redis), 20, "Valkey listens")
        yield valkey.url
    finally:
        process.terminate()
        process.wait()


def _listens(redis: Redis) -> bool:
    try:
        return bool(redis.ping())
    except RedisError:
        return False


def _spec(number: int) -> VisualizationSpec:
    layer, channel = divmod(number % (LAYERS * CHANNELS), CHANNELS)
    return VisualizationSpec(
        model="googlenet", layer=f"inception{layer}a", channel=channel, size=(224, 224), seed=number
    )


def _key(number: int) -> str:
    return VISUALIZATION.prefix + sha256(number.to_bytes(8)).hexdigest()


def _used(redis: Redis) -> int:
    """Bytes, once all that was deleted is free."""
    until(lambda: redis.info("memory")["lazyfree_pending_objects"] == 0, 60, "memory is free")
    return int(redis.info("memory")["used_memory"])


def _lives(redis: Redis) -> None:
    """Bytes of a picture that waits, that has just been finished, and whose record has expired."""
    queue, records = JobQueue(redis), Records(redis)
    wanted = [Wanted(_key(number), _spec(number), "sha256:" + "0" * 64) for number in range(LIVES)]
    queue.submit_all(wanted[:1], SWEEP_QUEUE)  # what there is one of, whatever waits
    before, counts = _used(redis), _counts(redis)
    tickets = queue.submit_all(wanted[1:], SWEEP_QUEUE)
    _tell("commands to accept a picture of a sweep", f"{_told(_difference(redis, counts), len(tickets))}")
    _tell("bytes of a picture that waits", f"{(_used(redis) - before) / len(tickets):,.0f}")
    counts = _counts(redis)
    for one, ticket in zip(wanted[1:], tickets, strict=True):
        attempt = ticket.record.attempt
        assert records.start(one.key, attempt, "execution")
        assert records.progress(one.key, attempt, "execution", "optimizing", 128, 12.5, 1.0)
        assert records.commit(one.key, attempt, "execution")
        assert records.succeed(one.key, attempt, "execution")
        job = queue.of(SWEEP_QUEUE).fetch_job(attempt)
        assert job is not None
        job.delete()
    _tell("commands of its record, one report of progress", f"{_told(_difference(redis, counts), len(tickets))}")
    _tell("bytes of a finished one, on the first day", f"{(_used(redis) - before) / len(tickets):,.0f}")
    redis.delete(*(record_key(one.key) for one in wanted[1:]))
    _tell("bytes of a finished one afterwards", f"{(_used(redis) - before) / len(tickets):,.0f}")


def _lines(redis: Redis, pictures: int) -> None:
    """Has the broker write the lines of finished pictures, as the first, which the real code writes; what they take."""
    before, begun, first = _used(redis), time.monotonic(), _key(0)
    with redis.pipeline(transaction=True) as pipe:
        index.write(pipe, first, _spec(0), datetime.now(UTC), "succeeded", 60)
        pipe.persist(line_key(first))
        pipe.execute()
    fields = redis.hgetall(line_key(first))
    pairs = [part for pair in fields.items() for part in pair if pair[0] not in (b"layer", b"channel")]
    keys = [INDEX, line_key("")]
    for start in range(1, pictures, TOGETHER):
        end = min(start + TOGETHER, pictures) - 1
        redis.eval(_WRITE, 2, *keys, start, end, VISUALIZATION.prefix, LAYERS, CHANNELS, *pairs)
    JobIndex(redis).rebuild([])  # says that it is whole, as the service does
    first_keys = cast("list[bytes]", redis.zrange(INDEX, 0, 99))
    lengths = [redis.memory_usage(line_key(key.decode())) or 0 for key in first_keys]
    _tell("bytes of one line, as the broker tells", f"{min(lengths)} to {max(lengths)}")
    _tell(f"bytes a line, {pictures:,} lines", f"{(_used(redis) - before) / pictures:,.0f}")
    _tell("seconds to write them", f"{time.monotonic() - begun:.0f}")


def _lists(redis: Redis, pictures: int) -> None:
    """Medians of looks into the index: the service's own time for a page comes on top."""
    jobs, units = JobIndex(redis), UnitIndex(redis)
    middle = str(pictures // 2)
    rare: dict[str, Any] = {"layer": f"inception{LAYERS // 2}a", "channel": 7}
    looks: dict[str, Callable[[], object]] = {
        "first page of 20": lambda: jobs.page(VISUALIZATION, 20),
        "a page in the middle": lambda: jobs.page(VISUALIZATION, 20, middle),
        "of one channel, as far as one page looks": lambda: jobs.page(VISUALIZATION, 20, **rare),
        "of one channel, all pages": lambda: _all(jobs, rare),
        "the newest picture of each unit of a layer": lambda: units.newest("googlenet", "inception3a", 0, CHANNELS),
    }
    for name, look in looks.items():
        took = _median(look)
        _tell(f"{name}, {pictures:,} lines", f"{took:.1f} ms" if took < LONG else f"{took / 1000:.0f} s")


def _all(jobs: JobIndex, filters: dict[str, Any]) -> None:
    cursor: str | None = None
    while True:
        _, cursor = jobs.page(VISUALIZATION, 20, cursor, **filters)
        if cursor is None:
            return


def _store(redis: Redis, folder: Path, files: int) -> None:
    """Rebuilding the index from the store after the broker was wiped, and one look for what to evict."""
    for number in range(files):
        one = result((PICTURE,), _key(number), _spec(number))
        path = folder / one.key[4:6] / one.key
        path.mkdir(parents=True)
        (path / image_name(0)).write_bytes(PICTURE)
        (path / RESULT).write_bytes(sealed(one))
    store = FileStore(folder)
    begun = time.monotonic()
    assert JobIndex(redis).rebuild(store.results()) == files
    seconds = time.monotonic() - begun
    _tell(f"index rebuilt from {files:,} results", f"{seconds:.1f} s, {1000 * seconds / files:.2f} ms each")
    seconds = _median(lambda: sum(1 for _ in EvictableResults(store, folder).entries())) / 1000
    _tell(f"a look for what to evict, {files:,} results", f"{seconds:.2f} s, {1000 * seconds / files:.3f} ms each")


def _start(state: Path, url: str) -> str:
    """Until a new process of the service answers, and lists for the first time. No worker is there."""
    port = free_port()
    told = {"FEATURELENS_STATE": str(state), "REDIS_URL": url, "PORT": str(port)}
    command = [sys.executable, "-P", "-m", "featurelens.service"]
    begun = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | told, stderr=subprocess.DEVNULL)
    try:
        answer = until(lambda: _answer(f"http://127.0.0.1:{port}/livez"), 240, "an answer")
        seconds = time.monotonic() - begun
        began = time.monotonic()
        answer = httpx.get(f"http://127.0.0.1:{port}/v1/visualizations", timeout=60)
        return f"{seconds:.2f} s, then a list {1000 * (time.monotonic() - began):.0f} ms ({answer.status_code})"
    finally:
        process.terminate()
        process.wait()


def _answer(url: str) -> httpx.Response | None:
    try:
        return httpx.get(url).raise_for_status()
    except httpx.HTTPError:
        return None


def _commands(stack: Stack) -> None:
    """Commands a picture beyond those that a Featurelens without work sends in the same time."""
    redis = stack.redis()
    stack.finished(str(stack.post(**SINGLE, seed=1).headers["location"]))
    before = _counts(redis)
    time.sleep(IDLE)
    idle = {name: count / IDLE for name, count in _difference(redis, before).items()}
    _tell("commands a second without work", f"{sum(idle.values()):.0f}")
    for name, many in (("a sweep", _sweep), ("single requests one after another", _singles)):
        before, begun = _counts(redis), time.monotonic()
        pictures = many(stack)
        seconds = time.monotonic() - begun
        more = {what: count - idle.get(what, 0.0) * seconds for what, count in _difference(redis, before).items()}
        _tell(f"commands a picture of {name}, {pictures}", _told(more, pictures))


def _sweep(stack: Stack) -> int:
    answer = stack.http.post("/v1/sweeps", json=SWEEP)
    url = str(answer.headers["location"])
    until(lambda: stack.see(url)["counts"].get("succeeded") == CHANNELS_SWEPT or None, 180, "the sweep")
    return CHANNELS_SWEPT


def _singles(stack: Stack) -> int:
    for seed in range(2, 2 + SINGLES):
        stack.http.post("/v1/visualizations", json={**SINGLE, "seed": seed}, headers={"Prefer": "wait=20"})
    return SINGLES


def _counts(redis: Redis) -> Counter[str]:
    stats = cast("dict[str, dict[str, Any]]", redis.info("commandstats"))
    return Counter({name.removeprefix("cmdstat_"): int(told["calls"]) for name, told in stats.items()})


def _told(counts: Mapping[str, float], pictures: int) -> str:
    """Commands a picture, those within scripts included, and which are the most frequent."""
    most = sorted(counts.items(), key=lambda item: -item[1])[:6]
    shown = ", ".join(f"{what} {count / pictures:.1f}" for what, count in most)
    return f"{sum(counts.values()) / pictures:.0f} ({shown})"


def _difference(redis: Redis, before: Counter[str]) -> Counter[str]:
    return _counts(redis) - before


def _median(look: Callable[[], object]) -> float:
    """Milliseconds; one look is enough where it takes long."""
    times: list[float] = []
    while len(times) < LOOKS and sum(times) < LONG:
        begun = time.monotonic()
        look()
        times.append(1000 * (time.monotonic() - begun))
    return statistics.median(times)


def _tell(what: str, figure: str) -> None:
    print(f"| {what} | {figure} |", flush=True)


if __name__ == "__main__":
    main()
