"""`secondcase user`: who may log in, and as what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from web.accounts import Accounts, Passwords, Role
from web.config import load_settings
from web.db import open_database

ROLES = click.Choice([str(role) for role in Role])


@contextmanager
def open_accounts() -> Iterator[Accounts]:
    """The people of this installation."""
    db = open_database(load_settings().database)
    try:
        yield Accounts(db, Passwords())
    finally:
        db.close()


@click.group()
def user() -> None:
    """Make accounts, list them, change what they may do."""


@user.command()
@click.argument("name")
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=ROLES,
    help="Once for each role; default clinician.",
)
@click.option("--site", help="Site she belongs to; by default this one's own name.")
@click.option("--email")
@click.password_option(help="Asked for where it is not given; at least 12 characters.")
def add(
    name: str,
    roles: tuple[str, ...],
    site: str | None,
    email: str | None,
    password: str,
) -> None:
    """Make an account for NAME."""
    wanted = [Role(role) for role in roles] or [Role.CLINICIAN]
    owner = site or load_settings().site_name
    with open_accounts() as accounts:
        person = accounts.add(name, password, roles=wanted, site=owner, email=email)
    click.echo(
        f"{person.name} at {person.site} can log in as {', '.join(sorted(person.roles))}."
    )


@user.command("list")
def list_people() -> None:
    """Name everybody with site, roles and state."""
    with open_accounts() as accounts:
        for person in accounts.people():
            state = "" if person.is_active else ", deactivated"
            roles = ", ".join(sorted(person.roles))
            click.echo(f"{person.name:24} {person.site or '-':16} {roles}{state}")


@user.command()
@click.argument("name")
@click.password_option()
def password(name: str, password: str) -> None:
    """Give NAME a new password; all her sessions end."""
    with open_accounts() as accounts:
        accounts.set_password(name, password)
    click.echo(f"The password of {name} is changed and her sessions are ended.")


@user.command()
@click.argument("name")
def deactivate(name: str) -> None:
    """Refuse NAME's log-in from now on; her cases stay."""
    with open_accounts() as accounts:
        accounts.deactivate(name)
    click.echo(
        f"{name} cannot log in any more; 'secondcase user activate {name}' undoes it."
    )


@user.command()
@click.argument("name")
def activate(name: str) -> None:
    """Let NAME log in again."""
    with open_accounts() as accounts:
        accounts.activate(name)
    click.echo(f"{name} can log in again.")
