"""A photograph before a transformer: its tokens lie on the picture, and heads show what they attend to."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.support.browser import Visit
from tests.support.paths import ROOT
from tests.support.stack import Stack


def test_tokens_and_attention(visit: Visit, stack: Stack) -> None:
    picture = (ROOT / "docs/images/stages.png").read_bytes()
    photo = stack.http.post("/v1/photos", content=picture, headers={"content-type": "image/png"}).json()["photo"]
    asked = {"model": "transformer", "photo": photo, "layers": ["encoder.layers.encoder_layer_0"]}
    key = stack.http.post("/v1/activations", json=asked, headers={"prefer": "wait=20"}).json()["key"]
    stack.finished(f"/v1/activations/{key}")
    page = visit.open(f"photo/{key}")
    layer = page.get_by_test_id("photo-layer").filter(has_text="encoder_layer_0")
    expect(layer).to_contain_text("17 tokens")
    layer.get_by_test_id("show-maps").click()
    expect(layer).to_contain_text("17 tokens: 4 × 4 patches, 1 before them")
    maps = layer.get_by_role("img", name="fires in the photograph")
    for image in (maps.first, maps.nth(1)):
        image.scroll_into_view_if_needed()
        expect(image).not_to_have_js_property("naturalWidth", 0)
    attention = layer.get_by_test_id("attention")
    attention.locator("summary").click()
    expect(attention).to_contain_text("the class token")
    for head in attention.get_by_role("img").all():
        head.scroll_into_view_if_needed()
        expect(head).not_to_have_js_property("naturalWidth", 0)
    page.get_by_test_id("sight").press("ArrowRight")
    expect(attention).to_contain_text("the token at column 2, row 2")
    assert (visit.looked_over(), visit.errors) == ([], [])
