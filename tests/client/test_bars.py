"""What stands beside a bar."""

from __future__ import annotations

import pytest

from featurelens.client.bars import note
from featurelens.client.progress import Progress


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (
            {"stage": "downloading", "downloaded": 12_400_000, "download_size": 97_800_000},
            "downloading 12.4 of 97.8 MB",
        ),
        ({"stage": "downloading", "downloaded": 12_400_000}, "downloading 12.4 MB"),
        ({"stage": "loading"}, "loading"),
        ({"stage": "rendering", "score": 1.5}, "score 1.5"),
    ],
)
def test_a_note(told: dict[str, object], words: str) -> None:
    assert note(Progress.of({"status": "running", "progress": told})) == words
    assert note(Progress.of_event("progress", told)) == words
