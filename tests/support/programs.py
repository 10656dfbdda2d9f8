"""Programs of Debian that some tests need: nginx, promtool."""

from __future__ import annotations

import os
import shutil

import pytest

REQUIRED = "FEATURELENS_PROGRAMS"
"""Set to `required`, one that is missing is a failure and no reason to skip."""


def found(name: str) -> str | None:
    """Where it is; those of the administrator are on nobody else's path."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")


def needs(program: str | None, package: str) -> pytest.MarkDecorator:
    """Skips the tests of a program that has not been found, where nobody said that it must be here."""
    required = os.environ.get(REQUIRED) == "required"
    return pytest.mark.skipif(program is None and not required, reason=f"not here: apt-get install {package}")
