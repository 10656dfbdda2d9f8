"""The version of Featurelens that runs here."""

from __future__ import annotations

from importlib.metadata import version

VERSION = version("featurelens")
