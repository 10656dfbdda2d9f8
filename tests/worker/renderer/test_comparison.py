"""A comparison as the renderer makes it: a pass each tick, and what the engine says of the same pictures."""

from __future__ import annotations

import itertools
from pathlib import Path as File
from typing import Any

import pytest
import torch
from PIL import Image

from featurelens.engine import path_similarity
from featurelens.engine.path_similarity import Path, likeness, path
from featurelens.engine.photograph import as_picture
from featurelens.jobs.errors import RenderFailed, UnknownPhoto
from featurelens.jobs.kinds import comparison as kind
from featurelens.jobs.spec.comparison import ComparisonSpec
from featurelens.jobs.store.folder import Folder
from featurelens.jobs.store.photos import Photos
from featurelens.worker.datasets.shelf import Shelf
from featurelens.worker.protocol import Ask
from featurelens.worker.renderer.kinds.comparison import Comparisons, ComparisonWork
from tests.support.killable import InPlace
from tests.support.oriented import oriented
from tests.support.photographs import encoded

LAYERS = ["convolved", "rectified", "means"]
SIZE = (24, 32)
FILES = ("a/0.png", "a/1.png", "a/2.png", "b/0.png", "b/1.png", "b/broken.png")


def noise(seed: int) -> Image.Image:
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.randint(256, (*SIZE, 3), generator=generator, dtype=torch.uint8)
    return Image.fromarray(pixels.numpy())


@pytest.fixture
def asked(tmp_path: File) -> tuple[Comparisons, Ask]:
    """Two pictures, three examples and three other images, of which one is broken."""
    for number, name in enumerate(FILES):
        place = tmp_path / "datasets" / "tiny" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"\x89PNG\r\n\x1a\n" if "broken" in name else encoded(noise(number)))
    photos, shelf = Photos(Folder(tmp_path / "photos")), Shelf(tmp_path / "datasets")
    entry = next(one for one in shelf.entries() if one.name == "tiny")
    spec = ComparisonSpec(
        model="oriented",
        visualization="fv1_" + "0" * 64,
        layer="means",
        channel=1,
        sign="positive",
        others=["fv1_" + "1" * 64],
        photos=[photos.add(encoded(noise(seed))) for seed in (10, 11)],
        layers=LAYERS,
        dataset="tiny",
        identity=entry.identity,
        scan="fs1_" + "0" * 64,
        by="strongest_mean",
        examples=[2, 0, 1],
        random=[5, 4, 3],
        size=SIZE,
    )
    comparisons = Comparisons(photos, shelf)
    comparisons._decoder._decoder = InPlace()
    return comparisons, Ask(key="fc1_" + "0" * 64, spec=spec, digest="none")


def ended(work: ComparisonWork) -> list[int]:
    """Ticks to the end; the steps that were done after each."""
    steps = []
    while work not in work.tick([work]):
        steps.append(work.step)
    return steps


def paths(*seeds: int) -> list[Path]:
    net = oriented()
    return [path(net, as_picture(noise(seed), SIZE, net), LAYERS)[0] for seed in seeds]


def test_the_paths_are_those_of_the_pictures(asked: tuple[Comparisons, Ask]) -> None:
    comparisons, ask = asked
    work = comparisons.begin(ask, oriented(), 0.0)
    steps = ended(work)
    assert (steps[:2], work.step) == ([1, 2], 8)
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(steps)), "a pass a tick"
    finished, payload = work.finish()
    assert (payload, finished.files, finished.pictures) == (b"", [], 0)
    told: dict[str, Any] = finished.numbers
    assert told["broken"] == [5]
    assert (told["device"], told["precision"]) == ("cpu", "float32")
    assert [layer["layer"] for layer in told["layers"]] == LAYERS
    assert [layer["numbers"] for layer in told["layers"]] == [4 * 24 * 32, 4 * 24 * 32, 4]
    pictures, examples, others = paths(10, 11), paths(2, 0, 1), paths(4, 3)
    for layer in told["layers"]:
        for by, found in (("whole", layer), ("means", layer["means"])):
            expected = likeness(layer["layer"], pictures, examples, others, "whole" if by == "whole" else "means")
            assert found["each"] == pytest.approx(list(expected.each), abs=1e-6)
            for name, spread in (
                ("picture", expected.picture),
                ("examples", expected.examples),
                ("random", expected.others),
                ("seeds", expected.seeds),
            ):
                assert spread is not None
                assert found[name] == pytest.approx(spread._asdict(), abs=1e-6)
    assert list(comparisons.groups()) == []
    assert comparisons._decoder._decoder is None


def test_given_up(asked: tuple[Comparisons, Ask]) -> None:
    comparisons, ask = asked
    work = comparisons.begin(ask, oriented(), 0.0)
    for _ in range(4):
        work.tick([work])
    work.leave()
    assert list(comparisons.groups()) == []


def test_an_example_that_cannot_be_read(asked: tuple[Comparisons, Ask]) -> None:
    comparisons, ask = asked
    spec = ask.spec.model_copy(update={"examples": [5, 0]})
    work = comparisons.begin(ask.model_copy(update={"spec": spec}), oriented(), 0.0)
    with pytest.raises(RenderFailed, match="image 5, one of the best"):
        ended(work)


def test_a_data_set_that_has_changed(asked: tuple[Comparisons, Ask], tmp_path: File) -> None:
    comparisons, ask = asked
    (tmp_path / "datasets" / "tiny" / "a" / "0.png").unlink()
    with pytest.raises(RenderFailed, match="has changed"):
        ended(comparisons.begin(ask, oriented(), 0.0))


def test_a_picture_that_is_gone(asked: tuple[Comparisons, Ask]) -> None:
    comparisons, ask = asked
    gone = ask.spec.model_copy(update={"photos": ["sha256:" + "0" * 64]})
    with pytest.raises(UnknownPhoto):
        comparisons.begin(ask.model_copy(update={"spec": gone}), oriented(), 0.0)


def test_as_many_numbers_as_its_memory_is_estimated_by() -> None:
    assert path_similarity.MOST == kind.RANKED
