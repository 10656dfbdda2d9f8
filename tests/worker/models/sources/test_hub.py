"""Weights that model.json names on the hub, which here is a server on this machine."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import save
from torch import nn

from featurelens.jobs.errors import ModelLoadFailed
from featurelens.worker.models.sources.download_progress import Downloaded, told_to
from featurelens.worker.models.sources.hub import HubFile
from featurelens.worker.models.sources.local import Local
from tests.support.local_network import CODE, MANIFEST, digits

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HUB = {"repo": "somebody/digits", "file": "weights/model.safetensors", "revision": COMMIT}


class Hub(ThreadingHTTPServer):
    """Has one file. `etag` is what it tells of it."""

    content: bytes
    etag: str
    asked: list[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        if self._answer():
            self.wfile.write(self.server.content)

    def _answer(self) -> bool:
        self.server.asked.append(f"{self.command} {self.path}")
        there = self.path == f"/somebody/digits/resolve/{COMMIT}/weights/model.safetensors"
        self.send_response(200 if there else 404)
        if there:
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("ETag", '"0"')
            self.send_header("X-Linked-ETag", f'"{self.server.etag}"')
            self.send_header("X-Linked-Size", str(len(self.server.content)))
            self.send_header("Content-Length", str(len(self.server.content)))
        else:
            self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("Content-Length", "0")
        self.end_headers()
        return there

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def module() -> nn.Module:
    return digits()


@pytest.fixture
def hub(module: nn.Module, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    server = Hub(("127.0.0.1", 0), _Handler)
    server.content = save({name: value.contiguous() for name, value in module.state_dict().items()})
    server.etag, server.asked = hashlib.sha256(server.content).hexdigest(), []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def own(tmp_path: Path) -> Local:
    folder = tmp_path / "own" / "digits"
    folder.mkdir(parents=True)
    (folder / "model.json").write_text(json.dumps({**MANIFEST, "hub": HUB}))
    (folder / "model.py").write_text(CODE)
    return Local(folder.parent, tmp_path / "cache")


def test_weights_are_fetched_once_and_verified(hub: Hub, own: Local, module: nn.Module, tmp_path: Path) -> None:
    (entry,) = own.entries()
    assert (entry.name, entry.downloaded, entry.sha256) == (f"local:digits@hub-{COMMIT[:12]}", False, None)
    told: list[Downloaded] = []
    with told_to(told.append):
        network = own.load(entry)
    assert told[-1] == (len(hub.content), len(hub.content))
    picture = torch.rand(1, 1, 28, 28)
    torch.testing.assert_close(network.module(picture), module.eval()(picture))
    (again,) = own.entries()
    assert (again.name, again.digest) == (entry.name, entry.digest), "what is fetched changes no identity"
    assert (again.downloaded, again.sha256, network.sha256) == (True, hub.etag, hub.etag)
    asked = len(hub.asked)
    own.load(again)
    assert len(hub.asked) == asked


def test_once_there_nothing_else_is_needed(hub: Hub, own: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    (entry,) = own.entries()
    own.load(entry)
    monkeypatch.setattr(importlib.util, "find_spec", lambda *_: None)
    own.load(entry)


def test_without_the_extra_it_is_named(own: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda *_: None)
    (entry,) = own.entries()
    with pytest.raises(ModelLoadFailed, match=r"pip install 'featurelens\[hub\]'"):
        own.load(entry)


def test_another_file_than_the_hub_tells_of(hub: Hub, own: Local) -> None:
    hub.etag = "0" * 64
    (entry,) = own.entries()
    with pytest.raises(ModelLoadFailed, match="damaged"):
        own.load(entry)
    hub.etag = hashlib.sha256(hub.content).hexdigest()
    assert own.load(entry).sha256 == hub.etag


def test_what_is_named_is_counted(own: Local, tmp_path: Path) -> None:
    """Another commit, file or repository is another network."""
    file, digests = tmp_path / "own" / "digits" / "model.json", set()
    for change in ({}, {"revision": "f" * 40}, {"file": "b.safetensors"}, {"repo": "another"}):
        file.write_text(json.dumps({**MANIFEST, "hub": {**HUB, **change}}))
        digests.add(own.entries()[0].digest)
    assert len(digests) == 4


def test_a_file_that_changes_afterwards(hub: Hub, own: Local, tmp_path: Path) -> None:
    (entry,) = own.entries()
    own.load(entry)
    HubFile.model_validate(HUB).place(tmp_path / "cache").write_bytes(b"another")
    with pytest.raises(ModelLoadFailed, match="damaged"):
        own.load(entry)


def test_what_the_hub_does_not_have(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(ModelLoadFailed, match=r"other\.safetensors of somebody/digits could not be fetched"):
        HubFile.model_validate({**HUB, "file": "other.safetensors"}).fetch(tmp_path)


def test_nobody_there(own: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    (entry,) = own.entries()
    with pytest.raises(ModelLoadFailed, match="could not be fetched"):
        own.load(entry)


def test_one_of_both(own: Local, tmp_path: Path) -> None:
    (tmp_path / "own" / "digits" / "model.safetensors").write_bytes(b"")
    assert own.entries() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"revision": "main"},
        {"revision": COMMIT[:12]},
        {"file": "pytorch_model.bin"},
        {"file": "../model.safetensors"},
        {"file": "/etc/model.safetensors"},
        {"repo": "../.."},
        {"repo": "a/b/c"},
        {"repo": "https://elsewhere.example/x"},
    ],
)
def test_what_may_be_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        HubFile.model_validate({**HUB, **wrong})
