"""A slot that beats each second and takes its work horse for hung after three of silence; run like the real one."""

from __future__ import annotations

import sys

from featurelens.worker.slot import slot
from featurelens.worker.slot.__main__ import main

if __name__ == "__main__":
    slot.HEARTBEAT = 1
    slot.HANG = 3
    sys.exit(main(sys.argv[1:]))
