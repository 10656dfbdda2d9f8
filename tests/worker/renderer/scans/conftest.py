"""Images of lines, and which of them are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from featurelens.engine.scan import Accumulator
from featurelens.worker.datasets.base import Images
from featurelens.worker.renderer.scans.batches import Batch
from featurelens.worker.renderer.scans.reading import Reading
from tests.support.line_images import drawn_lines


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    return drawn_lines(tmp_path)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The first image of each batch that anybody in this process reads."""
    firsts: list[int] = []
    take = Reading._take

    def noted(self: Reading, batch: Batch, images: Images, gathered: Accumulator) -> None:
        firsts.append(batch.first)
        take(self, batch, images, gathered)

    monkeypatch.setattr(Reading, "_take", noted)
    return firsts
