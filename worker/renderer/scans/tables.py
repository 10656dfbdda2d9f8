"""The table of a scan: Parquet, a row per unit."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from featurelens.worker.renderer.scans.examples import LISTS

TABLE = "units.parquet"

_STATISTICS = pa.struct(
    [
        ("mean", pa.float64()),
        ("spread", pa.float64()),
        (
            "histogram",
            pa.struct(
                [
                    ("low", pa.float64()),
                    ("width", pa.float64()),
                    ("counts", pa.list_(pa.int64())),
                    ("smallest", pa.float64()),
                    ("largest", pa.float64()),
                ]
            ),
        ),
    ]
)
_EXAMPLES = pa.list_(
    pa.struct(
        [
            ("image", pa.int64()),
            ("label", pa.string()),
            ("value", pa.float32()),
            ("x", pa.int32()),
            ("y", pa.int32()),
        ]
    )
)
_LABELS = pa.list_(pa.struct([("label", pa.string()), ("images", pa.int32()), ("of", pa.int32())]))
SCHEMA = pa.schema(
    [
        ("layer", pa.string()),
        ("channel", pa.int32()),
        ("images", pa.int64()),
        ("active", pa.float64()),
        ("maximum", _STATISTICS),
        ("mean", _STATISTICS),
        ("labels", _LABELS),
        ("middle", pa.string()),
        *((name, _EXAMPLES) for name in LISTS),
    ]
)


def parquet(units: Sequence[dict[str, Any]], metadata: dict[str, str]) -> bytes:
    """`units` as `examples.described` makes them; `metadata` says which scan it is."""
    table = pa.Table.from_pylist(list(units), SCHEMA.with_metadata(metadata))
    file = io.BytesIO()
    pq.write_table(table, file, compression="zstd")
    return file.getvalue()
