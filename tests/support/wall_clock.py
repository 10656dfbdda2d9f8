"""A wall clock of a stack's own, set back and forth while it runs (see ``clock_shift.c``)."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from pathlib import Path

from tests.support.paths import ROOT


class WallClock:
    """`environment` makes processes live by it; without a C compiler there is none (`available`)."""

    def __init__(self, folder: Path) -> None:
        library = folder / "clock_shift.so"
        source = ROOT / "tests" / "support" / "clock_shift.c"
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(source), "-ldl"], check=True)
        self._file = folder / "clock_shift"
        self.shift(0)
        self.environment = {"LD_PRELOAD": str(library), "CLOCK_SHIFT": str(self._file)}

    @staticmethod
    def available() -> bool:
        return shutil.which("cc") is not None

    def shift(self, seconds: int) -> None:
        """Sets it that far before the real one."""
        file = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.pwrite(file, struct.pack("=q", seconds), 0)
        finally:
            os.close(file)
