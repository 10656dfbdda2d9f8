"""Jobs done without queue, service or store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from featurelens.engine.lane import Lane
from featurelens.jobs.errors import (
    ModelLoadFailed,
    NotDescribable,
    OutOfRange,
    RenderFailed,
    UnknownLayer,
    UnknownModel,
    UnknownPhoto,
)
from featurelens.jobs.kinds import ACTIVATIONS, VISUALIZATION
from featurelens.jobs.settings import Settings
from featurelens.jobs.spec.activations import ActivationsSpec
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.folder import Folder
from featurelens.jobs.store.photos import Photos
from featurelens.worker.in_process import AT_ONCE, InProcess, KnownHere, Made
from featurelens.worker.protocol import Ask
from featurelens.worker.renderer.work import Work
from tests.support.photographs import corners, encoded


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Photos:
    return Photos(Folder(tmp_path_factory.mktemp("photos")))


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory, photos: Photos) -> InProcess:
    return InProcess(Settings(state=tmp_path_factory.mktemp("state"), device="cpu"), photos)


def asked(process: InProcess, channel: int = 3, steps: int = 2, **more: Any) -> Ask:
    fields = {"unit": f"patternnet/conv2:{channel}", "size": 48, "steps": steps, **more}
    return process.ask(VISUALIZATION, VisualizationSpec.model_validate(fields))


def made(process: InProcess, asks: Sequence[Ask]) -> dict[str, Made]:
    return {one.ask.key: one for one in process.make(asks)}


def test_more_than_go_at_once_are_all_made_and_alone_as_together(process: InProcess) -> None:
    asks = [asked(process, channel) for channel in range(AT_ONCE + 3)]
    together = made(process, asks)
    assert together.keys() == {ask.key for ask in asks}
    for ask in (asks[0], asks[-1]):
        (alone,) = process.make([ask])
        assert alone.images == together[ask.key].images
        assert alone.result is not None
        assert len(alone.result.numbers["curve"]) == 2
        assert [image.bytes for image in alone.result.images] == [len(png) for png in alone.images]


def test_each_step_is_reported(process: InProcess) -> None:
    steps: list[tuple[int, str]] = []

    def report(work: Work) -> None:
        steps.append((work.step, work.stage))

    (one,) = process.make([asked(process, steps=3)], report)
    assert one.error is None
    # A lane gets ready first, and may take its first step twice.
    assert {step for step, _ in steps} | {0} == {0, 1, 2}
    assert steps[-1][0] == 2
    assert {stage for _, stage in steps} == {"rendering"}


def test_one_that_fails_stops_no_other(process: InProcess) -> None:
    """Its photograph is not there."""
    blind = asked(process, objective={"type": "accentuation", "photo": "sha256:" + "0" * 64})
    fine = asked(process)
    found = made(process, [blind, fine])
    assert isinstance(found[blind.key].error, UnknownPhoto)
    assert found[fine.key].error is None


@pytest.mark.parametrize(
    ("method", "error", "told"),
    [
        ("tick", RuntimeError("no kernel\nand much more"), "RuntimeError: no kernel"),
        ("result", ValueError("it left the range of numbers"), "it left the range of numbers"),
    ],
)
def test_what_fails_on_the_way_is_told(
    process: InProcess, method: str, error: Exception, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(Lane, method, broken)
        found = made(process, [asked(process, 1), asked(process, 2)])
    assert [str(one.error) for one in found.values()] == [told] * 2
    assert all(isinstance(one.error, RenderFailed) for one in found.values())
    (again,) = process.make([asked(process, 1)])
    assert again.error is None


def test_activations(process: InProcess, photos: Photos) -> None:
    spec = ActivationsSpec(model="patternnet", photo=photos.add(encoded(corners())), layers=["conv4"], units=2)
    (one,) = process.make([process.ask(ACTIVATIONS, spec)])
    assert one.result is not None
    assert [layer["layer"] for layer in one.result.numbers["layers"]] == ["conv4"]
    assert one.images == []


def test_unknown_names(process: InProcess) -> None:
    with pytest.raises(UnknownModel) as model:
        asked(process, unit="paternnet/conv2:3")
    assert model.value.valid[0] == "patternnet"
    with pytest.raises(UnknownLayer):
        asked(process, unit="patternnet/konv2:3")
    with pytest.raises(OutOfRange):
        asked(process, channel=9999)


def test_what_cannot_be_described(process: InProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: str) -> None:
        raise ModelLoadFailed("no such file")

    known = KnownHere(process.registry)
    entry = known.model("patternnet")
    monkeypatch.setattr(process.registry, "describe", broken)
    with pytest.raises(NotDescribable, match="no such file"):
        known.layers(entry)
