"""For operators: ``python -m featurelens.worker.models list`` and ``check NAME [PHOTOGRAPH]``.

``featurelens models`` is the same, and can list what a service has.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from featurelens.engine.precision import best_device
from featurelens.jobs.logs import configure
from featurelens.jobs.settings import settings_of
from featurelens.worker.models.inspection.checkup import check
from featurelens.worker.models.registry import Registry


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0 when nothing is wrong, else 1."""
    parser = argparse.ArgumentParser(prog="featurelens models", description="networks, for their operator")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="all networks")
    checking = commands.add_parser("check", help="loads a network and says in plain words what is wrong with it")
    checking.add_argument("name", help="canonical name or alias")
    checking.add_argument("photograph", nargs="?", type=Path, help="something the network should know")
    checking.add_argument("--label", help="what the photograph shows, as the network's labels say it")
    given = parser.parse_args(arguments)
    configured = settings_of("models")
    registry = Registry(configured)
    if given.command == "list":
        for entry in registry.entries():
            _say(f"{entry.name}  {'here' if entry.downloaded else 'not downloaded'}  {', '.join(entry.aliases)}")
        return 0
    wrong = 0
    device = best_device(configured.device)
    for finding in check(registry, given.name, given.photograph, given.label, device):
        wrong += finding.wrong
        _say(f"{'WRONG' if finding.wrong else 'ok   '}  {finding.text}")
    return 1 if wrong else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    configure("models", "ERROR")
    sys.exit(main())
