"""From a spec to a picture, through real processes."""

from __future__ import annotations

import io
import json
import shlex
import subprocess
from typing import Any

import pytest
from PIL import Image

from tests.support.stack import Stack

SMALL: dict[str, Any] = {"model": "patternnet", "layer": "logits", "channel": 3, "steps": 8, "size": 64}


def test_a_spec_becomes_a_picture_and_stays_one(stack: Stack) -> None:
    """202, progress, 200; the PNG carries its spec; the second request finds it made."""
    first = stack.post(**SMALL)
    assert first.status_code == 202, first.text
    assert first.headers["location"].endswith(first.json()["key"])
    resource = stack.finished(first.headers["location"])
    image = stack.http.get(first.headers["location"] + "/image")
    assert image.headers["content-type"] == "image/png"
    assert "immutable" in image.headers["cache-control"]
    picture: Any = Image.open(io.BytesIO(image.content))
    picture.load()
    assert picture.size == (64, 64)
    inside = json.loads(picture.text["featurelens"])
    assert inside["spec"]["channel"] == 3
    assert inside["spec"]["model"].startswith("bundled:patternnet@sha256-")

    again = stack.post(**SMALL)
    assert again.status_code == 200
    assert "hit" in again.headers["cache-status"]
    assert again.json()["key"] == resource["key"]
    unchanged = stack.http.get(first.headers["location"] + "/image", headers={"if-none-match": image.headers["etag"]})
    assert unchanged.status_code == 304


@pytest.mark.parametrize(
    ("more", "files"),
    [({}, 1), ({"snapshots": [2, 5]}, 4), ({"objective": {"type": "diversity", "pictures": 2}}, 3)],
    ids=["one", "snapshots", "diversity"],
)
def test_deleted_and_made_again_it_is_the_same_file(stack: Stack, more: dict[str, Any], files: int) -> None:
    """The address says that it never changes: pictures, contact sheet and thumbnails, bytes and ETag."""
    wanted = SMALL | {"seed": 71, "size": 48} | more
    url = stack.post(**wanted).headers["location"]
    made = [_files(stack, stack.finished(url))]
    assert stack.http.delete(f"{url}/image").status_code == 204
    assert stack.post(**wanted).status_code == 202
    made.append(_files(stack, stack.finished(url)))
    assert len(made[0]) == 2 * files
    assert made[0] == made[1]


def test_made_alone_and_again_among_seven_others_it_is_the_same_file(stack: Stack) -> None:
    """Every picture of the company too, each made alone first."""
    company = [
        {"model": "patternnet", "layer": "conv6", "steps": 64, "size": [61, 53], "seed": 900, **more}
        for more in (
            {"channel": 1},
            {"channel": 2},
            {"channel": 3, "sign": "negative"},
            {"channel": 4, "parameterization": {"type": "fourier", "alpha": True}},
            {"channel": 5, "parameterization": {"type": "maco"}},
            {"channel": 6, "parameterization": {"type": "cppn"}},
            {"channel": 7, "transform": {"views": 2}},
            {"channel": 8, "objective": {"type": "diversity", "pictures": 2}},
        )
    ]
    urls, alone = [], []
    for one in company:
        urls.append(stack.post(**one).headers["location"])
        alone.append(_files(stack, stack.finished(urls[-1])))
    for url in urls:
        assert stack.http.delete(f"{url}/image").status_code == 204
    assert [stack.post(**one).status_code for one in company] == [202] * 8
    assert [_files(stack, stack.finished(url)) for url in urls] == alone


def _files(stack: Stack, resource: dict[str, Any]) -> list[tuple[bytes, str]]:
    """Bytes and ETag of all images of a visualization, and of a thumbnail of each."""
    indices = range(len(resource["images"]) + (resource["links"]["sheet"] is not None))
    image = resource["links"]["self"] + "/image"
    queries = [f"index={index}{small}" for index in indices for small in ("", "&width=64&format=webp")]
    answers = [stack.http.get(f"{image}?{query}") for query in queries]
    assert {answer.status_code for answer in answers} == {200}
    return [(answer.content, answer.headers["etag"]) for answer in answers]


def test_the_curl_works_as_printed(stack: Stack) -> None:
    """The very line that a new user copies."""
    line = next(line for line in stack.printed if line.startswith("  curl "))
    try:
        answer = subprocess.run(shlex.split(line), capture_output=True, text=True, timeout=30, check=True)
    except FileNotFoundError:
        pytest.skip("curl is not installed")
    resource = json.loads(answer.stdout)
    assert resource["status"] in ("queued", "running", "succeeded"), resource
    stack.finished(f"/v1/visualizations/{resource['key']}")


def test_a_bad_spec_says_what_is_valid(stack: Stack) -> None:
    """The catalog that the worker published is what the service checks against."""
    answer = stack.post(**SMALL | {"channel": 100_000})
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["errors"][0]["pointer"] == "/channel"
