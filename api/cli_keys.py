"""``duban keys …``: the master keys of the installation."""

import typer

app = typer.Typer(help="The master keys.", rich_markup_mode=None)


@app.callback()
def _keys() -> None:
    """The master keys."""


@app.command()
def rotate() -> None:
    """Wrap all keys of cases, kin, webhooks and sealed identities by the newest master keys; may be stopped and begun again.

    Exit code 1 where something is wrapped by a key that this installation lacks.
    """
    from api.cli import open_database
    from engine import rotation

    database = open_database()
    done = rotation.rotate(database)
    print(
        f"Wrapped anew: {done.cases} cases, {done.kin} kin, {done.webhooks} webhooks (by {database.keys.current}), "
        f"{done.identities} identities (by {database.keys.identity.current})."
    )
    if done.left:
        print(f"{done.left} are wrapped by master keys that are not among those of this installation.")
    raise typer.Exit(1 if done.left else 0)
