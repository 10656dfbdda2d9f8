"""A folder of images before the bundled network, through real processes, one of which is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image

from featurelens.jobs.queue.queues import renderer_of
from featurelens.jobs.queue.records import Records
from featurelens.jobs.settings import Settings
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.launcher.claim import free_port
from featurelens.worker.models.patternnet.patterns import LABELS, images
from featurelens.worker.models.registry import Registry
from featurelens.worker.protocol import Ask
from featurelens.worker.renderer.scans.ledger import Ledger
from tests.support.fault_injection import FULL
from tests.support.processes import environment_of
from tests.support.scanning import scanned, workshop
from tests.support.stack import Stack
from tests.support.wait import until

NAMES = ("rings", "bricks", "checks")
EACH = 30


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Patterns of three classes, a folder each, and a file that is no image."""
    folder = tmp_path_factory.mktemp("sets")
    for name in NAMES:
        (folder / "drawn" / name).mkdir(parents=True)
        labels = torch.full((EACH,), LABELS.index(name))
        drawn = (images(labels, 128, 128, torch.Generator().manual_seed(4)) * 255).round().byte().permute(0, 2, 3, 1)
        for number, one in enumerate(drawn.numpy()):
            Image.fromarray(one).save(folder / "drawn" / name / f"{number:02}.png")
    (folder / "drawn" / "rings" / "broken.png").write_text("no image")
    return folder


@pytest.fixture(scope="module")
def stack(datasets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    state = tmp_path_factory.mktemp("state")
    with Stack(state, free_port(), FEATURELENS_DATASETS=str(datasets)) as stack:
        yield stack


def test_a_scan_of_a_folder_that_outlives_its_renderer(stack: Stack) -> None:
    http = stack.http
    until(lambda: http.get("/v1/datasets/drawn").status_code == 200, 30)
    assert http.get("/v1/datasets/drawn").json()["broken"] == 1
    url = http.post("/v1/scans", json={"model": "patternnet", "dataset": "drawn", "keep": 5}).headers["location"]
    stack.running(url)
    (renderer,) = stack.children("worker.renderer")
    os.kill(renderer.pid, signal.SIGKILL)
    said = stack.finished(url)
    assert (said["images"], said["broken"]["count"]) == (3 * EACH, 1)
    table = http.get(said["links"]["table"])
    for name in NAMES:
        unit = http.get(f"/v1/models/patternnet/layers/logits/units/{LABELS.index(name)}/examples").json()
        assert {one["label"] for one in unit["likeliest"]} == {name}
        assert http.get(unit["likeliest"][0]["crop"]).headers["content-type"] == "image/webp"
    assert http.delete(f"{url}/result").status_code == 204
    assert http.post("/v1/scans", json=said["spec"]).status_code == 202
    again = http.get(stack.finished(url)["links"]["table"])
    assert (again.headers["etag"], again.content) == (table.headers["etag"], table.content)


@pytest.mark.skipif(
    not FULL, reason="FEATURELENS_FAULTS=full waits that long; tests/worker/renderer/scans has it in small"
)
def test_a_scan_that_two_renderers_share(tmp_path: Path) -> None:
    """One of which is killed as it helps: what is found is to the bit what is read here in one go."""
    with Stack(tmp_path, free_port(), FEATURELENS_RENDERERS="2", OMP_NUM_THREADS="1") as stack:
        until(lambda: len(stack.see("/v1/status")["renderers"]) == 2, 180, "both renderers", every=0.5)
        url = stack.http.post("/v1/scans", json={"model": "patternnet", "dataset": "patterns"}).headers["location"]
        key, redis = url.rpartition("/")[2], stack.redis()
        ledger = Ledger(redis)

        def helped() -> bool:
            standing = ledger.look(key)
            return standing is not None and bool(standing.leases)

        until(helped, 180, "a helper")
        record = Records(redis).read(key)
        assert record is not None
        whole = renderer_of(record.queue or "").rpartition(".")[2]
        (helper,) = (
            one
            for one in stack.children("worker.renderer")
            if f"FEATURELENS_RENDERER={whole}" not in environment_of(one.pid)
        )
        os.kill(helper.pid, signal.SIGKILL)
        said = stack.finished(url, 240)
        table = stack.http.get(said["links"]["table"]).content
        log = (tmp_path / "logs" / "renderer.log").read_text()
    assert "reads a piece of a scan" in log
    ask = Ask(key=key, spec=ScanSpec.model_validate(said["spec"]), digest=record.digest)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        net = Registry(Settings(state=tmp_path), apart=False).load("patternnet")
        assert scanned(workshop(tmp_path / "alone", thumbnails=True), ask, net).files["units.parquet"] == table
    finally:
        torch.set_num_threads(threads)
