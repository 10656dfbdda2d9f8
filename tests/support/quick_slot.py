"""A slot with a heartbeat a second, which is also how often it looks for lost jobs; run like the real one."""

from __future__ import annotations

import sys

from featurelens.worker.slot import slot, sweep_slot
from featurelens.worker.slot.__main__ import main

if __name__ == "__main__":
    for module in (slot, sweep_slot):
        vars(module)["HEARTBEAT"] = 1
    sys.exit(main(sys.argv[1:]))
