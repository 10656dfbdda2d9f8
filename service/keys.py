"""``python -m featurelens.service.keys create|list|revoke``: the API keys of this state folder."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from featurelens.jobs import disk
from featurelens.jobs.settings import settings_of
from featurelens.service.auth.api_keys import SCOPES, ApiKeys


def main(arguments: Sequence[str] | None = None) -> int:
    """0, or 1 when there is no such key, or the disk does not let it be kept."""
    try:
        return _main(arguments)
    except OSError as error:
        sys.stderr.write(f"nothing is changed: {disk.reason(error) or error}\n")
        return 1


def _main(arguments: Sequence[str] | None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m featurelens.service.keys", description="API keys; see docs/operations.md"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create", help="prints a new key, once")
    create.add_argument("--scope", choices=SCOPES, required=True)
    create.add_argument("--note", default="", help="whose it is")
    commands.add_parser("list", help="ids, scopes and notes; never the keys")
    revoke = commands.add_parser("revoke", help="from the next request on")
    revoke.add_argument("id")
    chosen = parser.parse_args(arguments)
    keys = ApiKeys(settings_of("keys").keys_file)
    if chosen.command == "create":
        sys.stdout.write(keys.create(chosen.scope, chosen.note) + "\n")
    elif chosen.command == "list":
        for key in keys.all():
            sys.stdout.write(f"{key.id}  {key.scope:6}  {key.created:%Y-%m-%d}  {key.note}\n")
    elif not keys.revoke(chosen.id):
        sys.stderr.write(f"no key has the id {chosen.id}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
