"""``python -m featurelens.service``: serves HTTP on HOST and PORT."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from tempfile import TemporaryDirectory

from featurelens.jobs.settings import settings_of


def main() -> int:
    """Serves until asked to stop. One line on standard error and 1 when it cannot start."""
    chosen = settings_of("service")
    with ExitStack() as held:
        if chosen.http_workers > 1:  # prometheus_client asks once, when it is imported, where processes share counters
            folder = held.enter_context(TemporaryDirectory(prefix="featurelens-"))
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        from featurelens.service.serving import serve

        return serve(chosen)


if __name__ == "__main__":
    sys.exit(main())
