"""What is sent to the address in `Featurelens-Callback`, as OpenAPI writes it down: `callbacks` of each operation."""

from __future__ import annotations

from typing import Any

HEADER = "featurelens-callback"
"""As parameters are called in the document."""

_SIGNED = {
    "webhook-id": "the same each time this is tried: whoever has it has heard it",
    "webhook-timestamp": "of this try, in seconds since 1970; refuse one that is minutes old",
    "webhook-signature": "`v1,` and the base64 of an HMAC-SHA256 of `id.timestamp.body`; several, with a space between "
    "them, while one secret replaces another",
}


def add_callbacks(document: dict[str, Any]) -> None:
    """To every operation that takes such an address. The body is what the operation itself answers in the end."""
    for path, methods in document["paths"].items():
        for operation in methods.values():
            if any(one["name"] == HEADER for one in operation.get("parameters", [])):
                content = operation["responses"]["200"]["content"]["application/json"]
                operation["callbacks"] = {"ended": {f"{{$request.header.{HEADER}}}": _told(path, content)}}


def _told(path: str, content: dict[str, Any]) -> dict[str, Any]:
    name = path.rpartition("/")[2]
    return {
        "post": {
            "operationId": f"{name}-ended",
            "summary": "It has ended",
            "description": "Signed as Standard Webhooks are. Tried again for a day unless it is answered with 2xx.",
            "tags": [name],
            "security": [],
            "parameters": [
                {"name": header, "in": "header", "required": True, "description": told, "schema": {"type": "string"}}
                for header, told in _SIGNED.items()
            ],
            "requestBody": {"required": True, "content": {"application/json": {"schema": content["schema"]}}},
            "responses": {
                "2XX": {"description": "heard"},
                "410": {"description": "no more of this; it is not tried again"},
                "4XX": {"description": "tried again later"},
                "5XX": {"description": "tried again later, not before `Retry-After`"},
            },
        }
    }
