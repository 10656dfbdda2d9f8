"""The table of a scan: Parquet, a row per unit."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from featurelens.worker.renderer.scans.examples import LISTS, RELATIVES

TABLE = "units.parquet"

_HISTOGRAM = pa.struct(
    [
        ("low", pa.float64()),
        ("width", pa.float64()),
        ("counts", pa.list_(pa.int64())),
        ("smallest", pa.float64()),
        ("largest", pa.float64()),
    ]
)
_STATISTICS = pa.struct([("mean", pa.float64()), ("spread", pa.float64()), ("histogram", _HISTOGRAM)])
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
_RELATIVES = pa.list_(pa.struct([("channel", pa.int32()), ("correlation", pa.float64()), ("error", pa.float64())]))
SCHEMA = pa.schema(
    [
        ("layer", pa.string()),
        ("channel", pa.int32()),
        ("images", pa.int64()),
        ("active", pa.float64()),
        ("maximum", _STATISTICS),
        ("mean", _STATISTICS),
        ("mean_after", _HISTOGRAM),
        ("labels", _LABELS),
        ("middle", pa.string()),
        *((name, _EXAMPLES) for name in LISTS),
        ("sampled", pa.int64()),
        *((name, _RELATIVES) for name in RELATIVES),
    ]
)


class Table:
    """Grows by some units at a time; `metadata` says which scan it is."""

    def __init__(self, metadata: dict[str, str]) -> None:
        self._file = io.BytesIO()
        self._schema = SCHEMA.with_metadata(metadata)
        self._writer = pq.ParquetWriter(self._file, self._schema, compression="zstd")

    def add(self, units: Sequence[dict[str, Any]]) -> None:
        """`units` as `examples.described` makes them; a row group of their own."""
        self._writer.write_table(pa.Table.from_pylist(list(units), self._schema))

    def content(self) -> bytes:
        """The whole file; nothing more can be added."""
        self._writer.close()
        return self._file.getvalue()
