"""The embedded Valkey's configuration, and what is told when its data cannot be read."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis

from featurelens.launcher.children import Child
from featurelens.launcher.valkey import Valkey, embedded


async def answers(server: Valkey) -> bool:
    """Whether it is ready within 5 s."""
    async with asyncio.timeout(5):
        while not await server.role.ready(0):
            await asyncio.sleep(0.02)
    return True


@contextmanager
def running(server: Valkey) -> Iterator[Redis]:
    """A client of the server, which is stopped in the end."""
    process = subprocess.Popen(server.role.command, stdout=subprocess.DEVNULL)
    try:
        assert asyncio.run(answers(server))
        with Redis.from_url(server.url) as redis:
            yield redis
    finally:
        process.terminate()
        assert process.wait(10) == 0


def test_valkey_keeps_its_data_and_its_password(tmp_path: Path) -> None:
    """What was written is there after a restart; a stranger on the machine gets nothing."""
    state = tmp_path / 'a "quoted" folder'
    for expected in (None, b"here"):
        server = embedded(state, None)
        assert (state / "valkey" / "valkey.conf").stat().st_mode & 0o077 == 0
        with running(server) as redis:
            assert redis.get("mark") == expected
            redis.set("mark", "here")


def test_garbage_in_the_append_only_file(tmp_path: Path) -> None:
    """The way out is told, and it is one: the command, as it is printed, keeps what was written before the damage."""
    state, log = tmp_path / "it's here", tmp_path / "valkey.log"
    with running(embedded(state, log)) as redis:
        for number in range(100):
            redis.set(f"mark {number}", "here")
        redis.set("last", "lost")
    (file,) = (state / "valkey" / "appendonlydir").glob("*.incr.aof")
    content = file.read_bytes()
    file.write_bytes(content[: content.index(b"last") - 20] + b"\x00garbage" * 20)

    server = embedded(state, log)
    child = Child(server.role, os.environ, lambda _: None)
    asyncio.run(child.start())
    assert child.process is not None
    assert child.process.wait() == 1
    told = child.end_of_log()
    assert "appendonly.aof.1.incr.aof is damaged" in told.replace("'", "")
    (command,) = re.findall(r"^  (bash -c .*)$", told, re.MULTILINE)
    subprocess.run(command, shell=True, input=b"y\n", stdout=subprocess.DEVNULL, check=True, timeout=20)

    with running(server) as redis:
        assert (redis.get("mark 98"), redis.get("last")) == (b"here", None)
