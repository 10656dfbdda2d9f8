"""Valkey away or wiped, a hundred at once, damaged files: what was accepted is made, what is finished is served."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from tests.support.fault_injection import FULL, pids, ready
from tests.support.stack import Stack
from tests.support.stack_pictures import LONG, SHORT, accept, cached
from tests.support.wait import until


@pytest.mark.parametrize("seconds", [2, 22, 60] if FULL else [2])
def test_the_broker_does_not_answer(stack: Stack, seconds: int) -> None:
    """As behind a broken network: connections stay open, and nothing comes back."""
    image = cached(stack)
    urls = [accept(stack, **LONG, seed=1000 + 10 * seconds + number) for number in range(3)]
    stack.running(urls[0])
    (pid,) = pids(stack, "valkey")
    os.kill(pid, signal.SIGSTOP)
    try:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert stack.http.get(image).status_code == 200
            assert stack.http.get("/livez").status_code == 200
            time.sleep(0.2)
    finally:
        with suppress(ProcessLookupError):  # after 42 s the launcher takes another one
            os.kill(pid, signal.SIGCONT)
    for url in urls:
        stack.finished(url)


def test_the_broker_is_wiped(stack: Stack) -> None:
    """Nothing stays in flight for ever; what is asked for again is made."""
    urls = [accept(stack, **LONG, seed=3000 + number) for number in range(4)]
    stack.running(urls[0])
    with stack.redis() as redis:
        redis.flushall()
    for url in urls:
        assert stack.http.get(url).status_code in {200, 404}
    until(lambda: ready(stack), 40, "ready again")
    for number, url in enumerate(urls):
        assert stack.post(**LONG, seed=3000 + number).status_code in {200, 202}
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
    content = stack.http.get(f"{url}/image").content
    folder = next(stack.state.glob(f"results/*/{url.rsplit('/', 1)[1]}"))
    picture, result = folder / "image-0.png", folder / "result.json"
    match damage:
        case "torn":
            picture.write_bytes(content[: len(content) // 2])
        case "flipped":
            picture.write_bytes(content[:-20] + bytes([content[-20] ^ 1]) + content[-19:])
        case _:
            result.write_bytes(result.read_bytes()[:-9])
    assert stack.http.get(f"{url}/image").status_code == 404
    assert stack.post(**spec).status_code == 202
    stack.finished(url)
    again = stack.http.get(f"{url}/image")
    assert again.status_code == 200
    assert len(again.content) > 100
