"""What a client gets: files, pictures, and what a notebook shows."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from featurelens.client import Activations, Visualization
from featurelens.client.operations import encoded
from featurelens.client.results import address
from tests.support.photographs import encoded as photograph

RED, BLUE = (photograph(Image.new("RGB", (8, 4), color)) for color in ("red", "blue"))
DATA: dict[str, Any] = {
    "key": "fv1_0",
    "spec": {"model": "m", "layer": "l", "channel": 3, "sign": "negative", "steps": 9},
    "numbers": {"activation": 1.23456},
}


def test_one_picture() -> None:
    made = Visualization(DATA, [RED], "http://x/image")
    assert (made.key, made.url, made.params["steps"], made.numbers["activation"]) == (
        "fv1_0",
        "http://x/image",
        9,
        1.23456,
    )
    assert made.image.getpixel((0, 0)) == (255, 0, 0)
    assert made.image.size == (8, 4)
    assert len(made.images) == 1
    assert made._repr_png_() == RED
    assert repr(made) == "<Visualization m/l:3 negative, 9 steps, activation 1.235>"
    assert made.evidence == []


def test_of_several_the_sheet_is_shown() -> None:
    made = Visualization(DATA, [RED, RED, BLUE], None)
    assert made.image.getpixel((0, 0)) == (0, 0, 255)
    assert [image.getpixel((0, 0)) for image in made.images] == [(255, 0, 0)] * 2
    assert made._repr_png_() == BLUE


@pytest.mark.parametrize(("name", "kind"), [("a.png", "PNG"), ("a", "PNG"), ("a.jpg", "JPEG"), ("a.webp", "WEBP")])
def test_it_is_saved_as_its_ending_says(name: str, kind: str, tmp_path: Path) -> None:
    path = Visualization(DATA, [RED], None).save(tmp_path / name)
    with Image.open(path) as image:
        assert image.format == kind
    if kind == "PNG":
        assert path.read_bytes() == RED


def test_activations_tell_what_was_seen() -> None:
    classes = [{"channel": 1, "label": "rings", "probability": 0.9}, {"channel": 2, "label": None, "probability": 0.1}]
    found = Activations({**DATA, "classes": classes, "layers": []}, "u")
    assert found.classes == classes
    assert "rings, 2" in repr(found)


@pytest.mark.parametrize(
    ("spec", "written"),
    [
        ({"model": "m", "layer": "l", "channel": 0}, "m/l:0"),
        ({"model": "m", "layer": "l", "channel": None}, "m/l"),
        ({"model": "m", "objective": {"type": "class", "label": "cat"}}, "m:cat"),
        ({"model": "m"}, "m"),
    ],
)
def test_a_specification_is_named_by_its_unit(spec: dict[str, Any], written: str) -> None:
    assert address(spec) == written


def test_a_photograph_may_be_given_in_any_form(tmp_path: Path) -> None:
    path = tmp_path / "red.png"
    path.write_bytes(RED)
    assert encoded(path) == encoded(str(path)) == encoded(RED) == RED
    with Image.open(path) as image:
        opened = encoded(image)
    assert Image.open(io.BytesIO(opened)).size == (8, 4)
    with pytest.raises(TypeError):
        encoded(3)
    with pytest.raises(FileNotFoundError):
        encoded(tmp_path / "none.png")
