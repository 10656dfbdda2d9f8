"""Tells Schemathesis what a photograph is: the OpenAPI document can only say that it is bytes."""

from __future__ import annotations

import io

import schemathesis
from hypothesis import strategies as st
from PIL import Image


def _encoded(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (32, 24), "teal").save(file, kind)
    return file.getvalue()


for kind in ("png", "jpeg", "webp"):
    schemathesis.openapi.media_type(f"image/{kind}", st.sampled_from([_encoded(kind), b"none"]))
