"""A slot that takes its work horse for hung after five seconds of silence; run as ``python -m`` like the real one."""

from __future__ import annotations

import sys

from featurelens.worker.slot import slot
from featurelens.worker.slot.__main__ import main

if __name__ == "__main__":
    slot.HANG = 5
    sys.exit(main())
