"""`featurelens keys`: who may ask the service of this state folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from featurelens.cli.configured import configured
from featurelens.cli.failures import NONSENSE, needing
from featurelens.cli.options import Json
from featurelens.cli.output import as_json, examples, hint, say, table

if TYPE_CHECKING:
    from featurelens.service.auth.api_keys import ApiKeys

keys = typer.Typer(no_args_is_help=True, help="API keys of the state folder, for its operator.")


def add_to(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(keys, name="keys", rich_help_panel="Operating")


@keys.command(epilog=examples("featurelens keys create --scope render --note 'the notebook of the lab'"))
def create(
    scope: Annotated[str, typer.Option(help="read; render: ask and stop, too; admin: delete results, too.")],
    note: Annotated[str, typer.Option(help="Whose it is.")] = "",
    json: Json = False,
) -> None:
    """Make a key and print it, once."""
    with needing("service", "featurelens keys"):
        from featurelens.service.auth.api_keys import SCOPES
    known = next((one for one in SCOPES if one == scope), None)
    if known is None:
        raise typer.BadParameter(f"{scope!r} is none of {', '.join(SCOPES)}", param_hint="--scope")
    key = _keys().create(known, note)
    as_json({"key": key, "id": key.split("_")[1], "scope": scope, "note": note}) if json else say(key)
    hint("it is not shown again: Authorization: Bearer ..., or FEATURELENS_API_KEY")


@keys.command("list", epilog=examples("featurelens keys list", "featurelens keys list --json"))
def list_keys(json: Json = False) -> None:
    """Ids, scopes and notes; never the keys."""
    found = _keys().all()
    if json:
        as_json([key.model_dump(mode="json", exclude={"sha256"}) for key in found])
        return
    table([(key.id, key.scope, f"{key.created:%Y-%m-%d}", key.note) for key in found])


@keys.command(epilog=examples("featurelens keys revoke 3f9c0a7b1d22"))
def revoke(id: Annotated[str, typer.Argument(help="From featurelens keys list.")]) -> None:
    """Make a key useless from the next request on."""
    held = _keys()
    if not held.revoke(id):
        known = ", ".join(key.id for key in held.all()) or "none"
        hint(f"featurelens: no key has the id {id}; there are {known}")
        raise typer.Exit(NONSENSE)


def _keys() -> ApiKeys:
    with needing("service", "featurelens keys"):
        from featurelens.service.auth.api_keys import ApiKeys
    return ApiKeys(configured("featurelens keys").keys_file)
