"""The README's spectrum: two units of patternnet over the bundled patterns, asked of a Featurelens of its own."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from PIL import Image

from featurelens.jobs.contact_sheet import contact_sheet
from featurelens.launcher.claim import free_port
from tests.support.stack import Stack

UNITS = (("conv4", 10), ("conv6", 50))
"""One below the other."""


def save_spectra(path: Path) -> None:
    """Asks for what is missing, which is everything, and waits for it."""
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder), free_port()) as stack:
        sheets = [_sheet(stack, f"/v1/models/patternnet/layers/{layer}/units/{n}/spectrum") for layer, n in UNITS]
    # A palette: crops are noisy, and a page has to load it.
    whole = contact_sheet(sheets, sheets[0].width, sheets[0].height + 8, 1)
    whole = whole.crop((0, 0, whole.width, whole.height - 8))
    whole.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG).save(path, optimize=True)


def _sheet(stack: Stack, url: str) -> Image.Image:
    asked = stack.http.post(url).json()
    if asked["scan"] is not None:
        stack.finished(asked["scan"]["links"]["self"], within=600)
    spectrum = stack.see(url)
    for one in ("negative", "positive"):
        stack.finished(spectrum[one]["url"])
    return Image.open(io.BytesIO(stack.http.get(stack.see(url)["links"]["sheet"]).content))
