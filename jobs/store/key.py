"""The name of a picture, for ever: a digest of everything that decides its pixels."""

from __future__ import annotations

import hashlib
import json
import re

from featurelens.jobs.spec.visualization import VisualizationSpec

KEY_PATTERN = re.compile(r"fv1_[0-9a-f]{64}")


def visualization_key(spec: VisualizationSpec, weights: str, renderer: str) -> str:
    """Returns ``fv1_`` + sha256 of canonical JSON (sorted keys, no spaces, ASCII).

    `spec` must be resolved (canonical model name, size filled in), `weights` is the digest of the weight bytes and
    `renderer` the version of the engine: a change of either makes other pictures and so another key.
    """
    if spec.size is None or spec.transform is None:
        raise ValueError("the key of an unresolved spec: defaults are not filled in")
    content = {"renderer": renderer, "spec": spec.model_dump(mode="json"), "weights": weights}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return "fv1_" + hashlib.sha256(canonical.encode("ascii")).hexdigest()
