"""When a renderer offers its help with scans, and that it takes it back."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import pytest
import torch
from redis import Redis

from featurelens.jobs.kinds.base import DATASET, holding_of_dataset
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.renderers import tell_holdings, worker_of
from featurelens.jobs.queue.ticket import Wanted
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.worker.protocol import Ask, Failed, Finished
from featurelens.worker.renderer import volunteer
from featurelens.worker.renderer.device import Device, versions
from featurelens.worker.renderer.scans.ledger import Ledger
from featurelens.worker.renderer.scans.sharing import Whole, shared
from featurelens.worker.renderer.volunteer import Volunteer
from tests.support.renderers import appear
from tests.support.wait import until

ID, KEY, IMAGES = "machine.1", "fs1_" + "0" * 64, 1000
DEVICE = Device.of(torch.device("cpu"))
SPEC = ScanSpec(model="m", dataset="d", layers=["l"], size=(8, 8), identity="sha256:" + "0" * 64, images=IMAGES)
HELD = holding_of_dataset("d", SPEC.identity)


@dataclass
class Bench:
    """A renderer that is asked, and what is told to it."""

    redis: Redis
    listener: socket.socket
    wanted: Event = field(default_factory=Event)

    def offer(self, **conditions: str) -> Whole:
        """A scan is read by another renderer."""
        JobQueue(self.redis).submit_all([Wanted(KEY, SPEC, "digest", needs=(HELD,))])
        ask = Ask(key=KEY, spec=SPEC, digest="digest", help=True)
        whole = Whole(Ledger(self.redis), KEY, ask.model_dump_json())
        here = {"device": "cpu", "instructions": DEVICE.instructions, "threads": torch.get_num_threads()}
        whole.open(shared({"rows": 4, **here, "versions": versions(), **conditions}), 4, IMAGES, [])
        whole.hold(0, 0)
        return whole

    def asked(self) -> socket.socket:
        """The connection on which it is asked."""
        connection, _ = self.listener.accept()
        connection.settimeout(20)
        line = connection.makefile("rb").readline()
        ask = Ask.model_validate_json(line)
        assert (ask.key, ask.help) == (KEY, True)
        return connection

    def not_asked(self, seconds: float = 0.5) -> bool:
        self.listener.settimeout(seconds)
        with pytest.raises(TimeoutError):
            self.listener.accept()
        return True


@pytest.fixture
def bench(redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(volunteer, "LOOK_EVERY", 0.05)
    appear(redis, ID)
    tell_holdings(redis, worker_of(ID), DATASET, [HELD])
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()
        listener.settimeout(20)
        bench = Bench(redis, listener)
        thread = Volunteer(redis, ID, path, DEVICE, bench.wanted.is_set)
        thread.start()
        yield bench
        thread.stop()
        thread.join(20)
        assert not thread.is_alive()


def test_it_asks_its_renderer_until_nothing_is_left(bench: Bench) -> None:
    whole = bench.offer()
    with bench.asked() as connection:
        connection.sendall(Finished(numbers={"read": 4}).line())
    with bench.asked() as connection:
        whole.close()
        connection.sendall(Finished(numbers={"read": 4}).line())
    assert bench.not_asked()


def test_it_hangs_up_when_there_is_a_job(bench: Bench) -> None:
    bench.offer()
    with bench.asked() as connection:
        bench.wanted.set()
        assert connection.recv(1) == b""
    assert bench.not_asked()
    bench.wanted.clear()
    bench.listener.settimeout(20)
    bench.asked().close()


def test_what_it_could_not_help_with_is_left_alone(bench: Bench) -> None:
    bench.offer()
    with bench.asked() as connection:
        connection.sendall(Failed(code="render-failed", detail="no").line())
    assert bench.not_asked()


def test_a_renderer_that_goes_away(bench: Bench) -> None:
    bench.offer()
    bench.asked().close()
    assert bench.not_asked()


@pytest.mark.parametrize("named", ["device", "instructions", "threads", "versions"])
def test_where_bits_would_be_others_it_is_no_help(bench: Bench, named: str) -> None:
    bench.offer(**{named: "another"})
    assert bench.not_asked()


def test_it_needs_the_data_set(bench: Bench) -> None:
    tell_holdings(bench.redis, worker_of(ID), DATASET, [holding_of_dataset("another", SPEC.identity)])
    bench.offer()
    assert bench.not_asked()
    tell_holdings(bench.redis, worker_of(ID), DATASET, [HELD])
    bench.listener.settimeout(20)
    bench.asked().close()


def test_an_offer_of_another_version(bench: Bench) -> None:
    """Is not understood, and does no harm."""
    whole = bench.offer()
    bench.asked().close()
    bench.redis.hset("featurelens:scans-read", KEY, '{"type": "ask", "new": 1}')
    assert bench.not_asked()
    whole.close()
    until(lambda: not Ledger(bench.redis).offers())
