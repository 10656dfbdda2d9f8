"""Scans, and parts of scans, in processes of their own, which may be killed."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, cast

from featurelens.engine.network import Network
from featurelens.jobs import scan_rows
from featurelens.jobs.queue.broker import connect
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.jobs.store.objects import Objects
from featurelens.worker.datasets.decoder import Decoder, Pending
from featurelens.worker.protocol import Ask
from featurelens.worker.renderer.kinds.scan import Scans, ScanWork
from featurelens.worker.renderer.scans import pulse, reading
from featurelens.worker.renderer.scans.ledger import Ledger
from tests.support.scanning import Told, workshop
from tests.support.wait import until

ROWS = 3


class InPlace(Decoder):
    """Decodes at once, in the process that asks."""

    def __init__(self) -> None:
        self.processes = 1

    def ask(self, task: Any, *arguments: Any) -> Pending[Any]:
        pending: Pending[Any] = Pending(task, arguments)
        pending.answer = task(*arguments)
        return pending

    def forget(self, pending: Pending[Any]) -> None:
        """It is done."""

    def close(self) -> None:
        """There are no processes."""


def begun(state: Path | Objects, datasets: Path, ask: Ask, net: Network) -> tuple[Scans, ScanWork]:
    """A scan with small batches that writes a checkpoint after each."""
    scan_rows.MOST["cpu"] = ROWS
    reading.CHECKPOINT_EVERY = -1e9
    scans = workshop(state, datasets)
    scans._decoder._decoder = InPlace()
    work = scans.begin(ask, net, time.monotonic())
    assert isinstance(work, ScanWork)
    return scans, work


def finish(state: Path, datasets: Path, ask: Ask, net: Network) -> Told:
    """To the end."""
    most, every = scan_rows.MOST["cpu"], reading.CHECKPOINT_EVERY
    try:
        scans, work = begun(state, datasets, ask, net)
        while work not in work.tick([work]):
            continue
        return Told(scans, work)
    finally:
        scan_rows.MOST["cpu"], reading.CHECKPOINT_EVERY = most, every


def killed(state: Path, datasets: Path, ask: Ask, net: Network, images: int, dice: random.Random) -> int:
    """Kills one shortly after it has read so many images; returns how many it told of first."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(state, datasets, ask, net, theirs), daemon=True)
    process.start()
    steps: list[int] = []
    while not steps or steps[-1] < images:
        assert ours.poll(60)
        steps.append(cast("int", ours.recv()))
    time.sleep(dice.uniform(0, 0.01))
    process.kill()
    process.join()
    ours.close()
    theirs.close()
    return steps[0]


def read(state: Path, datasets: Path, ask: Ask, net: Network, part: range, batches: int = 10**9) -> None:
    """Reads a part of a scan, or so many batches of it, with nothing but a folder in common with who reads the rest."""
    scan_rows.MOST["cpu"] = ROWS
    assert isinstance(ask.spec, ScanSpec)
    assert ask.spec.identity is not None
    means = workshop(state, datasets)._means
    one = reading.Reading(ask.key, ask.spec, net, means, part)
    images = means.shelf.open(ask.spec.dataset, ask.spec.identity)
    for _ in one.steps(images, InPlace()):
        if one.done >= part.start + ROWS * batches:
            return


def read_apart(state: Path, datasets: Path, ask: Ask, net: Network, parts: Sequence[range]) -> None:
    """Each part in a process of its own, all at once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    each = [context.Process(target=read, args=(state, datasets, ask, net, part), daemon=True) for part in parts]
    for process in each:
        process.start()
    for process in each:
        process.join(120)
        assert process.exitcode == 0


def helping(state: Path, datasets: Path, url: str, net: Network) -> tuple[BaseProcess, Connection]:
    """A process that waits for what the broker at `url` offers, helps, and tells once that it has read something."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    ours, theirs = context.Pipe()
    process = context.Process(target=_help, args=(state, datasets, url, net, theirs), daemon=True)
    process.start()
    assert ours.poll(240), "it takes as long as its libraries"
    ours.recv()
    return process, ours


def _help(state: Path, datasets: Path, url: str, net: Network, told: Connection) -> None:
    """Slowly, once it has read something, and has said so."""
    scan_rows.MOST["cpu"], reading.CHECKPOINT_EVERY, pulse.EVERY = ROWS, -1e9, 0.0
    scans = workshop(state, datasets, ledger=Ledger(connect(url)))
    scans._decoder._decoder = InPlace()
    told.send(0)
    (ask, _) = until(Ledger(connect(url)).offers)[0]
    work = scans.begin(Ask.model_validate_json(ask), net, time.monotonic())
    while work not in work.tick([work]):
        if work.step > ROWS and not told.closed:  # the checkpoint of the first batch is written
            told.send(work.step)
            told.close()
        time.sleep(0.1 if told.closed else 0.0)


def _run(state: Path, datasets: Path, ask: Ask, net: Network, told: Connection) -> None:
    _, work = begun(state, datasets, ask, net)
    while work not in work.tick([work]):
        if work.step:
            told.send(work.step)
    told.send(10**9)
    time.sleep(60)
