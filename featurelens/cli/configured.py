"""The settings of this machine, for commands that work on it themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featurelens.cli.failures import needing
from featurelens.jobs.errors import InvalidSpec

if TYPE_CHECKING:
    from featurelens.jobs.settings import Settings


def configured(purpose: str) -> Settings:
    """From the environment. Raises `InvalidSpec` where that makes no sense, `Missing` without the extra jobs."""
    with needing("jobs", purpose):
        from featurelens.jobs.settings import InvalidSettings, settings
    try:
        return settings()
    except InvalidSettings as error:
        raise InvalidSpec(str(error)) from error
