"""What ``model.json`` says of the channels of a picture, and of what is shown of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from featurelens.worker.models.sources.manifest import Manifest

PLAIN: dict[str, Any] = {"factory": "model.py:build", "input_size": 32}


def manifest(**fields: Any) -> Manifest:
    return Manifest.model_validate({**PLAIN, **fields})


@pytest.mark.parametrize(
    ("fields", "display", "photograph"),
    [
        ({}, (0, 1, 2), (0, 1, 2)),
        ({"channels": 1}, (0,), (0,)),
        ({"channels": 2}, "sheet", None),
        ({"channels": 2, "display": 1}, (1,), (1,)),
        ({"channels": 4}, "sheet", None),
        ({"channels": 4, "display": [0, 1, 2]}, (0, 1, 2), (0, 1, 2)),
        ({"channels": 13, "display": [3, 2, 1]}, (3, 2, 1), (3, 2, 1)),
        ({"channels": 13, "display": "sheet", "photograph": [3, 2, 1]}, "sheet", (3, 2, 1)),
        ({"channels": 16, "display": [15], "photograph": [3, 2, 1]}, (15,), (3, 2, 1)),
        ({"display": "sheet"}, "sheet", (0, 1, 2)),
    ],
)
def test_what_is_shown(fields: dict[str, Any], display: object, photograph: object) -> None:
    found = manifest(**fields)
    assert (found.shows, found.takes) == (display, photograph)
    assert found.preprocessing().channels == found.channels


@pytest.mark.parametrize(
    ("fields", "valid"),
    [
        ({"channels": 0}, "greater than or equal to 1"),
        ({"channels": 17}, "less than or equal to 16"),
        ({"channels": 4, "mean": [0.5, 0.5, 0.5]}, r"mean needs one value per channel \(4\)"),
        ({"channels": 4, "display": [0, 1, 4]}, "display names channels between 0 and 3"),
        ({"channels": 4, "display": -1}, "display names channels between 0 and 3"),
        ({"channels": 4, "display": [0, 1]}, r'one channel, \[k\], or three different ones.*, or "sheet"'),
        ({"channels": 4, "display": [0, 0, 1]}, "three different ones"),
        ({"channels": 4, "display": [True]}, "three different ones"),
        ({"channels": 4, "display": "rgb"}, 'or "sheet"'),
        ({"channels": 4, "photograph": "sheet"}, r"\[red, green, blue\], counted from 0$"),
        ({"channels": 4, "photograph": [1, 2, 9]}, "photograph names channels between 0 and 3"),
        ({"channels": 4, "channel_order": "BGR"}, "display says which of others are red, green and blue"),
    ],
)
def test_what_cannot_be_is_refused_with_what_is_valid(fields: dict[str, Any], valid: str) -> None:
    with pytest.raises(ValidationError) as error:
        manifest(**fields)
    (fault,) = error.value.errors()
    assert error.match(valid.removesuffix("$")), fault
    if valid.endswith("$"):
        assert fault["msg"].endswith("counted from 0")


def identity(tmp_path: Path, **fields: Any) -> str:
    (tmp_path / "model.py").write_text("")
    return repr(manifest(**fields).identity(tmp_path))


def test_what_is_shown_belongs_to_the_identity(tmp_path: Path) -> None:
    """What two networks have in common is not the picture's colours."""
    bands: dict[str, Any] = {"channels": 6}
    stated: list[dict[str, Any]] = [
        {},
        {"display": [0, 1, 2]},
        {"display": [2, 1, 0]},
        {"display": 0},
        {"photograph": [0, 1, 2]},
    ]
    found = [identity(tmp_path, **bands, **fields) for fields in stated]
    assert len(set(found)) == len(found)
    assert identity(tmp_path, **bands, display="sheet") == identity(tmp_path, **bands)


def test_grey_and_colours_keep_the_identity_they_had(tmp_path: Path) -> None:
    for channels in (1, 3):
        plain = identity(tmp_path, channels=channels)
        assert "display" not in plain
        every = list(range(channels))
        assert identity(tmp_path, channels=channels, display=every, photograph=every, inputs={}) == plain
