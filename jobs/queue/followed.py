"""Connections that follow the master: each try of a command asks the sentinels where it is.

redis-py's ask when a connection is taken from the pool, but try again where they were (redis-py issue 3874). Then every
command over a connection to a former master would fail once, where it could as well have been done by the new one.
"""

from __future__ import annotations

from typing import Any

from redis.sentinel import SentinelManagedConnection, SentinelManagedSSLConnection


class Followed(SentinelManagedConnection):
    """Without TLS."""

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        """Connects to the present master first where the connection was lost."""
        self._connect_retry()  # type: ignore[no-untyped-call]
        super().send_packed_command(command, check_health)  # type: ignore[no-untyped-call]


class FollowedTls(Followed, SentinelManagedSSLConnection):
    """The same over TLS."""
