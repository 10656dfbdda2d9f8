"""Tells Schemathesis what a photograph is: the OpenAPI document can only say that it is bytes."""

from __future__ import annotations

import schemathesis
from hypothesis import strategies as st
from PIL import Image

from tests.support.photographs import encoded

PHOTOGRAPH = Image.new("RGB", (32, 24), "teal")

for kind in ("png", "jpeg", "webp"):
    schemathesis.openapi.media_type(f"image/{kind}", st.sampled_from([encoded(PHOTOGRAPH, kind), b"none"]))
