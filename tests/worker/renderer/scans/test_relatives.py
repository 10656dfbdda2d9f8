"""Units of which it is known how alike they are: a scan says so, in its lines and in its table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from featurelens.engine.network import Network
from featurelens.engine.scan.relatives import ALIKE, OPPOSITE
from featurelens.worker.datasets.shelf import Shelf
from tests.support import killable
from tests.support.line_images import IMAGES, SIDE, drawn_lines
from tests.support.scanning import asked
from tests.support.small_networks import network

FILTERS = np.random.default_rng(4).normal(0, 1, (4, SIDE, SIDE)) / SIDE
FILTERS[3] += 2 * FILTERS[0]
UNITS = np.stack([*FILTERS, FILTERS[0], -FILTERS[1], 0 * FILTERS[0]])
"""Four of their own, the last of which is somewhat like the first; one twice, one negated, a dead one."""


def relatives() -> Network:
    """Each unit looks at the whole picture, in grey: one position. Layer "1" is the ReLU behind it."""
    convolve = nn.Conv2d(3, len(UNITS), SIDE)
    with torch.no_grad():
        convolve.weight.copy_(torch.from_numpy(UNITS / 3)[:, None].expand(-1, 3, -1, -1))
        assert convolve.bias is not None
        convolve.bias.copy_(torch.linspace(-1, 1, len(UNITS)))
    return network(nn.Sequential(convolve, nn.ReLU()))


def test_a_scan_tells_which_units_answer_alike(tmp_path: Path) -> None:
    lines = drawn_lines(tmp_path)
    ask = asked(Shelf(lines), relatives(), "lines", ["0", "1"], (SIDE, SIDE))
    told = killable.finish(tmp_path / "state", lines, ask, relatives())
    shown = np.stack([np.asarray(Image.open(one).convert("L")) for one in sorted((lines / "lines").rglob("*.png"))])
    by_hand = np.einsum("nyx,uyx->nu", shown / 255 * 2 - 1, UNITS)
    expected = np.corrcoef(by_hand[:, :-1].T)
    for layer in ("0", "1"):
        units = told.layer(layer)
        for channel, unit in enumerate(units[:-1]):
            assert unit["sampled"] == IMAGES
            found = unit["alike"] + unit["opposite"][::-1]
            others = np.delete(expected[channel], channel)
            assert len(unit["alike"]) == min(ALIKE, (others > 0).sum())
            assert len(unit["opposite"]) == min(OPPOSITE, (others < 0).sum())
            for one in found:
                assert one["correlation"] == pytest.approx(expected[channel, one["channel"]], abs=1e-5)
                assert one["error"] == 0
        assert (units[0]["alike"][0]["channel"], units[0]["alike"][0]["correlation"]) == (4, 1.0)
        assert units[0]["alike"][1]["channel"] == 3
        assert (units[1]["opposite"][0]["channel"], units[1]["opposite"][0]["correlation"]) == (5, -1.0)
        assert units[6]["alike"] == units[6]["opposite"] == []
    rows = told.table.to_pylist()
    assert [(row["alike"], row["opposite"], row["sampled"]) for row in rows] == [
        (unit["alike"], unit["opposite"], IMAGES) for layer in ("0", "1") for unit in told.layer(layer)
    ]
