"""``python -m featurelens.service``: serves HTTP on HOST and PORT."""

from __future__ import annotations

import sys
from contextlib import ExitStack

from featurelens.jobs.settings import settings_of
from featurelens.service.shared_counters import shared_counters


def main() -> int:
    """Serves until asked to stop. One line on standard error and 1 when it cannot start."""
    chosen = settings_of("service")
    with ExitStack() as held:
        if chosen.http_workers > 1:
            try:
                held.enter_context(shared_counters(chosen.state.absolute()))
            except OSError as error:
                sys.stderr.write(f"featurelens service: {chosen.state} takes no counters: {error.strerror}\n")
                return 1
        from featurelens.service.serving import serve

        return serve(chosen)


if __name__ == "__main__":
    sys.exit(main())
