"""What is wrong with the broker that ``REDIS_URL`` names, in words for an operator."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redis import RedisError
from redis import exceptions as redis_errors

_LASTING = (
    (r"certificate verify failed: (.+?)\.? \(_ssl", "shows a certificate that is not accepted: {}"),
    (r"CERTIFICATE_REQUIRED|EOF occurred in violation", "asks for a certificate of ours: ssl_certfile, ssl_keyfile"),
    (r"WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE", "speaks no TLS there, or another one"),
)
"""What a connection over TLS says, also one to a sentinel, whose error stands in that of the search for a master."""

_PERHAPS = (
    (r"Timeout connecting", "; one without TLS at this port would be silent to rediss://, too"),
    (r"reset by peer|closed by server", "; one with TLS at this port would hang up on redis://, too"),
)


@dataclass(frozen=True)
class Trouble:
    """`words` continue "the server named by REDIS_URL"; `lasting`: waiting does not help."""

    words: str
    lasting: bool = True


CLUSTER = Trouble("is a cluster: a single server is needed, or one that sentinels watch")


def trouble(error: RedisError | OSError) -> Trouble:
    """Why the broker did not do what it was asked to."""
    text = str(error)
    for sign, words in _LASTING:
        if (found := re.search(sign, text)) is not None:
            return Trouble(words.format(*found.groups()))
    if "No master found" in text:  # redis-py has two classes of this name
        if re.search(r"AuthenticationError|NOAUTH|NoPermission", text):
            return Trouble("is not told: the sentinels do not accept sentinel_username and sentinel_password")
        return Trouble("is not told: no sentinel answers and knows a master of this name", lasting=False)
    if isinstance(error, redis_errors.AuthenticationError) or "NOAUTH" in text:
        return Trouble("does not accept the user or the password in it")
    if isinstance(error, redis_errors.NoPermissionError):
        return Trouble(f"does not let this user do what is needed: {text}")
    hint = next((words for sign, words in _PERHAPS if re.search(sign, text)), "")
    return Trouble(f"does not answer ({text.rstrip('. ')}{hint})", lasting=False)


def in_a_cluster(info: Mapping[str, Any]) -> bool:
    """Whether it is part of a Redis Cluster, by what `INFO` says."""
    return str(info.get("cluster_enabled", 0)) == "1"
