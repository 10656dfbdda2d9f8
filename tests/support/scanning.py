"""Scans run as the renderer runs them, tick by tick, without a socket."""

from __future__ import annotations

import hashlib
import io
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import torch

from featurelens.engine.network import Network
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.jobs.store.file_store import FileStore
from featurelens.jobs.store.folder import Folder
from featurelens.jobs.store.objects import Objects
from featurelens.jobs.store.result import File, describe
from featurelens.worker.datasets.shelf import Shelf
from featurelens.worker.protocol import Ask
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.kinds.scan import Scans, ScanWork
from featurelens.worker.renderer.scans.checkpoints import Checkpoints
from featurelens.worker.renderer.scans.ledger import Ledger

KEY = "fs1_" + "0" * 64


def workshop(
    kept: Path | Objects, datasets: Path | None = None, *, thumbnails: bool = True, ledger: Ledger | None = None
) -> Scans:
    """Checkpoints are kept in this folder, or wherever."""
    objects = Folder(kept) if isinstance(kept, Path) else kept
    return Scans(Device.of(torch.device("cpu")), Shelf(datasets), Checkpoints(objects), thumbnails, ledger)


def asked(shelf: Shelf, network: Network, dataset: str, layers: list[str], size: tuple[int, int], keep: int = 9) -> Ask:
    """As the service would: resolved."""
    entry = next(one for one in shelf.entries() if one.name == dataset)
    spec = ScanSpec(
        model=network.name,
        dataset=dataset,
        layers=layers,
        keep=keep,
        size=size,
        identity=entry.identity,
        images=entry.images,
    )
    return Ask(key=KEY, spec=spec, digest=network.digest)


def advanced(scans: Scans, work: ScanWork, images: int | None = None) -> bool:
    """Ticks until so many images are read, or to the end; True: it has ended."""
    while images is None or work.step < images:
        if any(work in group.tick([work]) for group in scans.groups()):
            return True
    return False


class Told:
    """What a finished scan says."""

    def __init__(self, scans: Scans, work: ScanWork) -> None:
        message, payload = work.finish()
        self.numbers = message.numbers
        self.files: dict[str, bytes] = {}
        for head in message.files:
            self.files[head.name], payload = payload[: head.bytes], payload[head.bytes :]
        list(scans.groups())  # ends the processes that decode

    def unit(self, number: int) -> dict[str, Any]:
        """Found by its number."""
        told: dict[str, Any] = json.loads(self.files["units.jsonl"].splitlines()[number])
        return told

    def layer(self, name: str) -> list[dict[str, Any]]:
        found = map(json.loads, self.files["units.jsonl"].splitlines())
        return [one for one in found if one["layer"] == name]

    def keep(self, store: FileStore, ask: Ask) -> None:
        """As a worker keeps it."""
        files = tuple(
            File(name=name, media_type="x/y", bytes=len(one), sha256=hashlib.sha256(one).hexdigest())
            for name, one in self.files.items()
        )
        found = describe(ask.key, ask.spec, self.numbers, datetime.now(UTC)).model_copy(update={"files": files})
        store.put(found, [], list(self.files.values()))

    @property
    def table(self) -> Any:
        """As pandas would read it."""
        return pq.read_table(io.BytesIO(self.files["units.parquet"]))


def same(one: Told, other: Told) -> None:
    """To the bit."""
    assert one.files == other.files
    assert one.numbers | {"seconds": 0} == other.numbers | {"seconds": 0}


def scanned(scans: Scans, ask: Ask, network: Network) -> Told:
    """From beginning to end."""
    work = scans.begin(ask, network, time.monotonic())
    assert isinstance(work, ScanWork)
    assert advanced(scans, work)
    return Told(scans, work)
