"""Pictures of patternnet asked of a whole stack, and looked at when they are made."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from typing import Any

from PIL import Image

from tests.support.stack import Stack

LONG: dict[str, Any] = {"model": "patternnet", "layer": "logits", "channel": 1, "steps": 200, "size": 96}
SHORT: dict[str, Any] = LONG | {"steps": 4, "size": 64}


def accept(stack: Stack, **spec: Any) -> str:
    """The address of a picture that has to be made."""
    answer = stack.post(**spec)
    assert answer.status_code == 202, answer.text
    return str(answer.headers["location"])


def cached(stack: Stack) -> str:
    """The address of the image of a finished picture."""
    url = stack.post(**SHORT).headers["location"]
    stack.finished(url)
    return f"{url}/image"


def whole(stack: Stack, urls: Iterable[str]) -> None:
    """Waits until all have succeeded and looks at every pixel."""
    for url in urls:
        images = stack.finished(url)["images"]
        assert images
        for index, said in enumerate(images):
            content = stack.http.get(f"{url}/image", params={"index": index}).content
            assert hashlib.sha256(content).hexdigest() == said["sha256"]
            Image.open(io.BytesIO(content)).load()
