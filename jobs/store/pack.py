"""Many small contents in one file of a result, each found by its number with two short reads.

Beside the file is its index: of each content, in the order of their numbers, its number, where it begins and where it
ends, 8 bytes each, little endian.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Iterable
from typing import NamedTuple

from featurelens.jobs.store.result import Result
from featurelens.jobs.store.result_store import ResultStore

_ENTRY = struct.Struct("<3Q")


class Pack(NamedTuple):
    """The names of a file and of its index."""

    contents: str
    places: str


UNITS = Pack("units.jsonl", "units.index")
"""What a scan says of each unit, a line of JSON each."""
THUMBNAILS = Pack("thumbnails.pack", "thumbnails.index")
"""Of images that a scan names, by their number: WebP."""


def packed(contents: Iterable[tuple[int, bytes]]) -> tuple[bytes, bytes]:
    """The file and the index; numbers rise."""
    file, index = bytearray(), bytearray()
    for number, content in contents:
        index += _ENTRY.pack(number, len(file), len(file) + len(content))
        file += content
    return bytes(file), bytes(index)


def unpacked(store: ResultStore, result: Result, pack: Pack, number: int) -> bytes | None:
    """The content with this number; None where there is none, or not any more."""
    return unpacked_each(store, result, pack, [number]).get(number)


def unpacked_each(store: ResultStore, result: Result, pack: Pack, numbers: Iterable[int]) -> dict[int, bytes]:
    """The contents with these numbers, as far as they are there, in a read each and one of the index."""
    index, found = _index(store, result, pack), {}
    for number in numbers:
        for there, start, end in _places(index, number, 1):
            content = store.file_part(result.key, pack.contents, start, end - start) if there == number else None
            if content is not None:
                found[number] = content
    return found


def unpacked_from(store: ResultStore, result: Result, pack: Pack, number: int, count: int) -> list[bytes]:
    """The contents of this number and those that follow, `count` at most, in one read."""
    found = _places(_index(store, result, pack), number, count)
    if not found:
        return []
    begin, end = found[0][1], found[-1][2]
    part = store.file_part(result.key, pack.contents, begin, end - begin) or b""
    return [part[start - begin : stop - begin] for _, start, stop in found] if part else []


def _index(store: ResultStore, result: Result, pack: Pack) -> bytes:
    file = result.file(pack.places)
    return b"" if file is None else store.file_part(result.key, pack.places, 0, file.bytes) or b""


def _places(index: bytes, number: int, count: int) -> list[tuple[int, int, int]]:
    """Number, begin and end of `count` contents at most, from the first whose number is not below `number`."""
    entries = len(index) // _ENTRY.size

    def entry(place: int) -> tuple[int, int, int]:
        found: tuple[int, int, int] = _ENTRY.unpack_from(index, place * _ENTRY.size)
        return found

    first = bisect_left(range(entries), number, key=lambda place: entry(place)[0])
    return [entry(place) for place in range(first, min(first + count, entries))]
