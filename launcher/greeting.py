"""What is printed when all is ready: the address, and a request that works as printed."""

from __future__ import annotations

import json
import shlex
from typing import Any

from featurelens.jobs import addresses
from featurelens.launcher.readiness import get

PREFERRED = "patternnet"
"""The bundled network: it needs no download."""


async def greeting(host: str, port: int, notes: str) -> str:
    """The lines to print. `host` and `port` are those of the service, `notes` go behind its address."""
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    lines = [f"Featurelens is ready at {address}  ({notes})"]
    spec = await _example(host, port)
    if spec is not None:
        body = shlex.quote(json.dumps(spec))
        lines += [
            "Ask for a picture; the answer says where it will be:",
            f"  curl -s {address}{addresses.VISUALIZATIONS} -H 'content-type: application/json' -d {body}",
        ]
    return "\n".join(lines)


async def _example(host: str, port: int) -> dict[str, Any] | None:
    """A spec for a class of the bundled network, or of another one, from the service's catalog; None without any."""
    status, body = await get(host, port, addresses.MODELS)
    models = body.get("models", []) if status == 200 and isinstance(body, dict) else []
    with_classes = [model for model in models if model.get("classes_layer")]
    for model in sorted(with_classes, key=lambda model: (PREFERRED not in model["aliases"], not model["downloaded"])):
        name = PREFERRED if PREFERRED in model["aliases"] else model["name"]
        status, whole = await get(host, port, addresses.model(name))
        labels = (whole.get("labels") if status == 200 and isinstance(whole, dict) else None) or ()
        channel = next((index for index, label in enumerate(labels) if "ring" in label), 0)
        return {"model": name, "layer": model["classes_layer"], "channel": channel}
    return None
