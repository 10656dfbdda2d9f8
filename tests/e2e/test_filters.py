"""The weights of a unit of the bundled network, through real processes: numbers, and pictures that can be opened."""

from __future__ import annotations

import io

from PIL import Image

from tests.support.stack import Stack


def test_a_filter_and_its_two_parts(stack: Stack) -> None:
    unit = stack.http.get("/v1/models/patternnet/layers/conv1/units/7").json()
    answer = stack.http.get(unit["links"]["filters"], headers={"Prefer": "wait=20"})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["status"], told["preactivation"], told["unknown"]) == ("succeeded", True, [])
    assert told["picture"]["height"] == told["picture"]["width"] == 7
    assert {one["channel"] for sign in ("positive", "negative") for one in told["incoming"][sign]} == {0, 1, 2}
    parts = [opened(stack, told["picture"][part]) for part in ("whole", "positive", "negative")]
    assert len({part.tobytes() for part in parts}) == 3
    fed = told["outgoing"]["positive"][0]
    assert stack.http.get(fed["unit"]).json()["layer"] == fed["layer"] == "conv2"
    sheet = opened(stack, told["links"]["sheet"])
    assert sheet.width > parts[0].width * 9
    again = stack.http.get(unit["links"]["filters"])
    assert (again.status_code, "hit" in again.headers["cache-status"]) == (200, True)
    assert again.json() == told


def opened(stack: Stack, address: str) -> Image.Image:
    answer = stack.http.get(address)
    assert answer.headers["content-type"] == "image/png"
    return Image.open(io.BytesIO(answer.content)).convert("RGB")
