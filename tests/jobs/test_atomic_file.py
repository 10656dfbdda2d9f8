"""A file is the old one or the new one, whole; nothing is left aside; a sync only where it is asked for."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from featurelens.jobs import atomic_file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "file"


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What has been synced, in order: `file` or `folder`."""
    calls: list[str] = []
    fsync = os.fsync

    def count(descriptor: int) -> None:
        calls.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", count)
    return calls


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def names(path: Path) -> set[str]:
    return {each.name for each in path.parent.iterdir()}


@pytest.mark.parametrize("durable", [True, False])
def test_replaces(path: Path, synced: list[str], durable: bool) -> None:
    for content in (b"old, and longer", b"new"):
        synced.clear()
        atomic_file.write(path, content, durable=durable)
        assert path.read_bytes() == content
        assert synced == (["file", "folder"] if durable else [])
    assert names(path) == {"file"}


@pytest.mark.parametrize("durable", [True, False])
def test_creates_once(path: Path, synced: list[str], durable: bool) -> None:
    assert atomic_file.create(path, b"first", durable=durable)
    assert synced == (["file", "folder"] if durable else [])
    assert not atomic_file.create(path, b"second", durable=durable)
    assert path.read_bytes() == b"first"
    assert names(path) == {"file"}


def test_what_is_kept_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "secret"
    assert atomic_file.kept(path, lambda: b"first", mode=atomic_file.OWNER_ONLY) == b"first"
    assert atomic_file.kept(path, lambda: b"second", mode=atomic_file.OWNER_ONLY) == b"first"
    assert path.stat().st_mode & 0o777 == atomic_file.OWNER_ONLY


def test_of_many_that_create_it_one_wins_whole(path: Path) -> None:
    contents = [bytes([number]) * 100_000 for number in range(8)]
    together = threading.Barrier(len(contents))

    def create(content: bytes) -> bool:
        together.wait()
        return atomic_file.create(path, content, durable=False)

    with ThreadPoolExecutor(len(contents)) as pool:
        won = list(pool.map(create, contents))
    assert won.count(True) == 1
    assert path.read_bytes() == contents[won.index(True)]
    assert names(path) == {"file"}


def test_while_it_is_written_the_old_one_is_there(path: Path) -> None:
    """And what is unfinished has a name that begins with a dot, which is how whoever tidies up knows it."""
    atomic_file.write(path, b"old", durable=False)
    with atomic_file.replacing(path, durable=False) as file:
        file.write(b"new")
        file.flush()
        (aside,) = names(path) - {"file"}
        assert aside.startswith(".file.")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


def test_a_write_that_fails_leaves_the_old_one(path: Path) -> None:
    atomic_file.write(path, b"old", durable=True)
    with pytest.raises(RuntimeError, match="half way"), atomic_file.replacing(path, durable=True) as file:
        file.write(b"ne")
        raise RuntimeError("half way")
    assert path.read_bytes() == b"old"
    assert names(path) == {"file"}


@pytest.mark.parametrize("publish", [atomic_file.write, atomic_file.create])
def test_a_sync_that_fails_publishes_nothing(
    path: Path, publish: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        publish(path, b"new", durable=True)
    assert names(path) == set()


@pytest.mark.parametrize(("mode", "kept"), [({}, 0o644), ({"mode": atomic_file.OWNER_ONLY}, 0o600)])
@pytest.mark.usefixtures("umask")
def test_mode(path: Path, mode: dict[str, int], kept: int) -> None:
    with atomic_file.replacing(path, durable=False, **mode):
        (aside,) = path.parent.iterdir()
        assert stat.S_IMODE(aside.stat().st_mode) == kept, "from its first byte on"
    assert stat.S_IMODE(path.stat().st_mode) == kept
    path.unlink()
    atomic_file.create(path, b"", durable=False, **mode)
    assert stat.S_IMODE(path.stat().st_mode) == kept


def test_a_new_file_is_new(tmp_path: Path, synced: list[str]) -> None:
    with atomic_file.new_file(tmp_path / "file", durable=True) as file:
        file.write(b"content")
    assert synced == ["file"]
    with pytest.raises(FileExistsError), atomic_file.new_file(tmp_path / "file", durable=True):
        pass
    assert (tmp_path / "file").read_bytes() == b"content"
