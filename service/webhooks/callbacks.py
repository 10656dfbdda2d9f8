"""Where who asks for a job wants to hear how it has ended: a header of the request, no part of what is asked for."""

from __future__ import annotations

import hashlib
from typing import Annotated
from uuid import uuid4

from fastapi import Header

from featurelens.service.schemas.address import PREFIX
from featurelens.service.webhooks.allowed_hosts import LONGEST, Permitted
from featurelens.service.webhooks.deliveries import Deliveries, Delivery

Callback = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=LONGEST,
        description="where a signed POST tells how it has ended, at a host that the operator lists",
        examples=["https://hooks.example.org/featurelens"],
    ),
]


class Callbacks:
    """Takes them from requests; `service.webhooks.courier` delivers."""

    def __init__(self, deliveries: Deliveries, permitted: Permitted) -> None:
        self.deliveries = deliveries
        self.permitted = permitted

    def check(self, url: str | None) -> None:
        """Raises `CallbackRefused`."""
        if url is not None:
            self.permitted.checked(url)

    def add(self, key: str, url: str, client: str, token: str | None) -> None:
        """`url` is told how the job or sweep `key` ends; once for each `Idempotency-Key` (`token`) of a client. Blocks.

        Whether there is room is asked before (`Deliveries.check_room`).
        """
        asked = "\n".join((client, token, key, url)) if token else uuid4().hex
        id = f"msg_{hashlib.sha256(asked.encode()).hexdigest()[:32]}"
        self.deliveries.add(Delivery(id, key, url, PREFIX.get()), client)


def told_apart(request: str, callback: str | None) -> str:
    """What is asked for, as an `Idempotency-Key` goes by it: with another callback it is another request."""
    return request if callback is None else f"{request} {callback}"
