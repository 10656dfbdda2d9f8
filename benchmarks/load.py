"""How fast a service answers what people wait for, beside another checkout in the same minutes, and with a full queue.

    python -m benchmarks.load [--against CHECKOUT] [--workers N] [--rounds N]

It starts Featurelens, has some pictures made, then starts a service process of this checkout (and one of CHECKOUT) on
the same store and broker. All routes of both take turns, so that both have the same machine. Told are the medians of
answers per second, and the processor time of the service per answer, which a busy machine changes least.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from featurelens.jobs import process_stat
from featurelens.launcher.claim import free_port
from tests.support.paths import ROOT
from tests.support.processes import children, environment_of, processes
from tests.support.stack import Stack

SECONDS, CONNECTIONS = 2.0, 16
PICTURES, QUEUED = 24, 2000
SPEC: dict[str, Any] = {"model": "patternnet", "layer": "logits", "channel": 1, "size": 224, "steps": 8}
WAITING = SPEC | {"steps": 512, "size": 96}


@dataclass
class Service:
    """One that answers on `port`, and what was measured of it by route: rates, seconds of the processor, waits."""

    port: int
    pid: int
    rates: dict[str, list[float]] = field(default_factory=dict)
    busy: dict[str, list[float]] = field(default_factory=dict)
    waits: dict[str, list[float]] = field(default_factory=dict)

    async def measure(self, name: str, path: str) -> None:
        """Asks over `CONNECTIONS` persistent connections for `SECONDS`."""
        before, begun = _processor(self.pid), time.monotonic()
        waits = [
            wait for waits in await asyncio.gather(*(self._ask(path) for _ in range(CONNECTIONS))) for wait in waits
        ]
        seconds = time.monotonic() - begun
        self.rates.setdefault(name, []).append(len(waits) / seconds)
        self.busy.setdefault(name, []).append((_processor(self.pid) - before) / len(waits))
        self.waits.setdefault(name, []).extend(waits)

    async def _ask(self, path: str) -> list[float]:
        end = time.monotonic() + SECONDS
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
        waits = []
        while (begun := time.monotonic()) < end:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.split(b":")[1]))
            waits.append(time.monotonic() - begun)
        writer.close()
        await writer.wait_closed()
        return waits


@contextmanager
def service(checkout: Path, state: Path, redis_url: str, **more: str) -> Iterator[Service]:
    """A service process of `checkout`, in its own environment, on the store and the broker of another."""
    port = free_port()
    told = {"FEATURELENS_STATE": str(state), "REDIS_URL": redis_url, "PORT": str(port)} | more
    python = checkout / ".venv/bin/python"
    command = [python if python.exists() else sys.executable, "-P", "-m", "featurelens.service"]
    process = subprocess.Popen(command, cwd=checkout, env=os.environ | told, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/readyz").raise_for_status()
                break
            except httpx.HTTPError:
                assert process.poll() is None
                time.sleep(0.1)
        yield Service(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--against", type=Path, help="another checkout of Featurelens")
    parser.add_argument("--workers", default="1", help="processes of the service of this checkout")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as held:
        state = Path(folder) / "state"
        stack = held.enter_context(Stack(state, free_port()))
        urls = [str(stack.post(**SPEC, seed=seed).headers["location"]) for seed in range(PICTURES)]
        for url in urls:
            stack.finished(url)
        broker = redis_url(state)
        new = held.enter_context(service(ROOT, state, broker, FEATURELENS_HTTP_WORKERS=chosen.workers))
        old = held.enter_context(service(chosen.against.absolute(), state, broker)) if chosen.against else None
        paths = {
            "image": f"{urls[0]}/image",
            "status": urls[0],
            "thumbnail": f"{urls[0]}/image?width=128&format=webp",
            "list": "/v1/visualizations",
            "list of one channel": "/v1/visualizations?model=patternnet&layer=logits&channel=1&limit=10",
        }
        for _ in range(chosen.rounds):
            for name, path in paths.items():
                for one in filter(None, (old, new)):
                    asyncio.run(one.measure(name, path))
        print(f"{CONNECTIONS} connections, {PICTURES} pictures, {chosen.workers} process(es)")
        for name in paths:
            print(f"  {name:20}{_told(new, name)}{_beside(new, old, name) if old else ''}")
        times = sorted(_asking(stack.http, range(QUEUED)))
        print(f"{QUEUED} new pictures asked for while rendering: {_percentiles(times)}")
        late = sorted(_asking(stack.http, range(QUEUED, QUEUED + 200)))
        print(f"200 more with {QUEUED} in the queue: {_percentiles(late)}")


def _told(one: Service, name: str) -> str:
    rate, busy = statistics.median(one.rates[name]), 1000 * statistics.median(one.busy[name])
    return f"{rate:7.0f} a second, {busy:6.3f} ms of the processor each, {_percentiles(sorted(one.waits[name]), 1000)}"


def _beside(new: Service, old: Service, name: str) -> str:
    rate = statistics.median(new / old for new, old in zip(new.rates[name], old.rates[name], strict=True))
    busy = statistics.median(old / new for new, old in zip(new.busy[name], old.busy[name], strict=True))
    return (
        f"\n{'':22}before:{_told(old, name)}\n{'':22}{rate:.1f} times the rate, {busy:.1f} times less of the processor"
    )


def _percentiles(times: list[float], unit: float = 1.0) -> str:
    return f"p50 {unit * times[len(times) // 2]:.1f} ms, p99 {unit * times[int(len(times) * 0.99)]:.1f} ms"


def _asking(http: httpx.Client, seeds: range) -> list[float]:
    """Milliseconds of each POST of a new picture, one after the other."""
    times = []
    for seed in seeds:
        begun = time.perf_counter()
        answer = http.post("/v1/visualizations", json=WAITING | {"seed": seed})
        times.append(1000 * (time.perf_counter() - begun))
        assert answer.status_code == 202, answer.text
    return times


def _processor(pid: int) -> float:
    """Seconds that a process and its children have had."""
    ticks = 0
    for one in (pid, *children(pid)):
        fields = process_stat.fields(one)
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def redis_url(state: Path) -> str:
    """That of the broker of the Featurelens with this state folder."""
    told = (line for one in processes(state) for line in environment_of(one.pid))
    return next(line for line in told if line.startswith("REDIS_URL=")).partition("=")[2]


if __name__ == "__main__":
    main()
