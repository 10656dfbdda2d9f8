"""A master, its replica and two sentinels that watch them: real processes, with a failover after a second."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.valkey import Valkey
from tests.support.wait import until

MASTER, USER, PASSWORD, WATCH = "mymaster", "featurelens", "s3cret", "watch"

_SERVER = f"""\
save ""
repl-diskless-sync-delay 0
user {USER} on >{PASSWORD} ~* &* +@all
"""

_SENTINEL = f"""\
requirepass {WATCH}
sentinel sentinel-pass {WATCH}
sentinel monitor {MASTER} 127.0.0.1 {{watched}} 2
sentinel down-after-milliseconds {MASTER} 1000
sentinel failover-timeout {MASTER} 4000
"""


class WatchedValkey:
    """Started when entered; `url` names the sentinels, which ask for a password of their own."""

    def __init__(self, folder: Path) -> None:
        self.first = Valkey(folder, _SERVER)
        self.second = Valkey(folder, f"{_SERVER}replicaof 127.0.0.1 {self.first.port}\n")
        told = _SENTINEL.format(watched=self.first.port)
        self._sentinels = [Valkey(folder, told, "--sentinel", WATCH) for _ in range(2)]
        members = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self._sentinels)
        self.url = f"redis+sentinel://{USER}:{PASSWORD}@{members}/{MASTER}/0?sentinel_password={WATCH}"
        self._held = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as held:
            for server in (self.first, self.second, *self._sentinels):
                held.enter_context(server)
            until(lambda: self._replica_link() == "up", what="a replica")
            for sentinel in self._sentinels:
                until(lambda sentinel=sentinel: _knows_all(sentinel), what="a sentinel that knows all")  # type: ignore[misc]
            self._held = held.pop_all()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._held.close()

    def replicated(self) -> bool:
        """Whether the replica has what the master has acknowledged by now, after five seconds at most."""
        with self.first.client() as redis:
            redis.set("featurelens:probe", 1)
            return bool(redis.wait(1, 5000))

    def replace_master(self) -> None:
        """The second is the master from now on, the first its replica; no connection is cut, as sentinels would."""
        with self.first.client() as first, self.second.client() as second:
            second.replicaof("NO", "ONE")
            first.replicaof("127.0.0.1", self.second.port)
        for sentinel in self._sentinels:
            with sentinel.client() as redis:
                redis.sentinel_remove(MASTER)
                redis.sentinel_monitor(MASTER, "127.0.0.1", self.second.port, 1)

    def _replica_link(self) -> str:
        with self.second.client() as redis:
            return str(redis.info()["master_link_status"])


def _knows_all(sentinel: Valkey) -> bool:
    with sentinel.client() as redis:
        told = redis.sentinel_masters()[MASTER]
    return bool(told["num-slaves"] == 1 and told["num-other-sentinels"] == 1 and told["is_master"])
