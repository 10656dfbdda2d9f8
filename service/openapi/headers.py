"""The headers of answers: described once, and named where an answer has them."""

from __future__ import annotations

from typing import Any

HEADERS: dict[str, dict[str, Any]] = {
    name: {"description": description, "schema": {"type": "string"}}
    for name, description in {
        "Location": "where the resource is",
        "Retry-After": "seconds until it is worth asking again",
        "Cache-Status": "`featurelens; hit`: it had been made before",
        "Preference-Applied": "how long the answer was waited for",
        "RateLimit": "what is left of a quota, and in how many seconds all of it is free again",
        "RateLimit-Policy": "the quota: requests in a window of seconds",
        "ETag": "names these bytes, for `If-None-Match`",
        "Cache-Control": "for how long, and by whom, it may be kept",
        "WWW-Authenticate": "what is missing",
        "Featurelens-Value": "activation, preactivation or attention",
        "Featurelens-Scale": "what the darkest colors stand for; `map`: each of its own largest number",
        "Featurelens-Receptive-Field": "left, top, right, bottom in pixels, or `undefined`; of a position",
        "Featurelens-Channels": "of a sheet, in its order",
    }.items()
}

OF_LOOKS = ("Featurelens-Value", "Featurelens-Scale", "Featurelens-Receptive-Field", "Featurelens-Channels")
"""Of feature maps as pictures or numbers."""

EXPOSED = (*(name for name in HEADERS if name != "Cache-Control"), "Content-Disposition", "X-Request-ID")
"""What pages of other origins are to see; `Cache-Control` a browser shows anyway."""

QUOTA = ("RateLimit", "RateLimit-Policy")

OF_PROBLEMS = {
    401: ("WWW-Authenticate",),
    403: ("WWW-Authenticate",),
    429: ("Retry-After", *QUOTA),
    503: ("Retry-After",),
    507: ("Retry-After",),
}
"""By the status of a refusal or failure."""


def headers(*names: str) -> dict[str, dict[str, str]]:
    """The `headers` of an answer that may have these."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
