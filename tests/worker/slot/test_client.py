"""The slot's end of the socket, against a peer that says exactly what the test wants."""

from __future__ import annotations

import hashlib
import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import ValidationError

from featurelens.jobs.errors import ModelLoadFailed, RendererLost, RenderFailed
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.worker.protocol import Ask, Failed, FileHead, Finished, Progress
from featurelens.worker.slot import client
from featurelens.worker.slot.client import converse
from featurelens.worker.slot.files import attached

ASK = Ask(
    key="fv1_" + "0" * 64, spec=VisualizationSpec(model="m", layer="l", channel=0, size=(32, 32)), digest="sha256:0"
)
STEP = Progress(stage="rendering", step=1, steps=2, score=0.5)
DONE = Finished(pictures=1, height=2, width=3, channels=3, numbers={"activation": 1.0})


@contextmanager
def peer(path: Path, words: list[bytes], stay: float = 0.0) -> Iterator[None]:
    """Accepts one connection, says `words` one by one, stays on the line for `stay` seconds."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            assert Ask.model_validate_json(connection.recv(1 << 16)) == ASK
            for word in words:
                connection.sendall(word)
                time.sleep(0.01)
            connection.settimeout(stay or 0.01)
            try:
                connection.recv(1)
            except TimeoutError:
                return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        thread.join()
        listener.close()


def test_a_picture_in_any_pieces(tmp_path: Path) -> None:
    said = STEP.line() + STEP.line() + DONE.line() + bytes(range(18))
    for size in (1, 7, len(said)):
        heard: list[Progress] = []
        path = tmp_path / str(size)
        with peer(path, [said[start : start + size] for start in range(0, len(said), size)]):
            finished, pixels = converse(path, ASK, heard.append, lambda: True)
        assert (heard, finished, pixels) == ([STEP, STEP], DONE, bytes(range(18)))


def test_files_follow_the_pixels(tmp_path: Path) -> None:
    heads = [FileHead(name=f"{part}.bin", media_type="x/y", bytes=part) for part in (3, 0, 5)]
    done = DONE.model_copy(update={"files": heads})
    with peer(tmp_path / "s", [done.line() + bytes(range(26))]):
        finished, payload = converse(tmp_path / "s", ASK, lambda _: None, lambda: True)
    assert (finished, payload) == (done, bytes(range(26)))
    contents, files = attached(finished, payload)
    assert list(map(bytes, contents)) == [bytes(range(18, 21)), b"", bytes(range(21, 26))]
    assert [(file.name, file.bytes) for file in files] == [("3.bin", 3), ("0.bin", 0), ("5.bin", 5)]
    assert [file.sha256 for file in files] == [hashlib.sha256(content).hexdigest() for content in contents]


@pytest.mark.parametrize("name", ["", "maps", "../maps.bin", "Maps.bin", "maps.bin/x", "maps.bin\n", "x" * 60 + ".b"])
def test_a_file_has_a_plain_name(name: str) -> None:
    with pytest.raises(ValidationError):
        FileHead(name=name, media_type="x/y", bytes=0)


@pytest.mark.parametrize("words", [[], [STEP.line()], [STEP.line()[:-5]], [DONE.line(), b"short"]])
def test_end_of_file(tmp_path: Path, words: list[bytes]) -> None:
    with peer(tmp_path / "s", words), pytest.raises(RendererLost, match="went away"):
        converse(tmp_path / "s", ASK, lambda _: None, lambda: True)


@pytest.mark.parametrize(
    ("code", "error"), [("model-load-failed", ModelLoadFailed), ("not-found", RenderFailed), ("?", RenderFailed)]
)
def test_refusals(tmp_path: Path, code: str, error: type[Exception]) -> None:
    with peer(tmp_path / "s", [Failed(code=code, detail="because").line()]), pytest.raises(error, match="because"):
        converse(tmp_path / "s", ASK, lambda _: None, lambda: True)


def test_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as there is a pulse it may last; without one it ends, but not at once."""
    monkeypatch.setattr(client, "SILENCE", 0.05)
    monkeypatch.setattr(client, "HUNG_PATIENCE", 0.2)
    pulses = itertools.chain([True, True], itertools.repeat(False))
    begun = time.monotonic()
    with peer(tmp_path / "s", [STEP.line()], stay=5), pytest.raises(RendererLost, match="stopped answering"):
        converse(tmp_path / "s", ASK, lambda _: None, lambda: next(pulses))
    assert 0.3 <= time.monotonic() - begun < 4


def test_nobody_there(tmp_path: Path) -> None:
    (tmp_path / "left over").touch()
    for name in ("missing", "left over"):
        with pytest.raises(RendererLost, match="no renderer"):
            converse(tmp_path / name, ASK, lambda _: None, lambda: True, patience=0.05)


def test_life_is_shown_while_nobody_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SILENCE", 0.05)
    looks = itertools.count()
    with pytest.raises(RendererLost):
        converse(tmp_path / "missing", ASK, lambda _: None, lambda: next(looks) < 0, patience=0.5)
    assert next(looks) >= 2


def test_the_listener_may_hang_up(tmp_path: Path) -> None:
    def enough(_: Progress) -> None:
        raise InterruptedError("enough")

    with peer(tmp_path / "s", [STEP.line()], stay=5), pytest.raises(InterruptedError, match="enough"):
        converse(tmp_path / "s", ASK, enough, lambda: True)
