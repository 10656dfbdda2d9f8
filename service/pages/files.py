"""What a browser gets of the pages: the shell, one HTML document for all of them, and the files that it names.

There is no build step. The files are read once; the address of each holds a digest of them all, so that browsers keep
them for ever and never mix two versions.
"""

from __future__ import annotations

import gzip
import hashlib
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

FOLDER = Path(__file__).parent / "static"
MAIN = "js/main.js"
STYLES = ("css/tokens.css", "css/base.css", "css/components.css", "css/pages.css", "vendor/uplot.css")

TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
"""By suffix. A file with another one is not served."""

POLICY = (
    "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors {}"
)
"""Nothing inline, nothing from elsewhere. `blob:` are pictures that were fetched with an API key."""

_IMPORT = re.compile(r"""^(?:import|export)\b[^;]*?\bfrom\s*["'](\.[^"']+)["']""", re.MULTILINE)


@dataclass(frozen=True)
class File:
    """One file, as it is sent: compressed, and as it is for those who cannot take that."""

    body: bytes
    compressed: bytes
    media_type: str
    digest: str


class Pages:
    """All files below `folder`, by their path in it."""

    def __init__(self, folder: Path = FOLDER) -> None:
        found = sorted(path for path in folder.rglob("*") if path.suffix in TYPES)
        self.files = {path.relative_to(folder).as_posix(): _read(path) for path in found}
        everything = "".join(f"{name} {file.digest}\n" for name, file in self.files.items())
        self.digest = hashlib.sha256(everything.encode()).hexdigest()[:16]
        self._folder = folder

    @cached_property
    def _shell(self) -> str:
        """The document with all that it names, put together once: `base` and `root` are each request's."""
        styles = [f'<link rel="stylesheet" href="{{{{base}}}}/{name}">' for name in STYLES]
        modules = [f'<link rel="modulepreload" href="{{{{base}}}}/{name}">' for name in self.needed(MAIN)]
        shell = (self._folder / "shell.html").read_text(encoding="utf-8")
        return shell.replace("{{links}}", "\n".join([*styles, *modules]))

    def shell(self, root: str) -> str:
        """The HTML document for a service whose addresses begin with `root` (empty: none is in front)."""
        base = html.escape(f"{root}/ui/static/{self.digest}")
        return self._shell.replace("{{base}}", base).replace("{{root}}", html.escape(root))

    def needed(self, name: str) -> list[str]:
        """Modules that `name` imports before it runs, itself first; a browser that knows them asks for all at once."""
        known: dict[str, None] = {}
        waiting = [name]
        while waiting:
            one = waiting.pop()
            if one not in known:
                known[one] = None
                waiting.extend(_imports(one, self.files[one].body.decode()))
        return list(known)


def _imports(name: str, code: str) -> Iterator[str]:
    folder = PurePosixPath(name).parent
    for target in _IMPORT.findall(code):
        parts: list[str] = []
        for part in (folder / target).parts:
            if part == "..":
                parts.pop()
            elif part != ".":
                parts.append(part)
        yield "/".join(parts)


def _read(path: Path) -> File:
    body = path.read_bytes()
    return File(body, gzip.compress(body, 9, mtime=0), TYPES[path.suffix], hashlib.sha256(body).hexdigest())
