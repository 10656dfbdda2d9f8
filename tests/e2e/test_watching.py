"""Watching, stopping and sweeping through real processes."""

from __future__ import annotations

import io
import json
import time
from typing import Any

from PIL import Image

from tests.support.stack import Stack
from tests.support.wait import until

SMALL: dict[str, Any] = {"model": "patternnet", "layer": "logits", "steps": 16, "size": 64}


def test_events_of_a_real_picture(stack: Stack) -> None:
    """Progress rises, the end comes with the picture, and polling says the same."""
    url = stack.post(**SMALL | {"steps": 60}, channel=5, seed=11).headers["location"]
    names, steps, last = [], [], {}
    with stack.http.stream("GET", f"{url}/events", timeout=60) as answer:
        name = ""
        for line in answer.iter_lines():
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
                names.append(name)
            elif field == "data":
                last = json.loads(value)
                steps += [last["step"]] if name == "progress" else []
    assert names[-1] == "succeeded"
    assert set(names) <= {"queued", "progress", "preview", "succeeded"}
    assert steps == sorted(steps)
    assert last == stack.see(url)


def test_a_stopped_picture_frees_its_place(stack: Stack) -> None:
    """Both slots are taken by long ones; with one of them stopped the next picture is made at once."""
    long = [stack.post(**SMALL | {"steps": 4000}, channel=6, seed=seed).headers["location"] for seed in (21, 22)]
    for url in long:
        stack.running(url)
    waiting = stack.post(**SMALL, channel=6, seed=23).headers["location"]
    assert stack.see(waiting)["status"] == "queued"
    assert stack.http.delete(long[0]).status_code == 202
    begun = time.monotonic()
    stack.finished(waiting)
    until(lambda: stack.see(long[0])["status"] == "cancelled", 5, "the first is cancelled")
    assert time.monotonic() - begun < 10
    assert stack.see(long[1])["status"] == "running"
    assert stack.http.delete(long[1]).status_code == 202
    until(lambda: stack.see(long[1])["status"] == "cancelled", 5, "the second is cancelled")


def test_a_sweep_lets_others_pass(stack: Stack) -> None:
    """Sixteen pictures wait; one asked for alone does not wait for them. In the end there is a sheet."""
    spec = {**SMALL, "channels": "0-7", "signs": ["positive", "negative"], "seeds": [31]}
    answer = stack.http.post("/v1/sweeps", json=spec)
    assert answer.status_code == 202, answer.text
    url = answer.headers["location"]
    until(lambda: stack.see(url)["counts"]["succeeded"], 60, "the first of the sweep")
    begun = time.monotonic()
    alone = stack.http.post("/v1/visualizations", json=SMALL | {"channel": 9}, headers={"Prefer": "wait=20"})
    waited = time.monotonic() - begun
    counts = stack.see(url)["counts"]
    assert (alone.status_code, alone.json()["status"]) == (200, "succeeded")
    assert counts["queued"] > 0, f"it took {waited:.1f} s, as long as the whole sweep"
    until(lambda: stack.see(url)["status"] == "finished", 120, "the sweep is over")
    assert stack.see(url)["counts"]["succeeded"] == 16
    sheet = Image.open(io.BytesIO(stack.http.get(f"{url}/sheet").content))
    assert sheet.size == (4 * 68 - 4, 4 * 68 - 4)


def test_previews_of_a_real_picture(stack: Stack) -> None:
    """While somebody watches, the unfinished picture can be seen; nobody has to wait for its end."""
    url = stack.post(**SMALL | {"steps": 4000, "size": [96, 256]}, channel=7, seed=41).headers["location"]
    with stack.http.stream("GET", f"{url}/events", timeout=60) as answer:
        lines = answer.iter_lines()
        until(lambda: next(lines) == "event: preview", 60, "a preview")
        data = json.loads(next(lines).removeprefix("data: "))
    preview = Image.open(io.BytesIO(stack.http.get(data["url"]).content))
    assert (preview.format, preview.size) == ("WEBP", (192, 72))
    assert stack.http.delete(url).status_code == 202
    until(lambda: stack.see(url)["status"] == "cancelled", 5, "cancelled")
