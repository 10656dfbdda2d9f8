"""How fast one service process answers, compared with a static route of the same server, and with a full queue.

    python -m benchmarks.load

It starts a worker, an embedded Valkey and a service, and ends them. Every rate is the median of rounds in which all
routes take turns. The client runs in the process of the server that is measured, and takes about as much time as it.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi.staticfiles import StaticFiles

from featurelens.jobs.settings import Settings
from featurelens.launcher.claim import free_port
from featurelens.service.app import create_app
from tests.support.stack import Stack

ROUNDS, SECONDS, CONNECTIONS = 5, 2.0, 16
QUEUED = 2000
SPEC: dict[str, Any] = {"model": "patternnet", "layer": "logits", "channel": 1, "size": 224, "steps": 8}
WAITING = SPEC | {"steps": 512, "size": 96}


async def rate(host: str, port: int, path: str) -> float:
    """Answers per second over `CONNECTIONS` persistent connections."""
    end = time.monotonic() + SECONDS
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()

    async def ask() -> int:
        reader, writer = await asyncio.open_connection(host, port)
        count = 0
        while time.monotonic() < end:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.split(b":")[1]))
            count += 1
        writer.close()
        await writer.wait_closed()
        return count

    begun = time.monotonic()
    counts = await asyncio.gather(*(ask() for _ in range(CONNECTIONS)))
    return sum(counts) / (time.monotonic() - begun)


async def rates(settings: Settings, picture: Path, url: str) -> dict[str, float]:
    """The median rate of each route, all served by one process that also mounts the picture as a static file."""
    app = create_app(settings)
    app.mount("/static", StaticFiles(directory=picture.parent))
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, access_log=False))
    serving = asyncio.create_task(asyncio.to_thread(server.run))
    while not server.started:
        await asyncio.sleep(0.05)
    paths = {"static": f"/static/{picture.name}", "image": f"{url}/image", "status": url}
    found: dict[str, list[float]] = {name: [] for name in paths}
    for _ in range(ROUNDS):
        for name, path in paths.items():
            found[name].append(await rate("127.0.0.1", port, path))
    server.should_exit = True
    await serving
    return {name: statistics.median(values) for name, values in found.items()}


def asking(http: httpx.Client) -> list[float]:
    """Milliseconds of each of `QUEUED` POSTs of new pictures, one after the other."""
    times = []
    for seed in range(QUEUED):
        begun = time.perf_counter()
        answer = http.post("/v1/visualizations", json=WAITING | {"seed": seed})
        times.append(1000 * (time.perf_counter() - begun))
        assert answer.status_code == 202, answer.text
    return times


def main() -> None:
    """Measures and prints."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        with Stack(state, free_port()) as stack:
            url = str(stack.post(**SPEC).headers["location"])
            stack.finished(url)
            picture = next(state.glob("results/*/*/image-0.png"))
            settings = Settings(state=state, redis_url="redis://127.0.0.1:1")
            found = asyncio.run(rates(settings, picture, url))
            print(f"one service process, {CONNECTIONS} connections, a picture of {picture.stat().st_size:,} bytes")
            for name, value in found.items():
                print(f"  {name:7} {value:7.0f} a second   {value / found['static']:.2f} of the static route")
            times = sorted(asking(stack.http))
            p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
            print(f"{QUEUED} new pictures asked for while rendering: p50 {p50:.1f} ms, p99 {p99:.1f} ms")
            late = sorted(_again(stack.http))
            print(f"200 more with {QUEUED} in the queue: p50 {late[100]:.1f} ms, p99 {late[198]:.1f} ms")


def _again(http: httpx.Client) -> list[float]:
    times = []
    for seed in range(QUEUED, QUEUED + 200):
        begun = time.perf_counter()
        assert http.post("/v1/visualizations", json=WAITING | {"seed": seed}).status_code == 202
        times.append(1000 * (time.perf_counter() - begun))
    return times


if __name__ == "__main__":
    main()
