"""Folders as Hugging Face has them: ``config.json`` of a timm network beside ``model.safetensors``."""

from __future__ import annotations

import json
from typing import Any

from featurelens.worker.models.sources.manifest import Manifest

CONFIG = "config.json"


def manifest(content: bytes) -> tuple[Manifest, tuple[str, ...] | None]:
    """What ``config.json`` says, and its labels. Raises ValueError in plain words for another kind of network."""
    try:
        config = json.loads(content)
        prepared: dict[str, Any] = config["pretrained_cfg"]
        channels, height, width = prepared["input_size"]
        classes = int(config["num_classes"])
        given = {"model_name": config["architecture"], "num_classes": classes, **config.get("model_args", {})}
        classifier = prepared.get("classifier")
        found = Manifest(
            factory="timm:create_model",
            arguments=given,
            input_size=(height, width),
            channels=channels,
            mean=tuple(prepared["mean"]),
            std=tuple(prepared["std"]),
            min_size=None if prepared.get("fixed_input_size") else MIN_SIZE,
            fixed_size=bool(prepared.get("fixed_input_size")),
            classes_layer=classifier if isinstance(classifier, str) and classes else None,
            description=f"{config['architecture']}, a timm network",
        )
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise ValueError(f"{CONFIG} describes no timm network ({type(error).__name__}: {error})") from error
    return found, _labels(config, classes)


MIN_SIZE = 32
"""Pixels; timm does not say how small a picture a network takes."""


def _labels(config: dict[str, Any], classes: int) -> tuple[str, ...] | None:
    names = config.get("label_names") or config.get("pretrained_cfg", {}).get("label_names")
    if isinstance(names, dict):
        names = [names.get(str(index)) for index in range(classes)]
    if not isinstance(names, list) or len(names) != classes or not all(isinstance(name, str) for name in names):
        return None
    told = config.get("label_descriptions")
    return tuple(str(told.get(name, name)) if isinstance(told, dict) else name for name in names)
