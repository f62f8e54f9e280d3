"""`secondcase node`: which peers of the exchange may ask this node."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from web.config import load_settings
from web.db import open_database
from web.mme.nodes import Nodes


@contextmanager
def open_nodes() -> Iterator[Nodes]:
    """The peers of this installation."""
    db = open_database(load_settings().database)
    try:
        yield Nodes(db)
    finally:
        db.close()


@click.group()
def node() -> None:
    """Add peers of the Matchmaker Exchange, list them, end their access."""


@node.command()
@click.argument("name")
def add(name: str) -> None:
    """Add the peer NAME and print the token that it must send in X-Auth-Token."""
    with open_nodes() as nodes:
        token = nodes.add(name)
    click.echo(token)
    click.echo(
        "The token is shown this once; give it to the peer by a safe way.", err=True
    )


@node.command("list")
def list_nodes() -> None:
    """Name the peers and say whether their tokens are good."""
    with open_nodes() as nodes:
        for each in nodes:
            state = f"revoked {each.revoked_at}" if each.revoked_at else "active"
            click.echo(f"{each.name:32} since {each.created_at}  {state}")


@node.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Refuse the token of the peer NAME from now on."""
    with open_nodes() as nodes:
        nodes.revoke(name)
    click.echo(f"The token of {name} is refused from now on.")
