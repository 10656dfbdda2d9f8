"""The files of a scan: a Parquet table with a row per unit, and the same as JSON lines, found by their number."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from featurelens.worker.renderer.scans.examples import LISTS

TABLE, LINES, INDEX, THUMBNAILS = "units.parquet", "units.jsonl", "units.index", "thumbnails.pack"
"""Names of the files; `INDEX` has where each line begins and the last one ends, 8 bytes each, little endian."""

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


def lines(units: Sequence[dict[str, Any]]) -> tuple[bytes, bytes]:
    """The JSON lines and their index."""
    written = [json.dumps(unit, separators=(",", ":")).encode() + b"\n" for unit in units]
    starts = [0]
    for line in written:
        starts.append(starts[-1] + len(line))
    return b"".join(written), struct.pack(f"<{len(starts)}Q", *starts)
