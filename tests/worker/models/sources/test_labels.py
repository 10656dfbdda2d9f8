"""Names of classes as editors write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from featurelens.worker.models.sources.labels import read_labels


@pytest.mark.parametrize(
    "content",
    [b"cat\nblue dog", b"cat\nblue dog\n", b"\xef\xbb\xbfcat\r\nblue dog\r\n\r\n", b"cat \nblue dog\n\n \n\n"],
)
def test_marks_and_blank_ends_are_no_labels(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_bytes(content)
    assert read_labels(tmp_path / "names.txt") == ("cat", "blue dog")


@pytest.mark.parametrize(
    ("content", "line"), [("\ncat\n", 1), ("cat\n\ndog\n", 2), ("cat\ndog\n \t\nbird", 3), ("", 1)]
)
def test_a_blank_line_before_others_would_shift_them(content: str, line: int, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text(content)
    with pytest.raises(ValueError, match=f"line {line} of names.txt is blank"):
        read_labels(tmp_path / "names.txt")
