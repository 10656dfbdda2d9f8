"""One launcher per state folder and port, and the embedded Valkey's configuration."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis

from featurelens.launcher.claim import Refused, check_port, claim_state, free_port
from featurelens.launcher.valkey import Valkey, embedded
from tests.support.paths import ROOT


def test_a_state_folder_is_claimed_once(tmp_path: Path) -> None:
    """The second hears who has it; once released it can be claimed again."""
    with claim_state(tmp_path, "worker"), pytest.raises(Refused, match=str(os.getpid())):
        claim_state(tmp_path, "worker")
    claim_state(tmp_path, "worker").close()


def test_a_taken_port_is_refused() -> None:
    """A free one is left free."""
    port = free_port()
    check_port("127.0.0.1", port)
    with socket.create_server(("127.0.0.1", port)), pytest.raises(Refused, match="is taken"):
        check_port("127.0.0.1", port)


@pytest.mark.parametrize("arguments", [("worker",), ("service",)])
def test_parts_alone_need_a_queue_to_share(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """One line, nothing started."""
    environment = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    answer = subprocess.run(
        (sys.executable, "-m", "featurelens.launcher", *arguments),
        env=environment | {"FEATURELENS_STATE": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "needs REDIS_URL" in answer.stderr


def test_settings_that_make_no_sense_are_one_line(tmp_path: Path) -> None:
    """Not a traceback."""
    answer = subprocess.run(
        (sys.executable, "-m", "featurelens.launcher"),
        env=os.environ | {"FEATURELENS_STATE": str(tmp_path), "PORT": "many"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (answer.returncode, answer.stdout) == (2, "")
    (line,) = answer.stderr.splitlines()
    assert "PORT" in line


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
