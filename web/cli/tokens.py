"""`secondcase token`: which systems may submit cases and ask for matches by the API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from web.api.tokens import Scope, Tokens
from web.config import load_settings
from web.db import open_database


@contextmanager
def open_tokens() -> Iterator[Tokens]:
    """The tokens of this installation."""
    db = open_database(load_settings().database)
    try:
        yield Tokens(db)
    finally:
        db.close()


@click.group()
def token() -> None:
    """Give systems such as seqr or an EHR bridge access to the API, list it, end it."""


@token.command()
@click.argument("name")
@click.option(
    "--site", help="Site whose cases it handles; by default this one's own name."
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([str(scope) for scope in Scope]),
    help="What it may do: submit cases, ask for matches, or both (give it twice).",
)
def add(name: str, site: str | None, scopes: tuple[str, ...]) -> None:
    """Print a token for the system NAME, to be sent as 'Authorization: Bearer TOKEN'.

    A second token for the same name lets the system change over before the first is revoked.
    """
    owner = site or load_settings().site_name
    with open_tokens() as tokens:
        plain = tokens.add(name, owner, map(Scope, scopes))
    click.echo(plain)
    click.echo(
        "The token is shown this once; give it to the system by a safe way.", err=True
    )


@token.command("list")
def list_tokens() -> None:
    """Number the tokens and say whose they are, what for, and when they were last used."""
    with open_tokens() as tokens:
        for each in tokens:
            state = f"revoked {each.revoked_at}" if each.revoked_at else "active"
            used = f"used {each.used_at}" if each.used_at else "never used"
            scopes = "+".join(sorted(each.scopes))
            click.echo(
                f"{each.token_id:>4}  {each.system:24} {each.site:20} {scopes:13} "
                f"since {each.created_at}  {used}  {state}"
            )


@token.command()
@click.argument("number", type=int)
def revoke(number: int) -> None:
    """Refuse the token with this NUMBER of 'token list' from now on."""
    with open_tokens() as tokens:
        ended = tokens.revoke(number)
    click.echo(f"Token {number} of {ended.system} is refused from now on.")
