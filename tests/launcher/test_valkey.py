"""The embedded Valkey's configuration."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

from redis import Redis

from featurelens.launcher.valkey import Valkey, embedded


async def answers(server: Valkey) -> bool:
    """Whether it is ready within 5 s."""
    async with asyncio.timeout(5):
        while not await server.role.ready(0):
            await asyncio.sleep(0.02)
    return True


def test_valkey_keeps_its_data_and_its_password(tmp_path: Path) -> None:
    """What was written is there after a restart; a stranger on the machine gets nothing."""
    state = tmp_path / 'a "quoted" folder'
    for expected in (None, b"here"):
        server = embedded(state, None)
        assert (state / "valkey" / "valkey.conf").stat().st_mode & 0o077 == 0
        process = subprocess.Popen(server.role.command, stdout=subprocess.DEVNULL)
        try:
            assert asyncio.run(answers(server))
            with Redis.from_url(server.url) as redis:
                assert redis.get("mark") == expected
                redis.set("mark", "here")
        finally:
            process.terminate()
            assert process.wait(10) == 0
