"""Scans of networks and images of which the answer is known."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image
from redis import Redis

from featurelens.engine.filters import filters_of
from featurelens.jobs import addresses, scan_rows
from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.settings import Settings
from featurelens.jobs.store.file_store import FileStore
from featurelens.jobs.store.open_store import open_checkpoints
from featurelens.worker.datasets.shelf import Shelf
from featurelens.worker.models.inspection.layers import describe
from featurelens.worker.models.patternnet.patterns import LABELS
from featurelens.worker.models.registry import Registry
from featurelens.worker.renderer.scans import reading
from tests.support import killable
from tests.support.bucket import BUCKET, CREDENTIALS, BucketServer
from tests.support.catalog import ENTRY
from tests.support.line_images import BIAS, IMAGES, KEEP, KERNELS, SIDE, orientations
from tests.support.scanning import Told, asked, scanned, workshop
from tests.support.server import Server
from tests.support.tiny_darknet import SHARED, link, needs_weights
from tests.support.wait import until


def grey(file: Path | io.BytesIO) -> NDArray[np.float64]:
    """(h, w), 0 to 255."""
    with Image.open(file) as image:
        return np.asarray(image.convert("L")).astype(np.float64)


def by_hand(path: Path) -> NDArray[np.float64]:
    """(4, SIDE, SIDE): the pre-activations, in float64."""
    windows = sliding_window_view(np.pad((grey(path) / 255 - 0.5) / 0.5, 2), (5, 5))
    found: NDArray[np.float64] = np.einsum("yxij,uij->uyx", windows, KERNELS) + BIAS[:, None, None]
    return found


def test_a_filter_for_each_orientation(lines: Path, tmp_path: Path) -> None:
    """Lists, positions, values, histograms, means and spreads are those computed by hand."""
    net, scans = orientations(), workshop(tmp_path / "state", lines)
    told = scanned(scans, asked(Shelf(lines), net, "lines", ["1"], (SIDE, SIDE), KEEP), net)
    files = sorted((lines / "lines").rglob("*.png"))
    maps = np.stack([by_hand(path) for path in files])
    maxima, means = maps.max((2, 3)), maps.mean((2, 3))
    assert told.numbers["layers"] == [
        {"name": "1", "channels": 4, "height": SIDE, "width": SIDE, "preactivation": True}
    ]
    for unit, name in enumerate(("lying", "standing", "falling", "rising")):
        said = told.unit(unit)
        assert (said["layer"], said["channel"], said["images"]) == ("1", unit, IMAGES)
        order = np.argsort(-maxima[:, unit], kind="stable")
        expected: dict[str, Sequence[Any]] = {
            "strongest": order[:KEEP].tolist(),
            "weakest": np.argsort(maxima[:, unit], kind="stable")[:KEEP].tolist(),
            "above": [one for one in order[::-1] if maxima[one, unit] > 0][:KEEP],
            "below": [one for one in order if maxima[one, unit] < 0][:KEEP],
            "strongest_mean": np.argsort(-means[:, unit])[:KEEP].tolist(),
        }
        assert said["middle"] == ("zero" if (maxima[:, unit] < 0).any() else "median")
        for listed, images in expected.items():
            if listed in {"above", "below"} and said["middle"] == "median":
                continue
            assert [one["image"] for one in said[listed]] == list(images), (name, listed)
            for one in said[listed]:
                which = means if listed == "strongest_mean" else maxima
                assert one["value"] == pytest.approx(which[one["image"], unit], abs=1e-5)
                assert one["label"] == files[one["image"]].parent.name
                if listed != "strongest_mean":
                    assert (one["y"], one["x"]) == np.unravel_index(maps[one["image"], unit].argmax(), (SIDE, SIDE))
        assert said["strongest"][0]["label"] == name
        assert said["labels"][0]["of"] == IMAGES
        assert said["active"] == (maxima[:, unit] > 0).mean()
        for quantity, values in (("maximum", maxima[:, unit]), ("mean", means[:, unit])):
            assert said[quantity]["mean"] == pytest.approx(values.mean(), abs=1e-6)
            assert said[quantity]["spread"] == pytest.approx(values.std(), abs=1e-6)
            binned(said[quantity]["histogram"], values)
        binned(said["mean_after"], maps[:, unit].clip(0).mean((1, 2)))
    rows = told.table.to_pylist()
    assert [row["strongest"][0]["image"] for row in rows] == [told.unit(u)["strongest"][0]["image"] for u in range(4)]
    assert told.table.schema.metadata[b"key"].startswith(b"fs1_")


def binned(bars: dict[str, Any], values: NDArray[np.float64]) -> None:
    edges = bars["low"] + bars["width"] * np.arange(len(bars["counts"]) + 1)
    assert bars["counts"] == np.histogram(values, edges)[0].tolist()


def test_crops_show_what_the_unit_saw(lines: Path, tmp_path: Path, redis: Redis, broker: str) -> None:
    """Over HTTP: five pixels each way around the position that is told, fewer at the border, cut out of the file.

    Crops are WebP with losses, so they differ a little; of all places in the image they are most like the right one.
    """
    net, shelf = orientations(), Shelf(lines)
    ask = asked(shelf, net, "lines", ["1"], (SIDE, SIDE), KEEP)
    told = scanned(workshop(tmp_path / "scans", lines), ask, net)
    settings = Settings(redis_url=broker, state=tmp_path)
    told.keep(FileStore(settings.results_folder), ask)
    catalog = Catalog(redis)
    catalog.publish([ENTRY.model_copy(update={"name": net.name, "aliases": (), "input_size": (SIDE, SIDE)})])
    catalog.publish_layers(net.name, describe(net.module, 3, (SIDE, SIDE)).layers)
    files = sorted((lines / "lines").rglob("*.png"))
    bordering = 0
    with Server(settings) as server:
        for one in (one for unit in range(4) for name in ("strongest", "weakest") for one in told.unit(unit)[name]):
            x, y = one["x"], one["y"]
            seen = {"layer": "1", "x": x, "y": y, "format": "png"}
            crop = grey(io.BytesIO(server.client.get(addresses.crop(ask.key, one["image"]), params=seen).content))
            whole = grey(files[one["image"]])
            top, left = max(0, y - 2), max(0, x - 2)
            by_hand = whole[top : y + 3, left : x + 3]
            assert crop.shape == by_hand.shape
            bordering += crop.shape != (5, 5)
            apart = abs(sliding_window_view(whole, crop.shape) - crop).mean((2, 3))
            assert np.unravel_index(apart.argmin(), apart.shape) == (top, left)
            assert apart.min() < 12
    assert bordering > 0


def test_filters_are_the_kernels_with_their_signs() -> None:
    """As weights of the network's input, over each of its three colors."""
    for unit, kernel in enumerate(KERNELS):
        filters = filters_of(orientations(), "1", unit, (SIDE, SIDE))
        assert filters.preactivation
        assert filters.picture is not None
        assert np.allclose(filters.picture, np.broadcast_to(kernel / 3, (3, 5, 5)), atol=1e-7)
        assert ((filters.picture > 0).numpy() == (kernel > 0)).all()
        (summand,) = filters.summands
        assert (summand.made, summand.layer, summand.kernel.bias) == ("convolution", "0", BIAS[unit])
        raises, lowers = filters.incoming.positive, filters.incoming.negative
        told = raises if kernel.sum() > 0 else lowers
        assert [(one.layer, one.channel) for one in told] == [(None, 0), (None, 1), (None, 2)]
        assert len(raises) + len(lowers) == 3
        assert told[0].sum == pytest.approx(kernel.sum() / 3, abs=1e-6)


def test_killed_ten_times_it_says_the_same(lines: Path, tmp_path: Path) -> None:
    """By SIGKILL, at any moment, its last checkpoint as old as may be: to the bit what it says when nothing happens."""
    net, ask = orientations(), asked(Shelf(lines), orientations(), "lines", ["1"], (SIDE, SIDE), KEEP)
    whole = killable.finish(tmp_path / "one", lines, ask, net)
    dice = random.Random(7)
    reached = [killable.killed(tmp_path / "two", lines, ask, net, 3 * number, dice) for number in range(1, 11)]
    again = killable.finish(tmp_path / "two", lines, ask, net)
    assert reached[0] == killable.ROWS
    assert reached[-1] > killable.ROWS, "an execution goes on where the one before was killed"
    assert again.files == whole.files
    assert again.numbers | {"seconds": 0} == whole.numbers | {"seconds": 0}
    until(lambda: [path.suffix for path in (tmp_path / "two").glob("[!.]*")] == [".whole"])


def test_another_machine_goes_on(lines: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing but the store in common, here a bucket: to the bit what one says that has read all by itself."""
    net, ask = orientations(), asked(Shelf(lines), orientations(), "lines", ["1"], (SIDE, SIDE), KEEP)
    whole = killable.finish(tmp_path / "alone", lines, ask, net)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(scan_rows.MOST, "cpu", killable.ROWS)
    monkeypatch.setattr(reading, "CHECKPOINT_EVERY", -1e9)
    monkeypatch.setattr(reading, "SELDOM", 0)
    with BucketServer() as server:
        shared = {"results": f"s3://{BUCKET}/x", "results_endpoint": server.endpoint}
        machines = [Settings.model_validate({"state": tmp_path / name} | shared) for name in ("one", "other")]
        one, other = map(open_checkpoints, machines)
        _, work = killable.begun(one, lines, ask, net)
        while work.step < IMAGES // 2:
            work.tick([work])
        work.leave()
        scans, work = killable.begun(other, lines, ask, net)
        steps = [work.step]
        while work not in work.tick([work]):
            steps.append(work.step)
        again = Told(scans, work)
        until(lambda: [name for name, _ in one.ages()] == [f"{ask.key}.whole"])
    assert min(filter(None, steps)) >= IMAGES // 2 - killable.ROWS
    assert again.files == whole.files


def test_patternnet_ranks_its_own_patterns_first(tmp_path: Path) -> None:
    """The logit of a class is the mean over the positions: its top 9 are of the class, for 95 % of the classes."""
    net = Registry(Settings(state=tmp_path), apart=False).load("patternnet")
    scans = workshop(tmp_path / "scans", thumbnails=False)
    told = scanned(scans, asked(Shelf(None), net, "patterns", ["logits"], (128, 128)), net)
    assert told.numbers["images"] == 40 * len(LABELS)
    units = told.layer("logits")
    for listed in ("strongest_mean", "likeliest"):
        right = [{one["label"] for one in unit[listed]} == {LABELS[unit["channel"]]} for unit in units]
        assert np.mean(right) >= 0.95, listed
    first = [unit["labels"][0]["label"] == LABELS[unit["channel"]] for unit in units]
    assert np.mean(first) >= 0.95
    assert "thumbnails.pack" not in told.files


@needs_weights
@pytest.mark.skipif(not (SHARED / "photos").exists(), reason=f"there are no photographs in {SHARED}")
def test_tiny_darknet_on_photographs(tmp_path: Path) -> None:
    """Of the classes that have a photograph: the likeliest example is of the class, for 70 % of them (75 %).

    By the logit alone it is 46 %, also in float64: what raises one class raises its neighbours, and only the
    probability sets them off (docs/decisions/0025-scans.md).
    """
    link(tmp_path / "models")
    registry = Registry(Settings(state=tmp_path, models=tmp_path / "models"), apart=False)
    net = registry.load("tiny_darknet")
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets" / "photos").symlink_to(SHARED / "photos")
    scans = workshop(tmp_path / "scans", tmp_path / "sets", thumbnails=False)
    ask = asked(Shelf(tmp_path / "sets"), net, "photos", [net.classes_layer or ""], (224, 224))
    told = scanned(scans, ask, net)
    assert net.labels is not None
    there = {path.name.replace("_", " ") for path in (SHARED / "photos").iterdir() if path.is_dir()}
    right = [
        unit["likeliest"][0]["label"].replace("_", " ") == net.labels[unit["channel"]]
        for unit in told.layer(net.classes_layer or "")
        if net.labels[unit["channel"]] in there
    ]
    assert len(right) > 450
    assert np.mean(right) >= 0.7
