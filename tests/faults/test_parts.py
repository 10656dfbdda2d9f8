"""Parts hang, vanish or forget; what was accepted is made, and what is finished is served throughout."""

from __future__ import annotations

import logging
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from jobs.broker import connect
from jobs.settings import Settings
from tests.e2e.processes import processes
from tests.e2e.stack import Stack, eventually
from tests.faults.conftest import FULL
from tests.worker.machine_room import children

LOG = logging.getLogger(__name__)
"""Figures: --log-cli-level=INFO shows them."""

LONG: dict[str, Any] = {"model": "patternnet", "layer": "logits", "channel": 1, "steps": 200, "size": 96}
SHORT: dict[str, Any] = LONG | {"steps": 4, "size": 64}


def brokers(stack: Stack) -> list[int]:
    """The launcher's Valkey; it writes its title over its environment, so that it is not among `processes`."""
    commands = {pid: Path(f"/proc/{pid}/cmdline") for pid in children(stack.launcher.pid)}
    return [pid for pid, command in commands.items() if command.exists() and b"valkey-server" in command.read_bytes()]


def cached(stack: Stack) -> str:
    """The address of a finished picture."""
    url = stack.post(**SHORT).headers["location"]
    stack.finished(url)
    return f"{url}/image"


def accept(stack: Stack, **spec: Any) -> str:
    answer = stack.post(**spec)
    assert answer.status_code == 202, answer.text
    return str(answer.headers["location"])


@pytest.mark.parametrize("seconds", [2, 20, 60] if FULL else [2, 8])
def test_the_broker_does_not_answer(stack: Stack, seconds: int) -> None:
    """As behind a broken network: connections stay open, and nothing comes back."""
    image = cached(stack)
    urls = [accept(stack, **LONG, seed=1000 + 10 * seconds + number) for number in range(3)]
    stack.running(urls[0])
    (pid,) = brokers(stack)
    os.kill(pid, signal.SIGSTOP)
    try:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert stack.http.get(image).status_code == 200
            assert stack.http.get("/livez").status_code == 200
            time.sleep(0.2)
    finally:
        os.kill(pid, signal.SIGCONT)
    for url in urls:
        stack.finished(url)


@pytest.mark.parametrize("moment", ["queued", "running"])
def test_the_broker_is_killed(stack: Stack, moment: str) -> None:
    """It comes back with what it had written down a second ago."""
    image = cached(stack)
    urls = [accept(stack, **LONG, seed=2000 + 10 * len(moment) + number) for number in range(4)]
    if moment == "running":
        stack.running(urls[0])
    time.sleep(1.2)
    (before,) = brokers(stack)
    os.kill(before, signal.SIGKILL)
    eventually(lambda: set(brokers(stack)) - {before}, 20, "a broker again")
    assert stack.http.get(image).status_code == 200
    eventually(lambda: _ready(stack), 30, "ready again")
    for url in urls:
        stack.finished(url)


def test_the_broker_is_wiped(stack: Stack) -> None:
    """Nothing stays in flight for ever; what is asked for again is made."""
    urls = [accept(stack, **LONG, seed=3000 + number) for number in range(4)]
    stack.running(urls[0])
    _redis(stack).flushall()
    for url in urls:
        assert stack.http.get(url).status_code in {200, 404}
    eventually(lambda: _ready(stack), 40, "ready again")
    for number, url in enumerate(urls):
        assert stack.post(**LONG, seed=3000 + number).status_code in {200, 202}
        stack.finished(url)


def test_a_hung_renderer(stack: Stack) -> None:
    """Stopped, so that not even its own watchdog runs; the launcher misses its heartbeat."""
    urls = [accept(stack, **LONG, seed=4000 + number) for number in range(2)]
    for url in urls:
        stack.running(url)
    (renderer,) = stack.children("worker.renderer")
    os.kill(renderer.pid, signal.SIGSTOP)
    begun = time.monotonic()
    eventually(lambda: [p for p in stack.children("worker.renderer") if p.pid != renderer.pid], 60, "another renderer")
    LOG.info("another renderer after %.1f s", time.monotonic() - begun)
    for url in urls:
        stack.finished(url)


@pytest.mark.parametrize("victim", ["service", "worker.renderer", "worker.slot"])
def test_killed_while_pictures_wait(stack: Stack, victim: str) -> None:
    """Before any of them has begun."""
    urls = [accept(stack, **LONG | {"steps": 60}, seed=5000 + 10 * len(victim) + number) for number in range(6)]
    for process in stack.children(victim):
        os.kill(process.pid, signal.SIGKILL)
    eventually(lambda: _ready(stack), 60, "ready again")
    for url in urls:
        stack.finished(url)


def test_a_hundred_at_once(stack: Stack) -> None:
    """One render, whoever asked."""
    before = stack.see("/v1/status")["ended"].get("succeeded", 0)
    spec = SHORT | {"steps": 40, "seed": 6000}
    with ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(lambda _: stack.post(**spec), range(100)))
    assert {answer.status_code for answer in answers} <= {200, 202}
    assert len({answer.json()["key"] for answer in answers}) == 1
    assert sum(not answer.json()["deduplicated"] for answer in answers if answer.status_code == 202) == 1
    stack.finished(answers[0].headers["location"])
    assert stack.see("/v1/status")["ended"]["succeeded"] == before + 1


@pytest.mark.parametrize("damage", ["torn", "flipped", "no result"])
def test_damaged_in_the_store(stack: Stack, damage: str) -> None:
    """Never served; made again when asked for."""
    spec = SHORT | {"seed": 7000 + len(damage)}
    url = str(stack.post(**spec).headers["location"])
    stack.finished(url)
    whole = stack.http.get(f"{url}/image").content
    folder = next(stack.state.glob(f"results/*/{url.rsplit('/', 1)[1]}"))
    picture, result = folder / "image-0.png", folder / "result.json"
    match damage:
        case "torn":
            picture.write_bytes(whole[: len(whole) // 2])
        case "flipped":
            picture.write_bytes(whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:])
        case _:
            result.write_bytes(result.read_bytes()[:-9])
    assert stack.http.get(f"{url}/image").status_code == 404
    assert stack.post(**spec).status_code == 202
    stack.finished(url)
    again = stack.http.get(f"{url}/image")
    assert again.status_code == 200
    assert len(again.content) > 100


@pytest.mark.skipif(not FULL, reason="FEATURELENS_FAULTS=full asks for it")
def test_many_pictures_in_flat_memory(stack: Stack) -> None:
    """The renderer's memory after the first hundred and after all."""
    (renderer,) = stack.children("worker.renderer")
    sizes = []
    for first in range(0, 500, 100):
        urls = [stack.post(**_mixed(number)).headers["location"] for number in range(first, first + 100)]
        for url in urls:
            stack.finished(url, within=300)
        status = Path(f"/proc/{renderer.pid}/status").read_text()
        sizes.append(int(status.partition("VmRSS:")[2].split()[0]) // 1024)
    LOG.info("the renderer takes %s MiB after each hundred pictures", sizes)
    assert sizes[-1] < sizes[0] * 1.15 + 20


def _mixed(number: int) -> dict[str, Any]:
    sign = "negative" if number % 3 == 0 else "positive"
    size = (64, 80, 96)[number % 3]
    return SHORT | {"seed": 8000 + number, "size": size, "steps": 2 + number % 5, "sign": sign}


def _redis(stack: Stack) -> Any:
    with suppress(StopIteration):
        line = next(
            part for one in processes(stack.state) for part in _environment(one.pid) if part.startswith("REDIS_URL=")
        )
        return connect(line.partition("=")[2])
    return connect(Settings().redis_url)


def _environment(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def _ready(stack: Stack) -> bool:
    try:
        return stack.http.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False
