"""A photograph before the bundled network, through real processes: what is drawn is what is seen."""

from __future__ import annotations

import io

import pytest
import torch
from PIL import Image

from featurelens.worker.models.patternnet.patterns import LABELS, images
from tests.support.stack import Stack


@pytest.mark.parametrize("name", ["rings", "bricks", "stripes 45 coarse"])
def test_the_class_of_a_drawn_pattern_comes_first(stack: Stack, name: str) -> None:
    label = LABELS.index(name)
    drawn = images(torch.tensor([label]), 128, 128, torch.Generator().manual_seed(5))[0]
    file = io.BytesIO()
    Image.fromarray((drawn.permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()).save(file, "PNG")
    png = {"Content-Type": "image/png"}
    photo = stack.http.post("/v1/photos", content=file.getvalue(), headers=png).json()["photo"]
    spec = {"model": "patternnet", "photo": photo, "units": 5}
    answer = stack.http.post("/v1/activations", json=spec, headers={"Prefer": "wait=20"})
    assert answer.status_code == 200, answer.text
    seen = answer.json()
    assert (seen["status"], seen["classes"][0]["label"]) == ("succeeded", name)
    assert seen["classes"][0]["probability"] > 0.5
    (logits,) = (layer for layer in seen["layers"] if layer["layer"] == "logits")
    assert logits["highest_mean"][0] == {
        "channel": label,
        "value": pytest.approx(seen["classes"][0]["logit"], rel=1e-5),
        "x": None,
        "y": None,
    }
    again = stack.http.post("/v1/activations", json=spec)
    assert (again.status_code, "hit" in again.headers["cache-status"]) == (200, True)
