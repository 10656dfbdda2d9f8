"""Network namespaces: a hub, in which the program itself runs again, and machines that have a cable to it.

Addresses are of 198.18.0.0/15, which is for measurements (RFC 2544); nothing in the hub has a way out.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.wait import until

HUB = "198.18.0.1"

_INSIDE = "FEATURELENS_BENCHMARK_HUB"


def enter_hub(module: str) -> None:
    """Runs this program again as `module` in a namespace of its own, unless it is there already."""
    if _INSIDE not in os.environ:
        rights = [] if os.geteuid() == 0 else ["--map-root-user"]
        command = ["unshare", *rights, "--net", sys.executable, "-m", module, *sys.argv[1:]]
        os.execvpe(command[0], command, os.environ | {_INSIDE: "1"})
    _ip("link", "set", "lo", "up")
    _ip("address", "add", f"{HUB}/32", "dev", "lo")


class Place:
    """A namespace with a name of its own as host, reached from the hub at `address`. Made when entered."""

    def __init__(self, number: int) -> None:
        self.name = f"machine{number}"
        self.address = f"198.18.{number}.2"
        self._gateway = f"198.18.{number}.1"
        self._cable = f"cable{number}"

    def __enter__(self) -> Self:
        self._holder = subprocess.Popen(["unshare", "--net", "--uts", "sleep", "infinity"])
        ours, theirs = Path("/proc/self/ns/uts"), Path(f"/proc/{self._holder.pid}/ns/uts")
        until(lambda: theirs.readlink() != ours.readlink(), 20, "a namespace")
        pid = str(self._holder.pid)
        _ip("link", "add", self._cable, "type", "veth", "peer", "name", "hub", "netns", pid)
        _ip("address", "add", f"{self._gateway}/24", "dev", self._cable)
        _ip("link", "set", self._cable, "up")
        for command in (
            ["hostname", self.name],
            ["ip", "link", "set", "lo", "up"],
            ["ip", "address", "add", f"{self.address}/24", "dev", "hub"],
            ["ip", "link", "set", "hub", "up"],
            ["ip", "route", "add", "default", "via", self._gateway],
        ):
            subprocess.run(self.inside(*command), check=True)
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._holder.send_signal(signal.SIGKILL)
        self._holder.wait()

    def inside(self, *command: str) -> list[str]:
        """The command, to be run in it; the process is then `command` itself."""
        return ["nsenter", "--target", str(self._holder.pid), "--net", "--uts", *command]

    def cut(self, seconds: float) -> None:
        """Pulls the cable for so long: nobody is told, packets go nowhere."""
        _ip("link", "set", self._cable, "down")
        time.sleep(seconds)
        _ip("link", "set", self._cable, "up")


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
