"""The renderer's socket: where slots look for it, however deep that lies, and there again when it has vanished."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from featurelens.jobs.unix_address import LIMIT, unix_address
from featurelens.worker.renderer import listener
from featurelens.worker.renderer.listener import Listener, NoSocket

DEEP = "/".join(["a folder"] * 20)


@pytest.fixture(autouse=True)
def _looks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "LOOK_EVERY", 0.0)


def reached(path: Path, listening: Listener) -> bool:
    """Whether who connects to the path comes to the listener."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client, unix_address(path) as address:
        client.connect(address)
        accepted, _ = listening.socket.accept()
        accepted.close()
        return True


@pytest.mark.parametrize("folder", [".", DEEP])
@pytest.mark.parametrize("vanishes", ["socket", "folder"])
def test_there_again(tmp_path: Path, folder: str, vanishes: str) -> None:
    path = tmp_path / folder / "state" / "renderer.sock"
    assert (len(str(path)) > LIMIT) == (folder == DEEP)
    listening = Listener(path)
    assert reached(path, listening)
    assert not listening.renewed()
    path.unlink()
    if vanishes == "folder":
        path.parent.rmdir()
    assert listening.renewed()
    assert reached(path, listening)
    assert path.stat().st_mode & 0o077 == 0
    listening.socket.close()


def test_another_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "renderer.sock"
    listening, other = Listener(path), Listener(path)
    assert listening.renewed()
    assert reached(path, listening)
    for one in (listening, other):
        one.socket.close()


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    """At the start and later."""
    path = tmp_path / "renderer.sock"
    listening = Listener(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(NoSocket, match="there is a folder"):
        listening.renewed()
    with pytest.raises(NoSocket, match="there is a folder"):
        Listener(path)
    listening.socket.close()
