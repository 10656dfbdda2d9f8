"""The real renderer on a socket, with a network small enough for a step to take a millisecond."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from redis import Redis
from structlog.testing import capture_logs
from torch import nn

from featurelens.engine.activations import respond
from featurelens.engine.filters import filters_of
from featurelens.engine.network import Network
from featurelens.engine.photograph import crop_and_resize
from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.entries import ModelEntry
from featurelens.jobs.catalog.resolution import resolve
from featurelens.jobs.errors import ModelLoadFailed, RendererLost, RenderFailed
from featurelens.jobs.queue.liveness import RENDERER
from featurelens.jobs.settings import Settings
from featurelens.jobs.spec.activations import ActivationsSpec
from featurelens.jobs.spec.filters import FiltersSpec
from featurelens.jobs.spec.objective_spec import ObjectiveSpec
from featurelens.jobs.spec.objectives import DirectionObjective, InversionObjective, NeuronObjective
from featurelens.jobs.spec.visualization import MAX_STEPS, VisualizationSpec
from featurelens.jobs.store.folder import Folder
from featurelens.jobs.store.photos import Photos
from featurelens.worker.heartbeat import Heartbeat
from featurelens.worker.models.registry import Registry
from featurelens.worker.models.sources.download_progress import tell
from featurelens.worker.protocol import Ask, Finished, Progress
from featurelens.worker.renderer.renderer import Renderer
from featurelens.worker.slot.client import converse
from tests.support.local_network import write
from tests.support.photographs import corners, encoded
from tests.support.traces import exported
from tests.support.wait import until

CODE = """
from torch import nn

def build():
    return nn.Sequential(
        nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Conv2d(6, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(8, 5),
    )
"""
KEY = "fv1_" + "0" * 64
MANIFEST: dict[str, object] = {"factory": "model.py:build", "input_size": 32}
UNIT = {"layer": "3", "channel": 3}


def small(seed: int) -> nn.Module:
    """What `CODE` builds."""
    torch.manual_seed(seed)
    layers = (nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Conv2d(6, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return nn.Sequential(*layers, nn.Linear(8, 5))


class Patient(Registry):
    """Loads when it may."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, apart=False)
        self.may_load = threading.Event()
        self.may_load.set()

    def load(self, name: str) -> Network:
        assert self.may_load.wait(20)
        return super().load(name)


class Booth:
    """A renderer in a thread, and what slots do to it."""

    def __init__(self, redis: Redis, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "renderer.sock"
        self.networks = folder / "own"
        write(self.networks / "small", MANIFEST, small(0), CODE)
        self.registry = Patient(Settings(state=folder / "state", models=self.networks))
        self.photos = Photos(Folder(folder / "photos"))
        self.heartbeat = Heartbeat(redis, RENDERER)
        self.renderer = Renderer(self.path, torch.device("cpu"), self.registry, self.photos, self.heartbeat)
        self.catalog = Catalog(redis)
        self.thread = threading.Thread(target=self.renderer.run)

    def entry(self) -> ModelEntry:
        return next(entry for entry in self.registry.entries() if "small" in entry.aliases)

    def ask(self, **fields: Any) -> Ask:
        """As the service would: resolved against the catalog."""
        entry = self.entry()
        self.catalog.publish([entry])
        self.catalog.publish_layers(entry.name, self.registry.describe(entry.name))
        given = {"model": "small", "steps": 3, **({} if "objective" in fields else UNIT), **fields}
        spec, _ = resolve(self.catalog, VisualizationSpec.model_validate(given))
        return Ask(key=KEY, spec=spec, digest=entry.digest)

    def ask_unchecked(self, objective: ObjectiveSpec) -> Ask:
        """As the service would not: the objective is not held against the catalog."""
        ask = self.ask()
        channel = 3 if "channel" in objective.needs else None
        spec = ask.spec.model_copy(update={"objective": objective, "channel": channel})
        return ask.model_copy(update={"spec": spec})

    def render(self, ask: Ask) -> tuple[Finished, bytes, list[Progress]]:
        heard: list[Progress] = []
        finished, pixels = converse(self.path, ask, heard.append, lambda: True, patience=30)
        return finished, pixels, heard

    def dial(self, said: bytes) -> socket.socket:
        """A slot that has said this much."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(str(self.path))
        connection.sendall(said)
        return connection

    def pictures(self) -> int:
        return self.renderer.stats.read().pictures

    def lanes(self) -> int:
        return self.renderer.stats.read().lanes


@pytest.fixture
def booth(redis: Redis, tmp_path: Path) -> Iterator[Booth]:
    booth = Booth(redis, tmp_path)
    booth.thread.start()
    yield booth
    booth.renderer.stop()
    booth.thread.join(10)
    assert not booth.thread.is_alive()


def test_a_picture(booth: Booth) -> None:
    ask = booth.ask(size=[33, 47], snapshots=[0, 2])
    finished, pixels, heard = booth.render(ask)
    assert (finished.pictures, finished.height, finished.width, finished.channels) == (3, 33, 47, 3)
    assert (finished.steps, finished.columns, len(pixels)) == ([3, 0, 2], 3, finished.bytes)
    assert heard[-1].stage == "rendering"
    assert finished.numbers["weights"] in (ask.digest, f"sha256:{booth.registry.load('small').sha256}")
    assert booth.render(ask)[1] == pixels


def test_a_network_that_takes_its_time_to_load(booth: Booth) -> None:
    """It comes when somebody has heard of it: otherwise it may be there before a word is said."""
    stages: list[str] = []

    def report(progress: Progress) -> None:
        stages.append(progress.stage)
        booth.registry.may_load.set()

    ask = booth.ask()
    booth.registry.may_load.clear()
    converse(booth.path, ask, report, lambda: True, patience=30)
    assert (stages[0], stages[-1]) == ("loading", "rendering")


def test_its_ticks_are_in_the_trace(booth: Booth, monkeypatch: pytest.MonkeyPatch) -> None:
    with exported(monkeypatch) as spans:
        booth.render(booth.ask(steps=32).model_copy(update={"trace": f"00-{'a' * 32}-{'b' * 16}-01"}))
        booth.render(booth.ask(steps=2))
        found = [dict(span.attributes or {}) for span in spans.get_finished_spans() if span.name == "ticks"]
    assert [one["featurelens.step"] for one in found] == list(range(2, 33, 2))


def test_a_network_whose_weights_are_downloaded(booth: Booth, monkeypatch: pytest.MonkeyPatch) -> None:
    """How much has come is told until all of it has."""
    load, told = booth.registry.load, list[Progress]()

    def downloading(name: str) -> Network:
        tell(12, 97)
        until(lambda: told and told[-1].stage == "downloading")
        tell(97, 97)
        until(lambda: told[-1].stage == "loading")
        return load(name)

    monkeypatch.setattr(booth.renderer._networks, "_load", downloading)
    converse(booth.path, booth.ask(seed=97), told.append, lambda: True, patience=30)
    coming = [one for one in told if one.stage == "downloading"]
    assert {(one.downloaded, one.download_size) for one in coming} == {(12, 97)}
    assert (told[-1].stage, told[-1].downloaded) == ("rendering", None)


def test_the_last_of_a_lane_is_answered_at_once(booth: Booth) -> None:
    """Nothing else happens that would wake the loop to send what it has to say."""
    booth.render(booth.ask())
    begun = time.monotonic()
    for seed in range(5):
        booth.render(booth.ask(seed=seed))
        with pytest.raises(RenderFailed):
            booth.render(booth.ask_unchecked(NeuronObjective(type="neuron", x=60)))
    assert time.monotonic() - begun < 3


def test_slots_share_a_lane_and_free_their_places(booth: Booth) -> None:
    slots = [booth.dial(booth.ask(seed=seed, steps=MAX_STEPS).line()) for seed in range(3)]
    until(lambda: booth.pictures() == 3)
    assert booth.lanes() == 1
    other = booth.dial(booth.ask(layer="1", steps=MAX_STEPS).line())
    until(lambda: booth.pictures() == 4)
    assert booth.lanes() == 2
    slots[1].close()
    until(lambda: booth.pictures() == 3)
    other.close()
    until(lambda: booth.lanes() == 1)
    assert booth.render(booth.ask())[0].pictures == 1
    assert booth.pictures() == 2
    for slot in (slots[0], slots[2]):
        slot.close()
    until(lambda: booth.pictures() == 0)


def test_all_that_have_asked_by_then_begin_together(redis: Redis, tmp_path: Path) -> None:
    """One a turn, a lane would be full only after as many ticks as it has pictures."""
    booth = Booth(redis, tmp_path)
    slots = [booth.dial(booth.ask(seed=seed).line()) for seed in range(6)]
    booth.renderer._receive(timeout=1.0)
    assert len(booth.renderer._scheduler._waiting) == 6
    for slot in slots:
        slot.close()
    booth.renderer.stop()
    booth.renderer.run()


@pytest.mark.parametrize(
    ("objective", "reason"),
    [
        (NeuronObjective(type="neuron", x=60), r"position \(60, 14\) lies outside the layer.* 28 wide"),
        (DirectionObjective(type="direction", vector=[1.0] * 8, y=28), "lies outside the layer"),
        (InversionObjective(type="inversion", photo="sha256:" + "0" * 64), "no photograph sha256:000"),
    ],
)
def test_what_does_not_fit_fails_alone(booth: Booth, objective: ObjectiveSpec, reason: str) -> None:
    neighbour = booth.ask(steps=40)
    wrong = booth.ask_unchecked(objective)
    with ThreadPoolExecutor(3) as pool:
        others = [pool.submit(booth.render, neighbour) for _ in range(3)]
        with pytest.raises(RenderFailed, match=reason) as failed:
            booth.render(wrong)
        assert "Error" not in failed.value.detail
        for other in others:
            finished, pixels, _ = other.result()
            assert (finished.pictures, len(pixels)) == (1, 32 * 32 * 3)
            assert finished.numbers["activation"] > finished.numbers["curve"][0]


def test_a_layer_that_is_not_there(booth: Booth) -> None:
    """The log says which attempt it was."""
    ask = booth.ask()
    wrong = {"spec": ask.spec.model_copy(update={"layer": "nowhere"}), "attempt": "a1"}
    with capture_logs() as logged, pytest.raises(RenderFailed, match="nowhere"):
        booth.render(ask.model_copy(update=wrong))
    line = next(line for line in logged if line["event"] == "job failed")
    assert (line["key"], line["attempt"]) == (KEY, "a1")


def test_a_photograph(booth: Booth) -> None:
    photo = booth.photos.add(encoded(corners()))
    for kind in ("caricature", "inversion"):
        finished, _, _ = booth.render(booth.ask(layer="3", objective={"type": kind, "photo": photo}, size=[32, 40]))
        assert (finished.height, finished.width) == (32, 40)
        assert "cosine" in finished.numbers


def test_what_a_network_sees_in_a_photograph(booth: Booth) -> None:
    """Among pictures in the making, and the same as the engine says of the untouched network."""
    neighbour = booth.dial(booth.ask(steps=MAX_STEPS).line())
    until(lambda: booth.pictures() == 1)
    png = encoded(corners())
    entry = booth.entry()
    spec = ActivationsSpec(model=entry.name, photo=booth.photos.add(png), layers=["3", "6"], units=2, size=(32, 40))
    ask = Ask(key="fa1_" + "0" * 64, spec=spec, digest=entry.digest)
    finished, pixels, heard = booth.render(ask)
    assert (finished.pictures, pixels, heard[-1].stage) == (0, b"", "reading")
    seen = crop_and_resize(corners(), (32, 40), 3)
    expected = respond(booth.registry.load("small"), seen, ["3", "6"], units=2)
    said = [{"layer": name, **asdict(one)} for name, one in expected.items()]
    assert finished.numbers["layers"] == json.loads(json.dumps(said))
    assert finished.numbers["classes"] == [], "this network names no layer of classes"
    assert booth.pictures() == 1, "the neighbour goes on"
    neighbour.close()
    with pytest.raises(RenderFailed, match="no such layer: nowhere"):
        booth.render(ask.model_copy(update={"spec": spec.model_copy(update={"layers": ["nowhere"]})}))
    with pytest.raises(RenderFailed, match="no photograph"):
        booth.render(ask.model_copy(update={"spec": spec.model_copy(update={"photo": "sha256:" + "0" * 64})}))


def test_the_weights_of_a_unit(booth: Booth) -> None:
    """What the engine reads, and pictures of it."""
    entry = booth.entry()
    spec = FiltersSpec(model=entry.name, layer="3", channel=2, units=3, size=(32, 40))
    ask = Ask(key="ff1_" + "0" * 64, spec=spec, digest=entry.digest)
    finished, pixels, heard = booth.render(ask)
    assert (finished.pictures > 0, len(pixels), heard[-1].stage) == (True, finished.bytes, "reading")
    found = filters_of(booth.registry.load("small"), "3", 2, (32, 40), 3)
    told = finished.numbers["incoming"]["positive"]
    assert [one["channel"] for one in told] == [one.channel for one in found.incoming.positive]
    assert [one["strength"] for one in told] == pytest.approx(
        [one.strength for one in found.incoming.positive], rel=1e-5
    )
    with pytest.raises(RenderFailed, match="no layer nowhere"):
        booth.render(ask.model_copy(update={"spec": spec.model_copy(update={"layer": "nowhere"})}))


def test_weights_that_have_changed_are_refused(booth: Booth) -> None:
    before = booth.ask()
    booth.render(before)
    write(booth.networks / "small", MANIFEST, small(1), CODE)
    after = booth.ask()
    assert after.digest != before.digest
    assert booth.render(before)[0].pictures == 1, "it is warm still"
    assert booth.render(after)[1] != booth.render(before)[1]
    mixed = after.model_copy(update={"digest": before.digest})
    with pytest.raises(ModelLoadFailed, match="have changed since this was asked for"):
        booth.render(mixed)
    gone = after.spec.model_copy(update={"model": "local:small@sha256-000000000000"})
    with pytest.raises(ModelLoadFailed, match="there is no network"):
        booth.render(after.model_copy(update={"spec": gone}))


@pytest.mark.parametrize("said", [b"nonsense\n", b"{}\n", b'{"type": "watch"}\n', b"\xff\n"])
def test_nonsense_is_answered_in_words(booth: Booth, said: bytes) -> None:
    with booth.dial(said) as connection:
        connection.settimeout(5)
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert b"does not understand" in answer
    assert b"Traceback" not in answer
    assert booth.render(booth.ask())[0].pictures == 1


def test_slots_that_vanish_at_any_moment(booth: Booth) -> None:
    line = booth.ask(steps=MAX_STEPS).line()
    for said in (b"", line[:10], line[:-1], line):
        for _ in range(5):
            booth.dial(said).close()
    assert booth.render(booth.ask())[0].pictures == 1
    until(lambda: booth.pictures() == 0)


def test_stopping_closes_every_connection(booth: Booth) -> None:
    heard = threading.Event()

    def report(_: Progress) -> None:
        heard.set()

    with ThreadPoolExecutor(1) as pool:
        slot = pool.submit(converse, booth.path, booth.ask(steps=MAX_STEPS), report, lambda: True, 5)
        assert heard.wait(10)
        booth.renderer.stop()
        with pytest.raises(RendererLost):
            slot.result(10)
