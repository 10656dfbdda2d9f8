"""Writes requirements.lock: every package of pyproject.toml, exact, transitive, without addresses. Run by `make lock`.

pip resolves twice (nothing is installed): everything first, then within that what runs Featurelens. What only its
development needs stands below a heading, so that an image can leave it out. Packages that not every machine needs carry
a marker.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
MARKERS = {
    r"nvidia-.*|cuda-.*|triton": 'platform_system == "Linux"',
    r"async-timeout": 'python_full_version < "3.11.3"',
}
OLDER_PYTHON = "async-timeout"
"""What redis needs on the Python of Debian 12; pip, which looks at the running Python only, may not see it."""
HEADER = "# Written by `make lock` from pyproject.toml; install with `pip install --no-deps -r requirements.lock`.\n"
DEVELOPMENT = "# development only\n"


def resolve(extras: str = "", within: Mapping[str, str] | None = None) -> dict[str, str]:
    """Name and version of everything that `pip install` would bring, none but the versions of `within` if given."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as constraints:
        constraints.writelines(f"{name}=={version}\n" for name, version in (within or {}).items())
        constraints.flush()
        asked = ["--constraint", constraints.name, f".{extras}", OLDER_PYTHON]
        answer = subprocess.run([*command, *asked], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    packages = (item["metadata"] for item in json.loads(answer.stdout)["install"])
    versions = {re.sub(r"[-_.]+", "-", package["name"]).lower(): package["version"] for package in packages}
    del versions["featurelens"]
    return versions


def lines(versions: dict[str, str]) -> str:
    """One requirement a line, sorted."""
    return "".join(f"{name}=={version}{_marker(name)}\n" for name, version in sorted(versions.items()))


def _marker(name: str) -> str:
    return next((f" ; {marker}" for pattern, marker in MARKERS.items() if re.fullmatch(pattern, name)), "")


def main() -> None:
    """Resolves and writes."""
    everything = resolve("[dev]")
    runtime = resolve(within=everything)
    development = {name: version for name, version in everything.items() if name not in runtime}
    text = HEADER + lines(runtime) + DEVELOPMENT + lines(development)
    (ROOT / "requirements.lock").write_text(text)


if __name__ == "__main__":
    main()
