"""The service that FEATURELENS_URL names."""

from __future__ import annotations

import os
from collections.abc import Iterator

from featurelens.cli.checkups.finding import Finding
from featurelens.client import Client
from featurelens.client.connection import URL
from featurelens.jobs.errors import FeaturelensError

AREA = "service"


def service() -> Iterator[Finding]:
    """Whether it answers, lets this user in and is ready."""
    url = os.environ.get(URL)
    if not url:
        yield Finding("ok", AREA, f"none named by {URL}")
        return
    try:
        with Client(url, timeout=10, patience=0) as client:
            status = client.status()
    except FeaturelensError as error:
        yield Finding("WRONG", AREA, error.detail)
        return
    if status["ready"]:
        yield Finding("ok", AREA, f"{url} is ready")
    else:
        yield Finding("WRONG", AREA, f"{url} is not ready: {status['missing']}")
