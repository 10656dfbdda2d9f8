"""Tells Schemathesis what the OpenAPI document says in words alone: what a photograph is, and that a unit is named."""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis import strategies as st
from PIL import Image

from tests.support.photographs import encoded

PHOTOGRAPH = Image.new("RGB", (32, 24), "teal")

for kind in ("png", "jpeg", "webp"):
    schemathesis.openapi.media_type(f"image/{kind}", st.sampled_from([encoded(PHOTOGRAPH, kind), b"none"]))


@schemathesis.hook
def map_body(context: schemathesis.HookContext, body: Any) -> Any:
    """A picture has a unit: most bodies that are made up name none, and lead nowhere."""
    pictures = context.operation is not None and context.operation.path in {"/v1/visualizations", "/v1/sweeps"}
    if not pictures or not isinstance(body, dict) or "unit" in body:
        return body
    return {"model": "patternnet", "layer": "logits", **({} if "channels" in body else {"channel": 2}), **body}
