"""Feature maps through real processes: the numbers of the network, and what it sees at a place, pictured and seen."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

from featurelens.engine.layer_maps import layer_maps
from featurelens.jobs.settings import Settings
from featurelens.worker.models.patternnet.patterns import LABELS, images
from featurelens.worker.models.registry import Registry
from featurelens.worker.renderer.photograph import decoded
from tests.support.stack import Stack

LAYER = "conv4"


@pytest.fixture(scope="module")
def png() -> bytes:
    drawn = images(torch.tensor([LABELS.index("rings")]), 96, 96, torch.Generator().manual_seed(5))[0]
    file = io.BytesIO()
    Image.fromarray((drawn.permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()).save(file, "PNG")
    return file.getvalue()


def test_what_a_network_sees_at_a_place(stack: Stack, png: bytes) -> None:
    photo = stack.http.post("/v1/photos", content=png, headers={"Content-Type": "image/png"}).json()["photo"]
    body = {"model": "patternnet", "photo": photo, "layers": [LAYER]}
    seen = stack.http.post("/v1/activations", json=body, headers={"Prefer": "wait=20"}).json()
    url = seen["links"]["maps"].replace("{layer}", LAYER)
    network = Registry(Settings(state=stack.state), apart=False).load("patternnet")
    maps = layer_maps(network, decoded(png, seen["spec"]["size"], network), LAYER)

    strongest = seen["layers"][0]["highest"][0]
    answer = stack.http.get(f"{url}/{strongest['channel']}", params={"format": "npy"})
    assert answer.status_code == 200, answer.text
    told = np.load(io.BytesIO(answer.content))
    np.testing.assert_allclose(told, maps.activation[strongest["channel"]].numpy(), rtol=1e-4, atol=1e-5)
    assert told[strongest["y"], strongest["x"]] == told.max() == pytest.approx(strongest["value"])

    sheet = stack.http.get(f"{url}/sheet", params={"count": 4, "over": "photo"})
    assert sheet.headers["featurelens-channels"].split(",")[0] == str(strongest["channel"])
    assert Image.open(io.BytesIO(sheet.content)).size == (2 * 192 + 4,) * 2

    (here,) = stack.see(f"{seen['links']['positions']}?x=40&y=50&layer={LAYER}")["layers"]
    vector = here["request"]["objective"]["vector"]
    np.testing.assert_allclose(vector, maps.activation[:, here["y"], here["x"]].numpy(), rtol=1e-4, atol=1e-5)
    pictured = stack.finished(stack.post(**{**here["request"], "steps": 16}).headers["location"])
    assert pictured["numbers"]["activation"] > 0

    answer = stack.http.post("/v1/attributions", json=here["attribution"], headers={"Prefer": "wait=20"})
    explained = answer.json()
    assert (answer.status_code, explained["status"]) == (200, "succeeded"), explained
    assert explained["explained"] == pytest.approx(here["units"][0]["value"], rel=1e-4)
    assert explained["relative_error"] < 0.05
    shown = stack.http.get(explained["links"]["image"], params={"over": "photo"})
    assert Image.open(io.BytesIO(shown.content)).size == (seen["spec"]["size"][1], seen["spec"]["size"][0])

    again = {**body, "photo": pictured["key"]}
    answer = stack.http.post("/v1/activations", json=again, headers={"Prefer": "wait=20"}).json()
    assert answer["status"] == "succeeded"
    assert answer["spec"]["photo"] not in {photo, pictured["key"]}
