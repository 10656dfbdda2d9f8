"""Arrays in NumPy's own file format, version 1.0 (numpy.org, "A simple file format for NumPy arrays")."""

from __future__ import annotations

import struct
from collections.abc import Sequence

_MAGIC = b"\x93NUMPY\x01\x00"
_ALIGNMENT = 64


def npy(content: bytes, shape: Sequence[int]) -> bytes:
    """A file of the float32 numbers in `content`, little-endian, C order."""
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {tuple(shape)!r}, }}"
    length = len(_MAGIC) + 2 + len(text) + 1
    header = text + " " * (-length % _ALIGNMENT) + "\n"
    return _MAGIC + struct.pack("<H", len(header)) + header.encode("latin1") + content
