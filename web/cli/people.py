"""`secondcase user`: who may log in, as what and how, and whose cases become whose."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import click

from matcher.storage.database import Database
from web.accounts import Accounts, Passwords, Role
from web.accounts.identities import Identities
from web.accounts.people import Person
from web.accounts.tending import PeopleTending
from web.cli.cases.transfer import ACTOR
from web.config import Settings, load_settings
from web.db import open_database

ROLES = click.Choice([str(role) for role in Role])


@dataclass(frozen=True, slots=True)
class Desk:
    """The people of this installation, to be read and to be tended."""

    db: Database
    settings: Settings
    accounts: Accounts
    tending: PeopleTending


@contextmanager
def open_desk() -> Iterator[Desk]:
    """The people of this installation."""
    settings = load_settings()
    with closing(open_database(settings.database)) as db:
        accounts = Accounts(db, Passwords())
        yield Desk(
            db,
            settings,
            accounts,
            PeopleTending(db, accounts, ACTOR, sends_mail=settings.sends_mail),
        )


@click.group()
def user() -> None:
    """Make accounts, list them, change what they may do, hand cases over.

    Each change is an entry in the audit.
    """


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
    with open_desk() as desk:
        owner = site or desk.settings.site_name
        person = desk.tending.add(name, password, roles=wanted, site=owner, email=email)
    click.echo(
        f"{person.name} at {person.site} can log in as {', '.join(sorted(person.roles))}."
    )


@user.command("list")
def list_people() -> None:
    """Name everybody with site, roles and state."""
    with open_desk() as desk:
        for person in desk.accounts.people():
            state = "" if person.is_active else ", deactivated"
            roles = ", ".join(sorted(person.roles))
            click.echo(f"{person.name:24} {person.site or '-':16} {roles}{state}")


@user.command()
@click.argument("name")
def show(name: str) -> None:
    """Tell what is known of NAME: log-ins, sessions, second factor, identities, cases."""
    with open_desk() as desk:
        person = desk.accounts.find(name)
        for label, value in facts(desk, person):
            click.echo(f"{label:15} {value}")


def facts(desk: Desk, person: Person) -> Iterator[tuple[str, str]]:
    """What is known of a person, a line each."""
    factor = desk.accounts.second_factors.of(person.person_id)
    yield "name", person.name
    yield "site", person.site or "-"
    yield "roles", ", ".join(sorted(person.roles))
    yield "state", "active" if person.is_active else "deactivated"
    yield "e-mail", person.email or "-"
    yield "last log-in", (person.last_log_in or "never")[:19]
    yield "second factor", (
        f"since {factor.since[:10]}, {factor.codes_left} recovery codes left"
        if factor
        else "none"
    )
    for identity in Identities(desk.db).of(person):
        yield "identity", f"{identity.subject} at {identity.issuer}"
    for session in desk.accounts.sessions(person):
        yield "session", (
            f"since {session.created_at[:19]}, last used {session.seen_at[:19]}, "
            f"by {session.method}"
        )


@user.command()
@click.argument("name")
@click.option("--role", "roles", multiple=True, type=ROLES, required=True)
def roles(name: str, roles: tuple[str, ...]) -> None:
    """Give NAME exactly these roles; if they change, her sessions end."""
    with open_desk() as desk:
        person = desk.tending.set_roles(name, map(Role, roles))
    click.echo(f"{person.name} is {', '.join(sorted(person.roles))} now.")


@user.command()
@click.argument("name")
@click.argument("site")
def site(name: str, site: str) -> None:
    """Let NAME belong to SITE; her cases stay where they are, so hand them over first."""
    with open_desk() as desk:
        person = desk.tending.set_site(name, site)
    click.echo(f"{person.name} belongs to {person.site} now.")


@user.command()
@click.argument("name")
@click.argument("address")
def email(name: str, address: str) -> None:
    """Tell NAME by e-mail at ADDRESS; '-' for no address."""
    with open_desk() as desk:
        person = desk.tending.set_email(name, None if address == "-" else address)
    click.echo(f"{person.name} is told at {person.email or 'no address'} now.")


@user.command()
@click.argument("name")
@click.password_option()
def password(name: str, password: str) -> None:
    """Give NAME a new password; all her sessions end."""
    with open_desk() as desk:
        desk.tending.set_password(name, password)
    click.echo(f"The password of {name} is changed and her sessions are ended.")


@user.command()
@click.argument("name")
def link(name: str) -> None:
    """Print a link by which NAME chooses a new password: once, within a day.

    Send it by a way that nobody else reads.
    """
    with open_desk() as desk:
        secret = desk.tending.make_link(name)
        click.echo(f"{desk.settings.site_url}/new-password/{secret}")


@user.command()
@click.argument("name")
def deactivate(name: str) -> None:
    """Refuse NAME's log-in from now on; her cases stay."""
    with open_desk() as desk:
        desk.tending.deactivate(name)
    click.echo(
        f"{name} cannot log in any more; 'secondcase user activate {name}' undoes it."
    )


@user.command()
@click.argument("name")
def activate(name: str) -> None:
    """Let NAME log in again."""
    with open_desk() as desk:
        desk.tending.activate(name)
    click.echo(f"{name} can log in again.")


@user.command("end-sessions")
@click.argument("name")
def end_sessions(name: str) -> None:
    """Log NAME out everywhere."""
    with open_desk() as desk:
        desk.tending.end_sessions(name)
    click.echo(f"{name} is logged out everywhere.")


@user.command("remove-second-factor")
@click.argument("name")
def remove_second_factor(name: str) -> None:
    """Ask NAME for her password alone, as when she has lost her device."""
    with open_desk() as desk:
        desk.tending.remove_second_factor(name)
    click.echo(f"{name} logs in with her password alone until she sets up a new one.")


@user.command("link-identity")
@click.argument("name")
@click.argument("subject")
def link_identity(name: str, subject: str) -> None:
    """Let whom the OpenID provider of the settings calls SUBJECT log in as NAME."""
    with open_desk() as desk:
        issuer = desk.settings.openid_issuer
        if issuer is None:
            raise click.ClickException(
                "The setting openid_issuer is empty, so there is no provider; set it first."
            )
        desk.tending.link_identity(name, issuer, subject)
    click.echo(f"{subject} at {issuer} logs in as {name}.")


@user.command("unlink-identities")
@click.argument("name")
def unlink_identities(name: str) -> None:
    """Let nobody log in as NAME by way of an OpenID provider."""
    with open_desk() as desk:
        count = desk.tending.unlink_identities(name)
    click.echo(f"Taken from {name}: {count}.")


@user.command("hand-over")
@click.argument("leaver", metavar="FROM")
@click.argument("successor", metavar="TO")
def hand_over(leaver: str, successor: str) -> None:
    """Let all cases of FROM be those of TO, a colleague of the same site, in one step.

    Notices and unsaved forms go with them, and the contact where it was that of FROM. It does
    not deactivate FROM.
    """
    with open_desk() as desk:
        found = desk.tending.hand_over(leaver, successor)
    click.echo(
        f"{len(found.case_ids):,} cases of {leaver} are those of {successor} now; "
        f"contacts changed: {found.contacts:,}, unsaved forms: {found.drafts:,}."
    )
    for case_id in found.damaged:
        click.echo(f"{case_id} is damaged and was left as it is.", err=True)
