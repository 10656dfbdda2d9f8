"""The networks of all workers as one list: what is offered under each name, and what differs between workers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from pydantic import TypeAdapter, ValidationError
from redis.client import Pipeline

from featurelens.jobs.catalog.entries import ModelEntry
from featurelens.jobs.catalog.hashes import replace
from featurelens.jobs.catalog.lists import ByWorker
from featurelens.jobs.logs import logger

MODELS = "featurelens:catalog:models"
"""Hash: canonical name -> entry without its labels."""
ALIASES = "featurelens:catalog:aliases"
"""Hash: alias -> canonical name."""
LABELS = "featurelens:catalog:labels"
"""Hash: digest -> labels as JSON; most networks share the same thousand."""
LABELLED = "featurelens:catalog:labelled"
"""Hash: canonical name -> digest of its labels."""
CONFLICTS = "featurelens:catalog:conflicts"
"""Hash: canonical name -> between which workers the weights under it differ."""

_NAMES = TypeAdapter(tuple[str, ...])


def write(pipe: Pipeline, lists: ByWorker) -> None:
    """Replaces what is offered by what these workers have, in the transaction `pipe`."""
    found: dict[str, dict[str, ModelEntry]] = {}
    for worker, entries in lists.items():
        for name, told in entries.items():
            try:
                found.setdefault(name, {})[worker] = ModelEntry.model_validate_json(told)
            except ValidationError:
                logger().warning("not understood: written by another version", what="network", worker=worker)
    fields: dict[str, dict[str, str]] = {MODELS: {}, ALIASES: {}, LABELS: {}, LABELLED: {}, CONFLICTS: {}}
    for name, by_worker in sorted(found.items()):
        if by_worker:
            _offer(fields, name, by_worker)
    replace(pipe, fields)


def _offer(fields: dict[str, dict[str, str]], name: str, by_worker: Mapping[str, ModelEntry]) -> None:
    entry = max(by_worker.values(), key=lambda one: _number(one.renderer))  # the first of equal ones
    if len({one.digest for one in by_worker.values()}) > 1:
        fields[CONFLICTS][name] = f"the workers {', '.join(by_worker)} have different weights under this name"
    fields[MODELS][name] = entry.model_dump_json(exclude={"labels", "problem"})
    for alias in entry.aliases:
        fields[ALIASES].setdefault(alias, name)
    if entry.labels is not None:
        labels = _NAMES.dump_json(entry.labels)
        digest = hashlib.sha256(labels).hexdigest()
        fields[LABELS][digest] = labels.decode()
        fields[LABELLED][name] = digest


def _number(version: str) -> tuple[int, ...]:
    """Of a version of the engine, to be compared."""
    return tuple(map(int, re.findall(r"\d+", version)))
