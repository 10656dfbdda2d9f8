"""The page about the API: its parts, put into one file that loads nothing from elsewhere but the document beside it."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

_SCRIPTS = ("markdown.js", "types.js", "samples.js", "trial.js", "page.js")
"""In the order in which each needs those before it."""


def _read(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def _hash(inside: str) -> str:
    """Allows exactly this script or style and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()}'"


_STYLE, _SCRIPT = _read("style.css"), "\n".join(map(_read, _SCRIPTS))

PAGE = _read("page.html").replace("{{style}}", _STYLE).replace("{{script}}", _SCRIPT)

HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; connect-src 'self'; img-src blob:; script-src {_hash(_SCRIPT)}; "
    f"style-src {_hash(_STYLE)}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
"""`blob:` are pictures that were asked for on the page."""
