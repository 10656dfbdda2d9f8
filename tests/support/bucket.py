"""A real S3-compatible server as a process of its own, with one bucket; it can go away and come back, empty."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
from obstore.store import S3Store

from featurelens.launcher.claim import free_port
from tests.support.wait import until

BUCKET = "pictures"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "us-east-1"}


class BucketServer:
    """Started when entered; listens at the address `host`."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._host = host
        self._port = free_port()
        self.endpoint = f"http://{host}:{self._port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        program = Path(sys.executable).with_name("moto_server")
        command = [str(program), "-H", self._host, "-p", str(self._port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self._listens)
        self.empty()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def hang(self) -> None:
        """Takes connections and says nothing, until it is stopped."""
        self._process.send_signal(signal.SIGSTOP)

    def empty(self) -> None:
        httpx.post(f"{self.endpoint}/moto-api/reset").raise_for_status()
        httpx.put(f"{self.endpoint}/{BUCKET}").raise_for_status()

    def objects(self) -> S3Store:
        """What is in the bucket, to look at and to damage."""
        return S3Store(
            BUCKET, endpoint=self.endpoint, virtual_hosted_style_request=False, client_options={"allow_http": True}
        )

    def _listens(self) -> bool:
        with closing(socket.socket()) as probe:
            return probe.connect_ex((self._host, self._port)) == 0
