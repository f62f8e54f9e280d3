"""What an operator does with people, by the command line or a page, each thing audited."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from matcher.storage.database import Database
from web.accounts import hand_over
from web.accounts.hand_over import HandedOver
from web.accounts.identities import Identities
from web.accounts.people import Accounts, Person, Role
from web.audit import Audit

ADDED = "added a person"
ROLES = "changed the roles of a person"
SITE = "changed the site of a person"
EMAIL = "changed the e-mail of a person"
PASSWORD = "changed the password of a person"
LINK = "made a link for a new password"
DEACTIVATED = "deactivated a person"
ACTIVATED = "activated a person"
ENDED = "ended the sessions of a person"
FACTOR = "removed the second factor of a person"
LINKED = "linked an identity to a person"
UNLINKED = "took the identities from a person"


class PeopleTending:
    """The people of one database in the hands of one operator.

    Whatever is done is done together with its entry in the audit, or not at all. Raises what
    `Accounts` raises, and `AuditFailed`.
    """

    def __init__(
        self, db: Database, accounts: Accounts, by: str, *, sends_mail: bool = False
    ) -> None:
        self._db = db
        self._accounts = accounts
        self._audit = Audit(db)
        self._by = by
        self._sends_mail = sends_mail

    def add(
        self,
        name: str,
        password: str,
        *,
        roles: Iterable[Role],
        site: str | None,
        email: str | None,
    ) -> Person:
        """Make an account."""
        with self._audit.together():
            made = self._accounts.add(
                name, password, roles=roles, site=site, email=email
            )
            self._record(ADDED, name, roles=_listed(made.roles), site=site)
        return made

    def set_roles(self, name: str, roles: Iterable[Role]) -> Person:
        """Give a person exactly these roles; if they change, her sessions end."""
        with self._audit.together():
            changed = self._accounts.set_roles(name, roles)
            self._record(ROLES, name, roles=_listed(changed.roles))
        return changed

    def set_site(self, name: str, site: str | None) -> Person:
        """Let a person belong to another site; if it changes, her sessions end."""
        with self._audit.together():
            changed = self._accounts.set_site(name, site)
            self._record(SITE, name, site=site)
        return changed

    def set_email(self, name: str, email: str | None) -> Person:
        """Change where a person is told by e-mail."""
        with self._audit.together():
            changed = self._accounts.set_email(name, email)
            self._record(EMAIL, name)
        return changed

    def set_password(self, name: str, password: str) -> None:
        """Replace a password; all her sessions end."""
        with self._audit.together():
            self._accounts.set_password(name, password)
            self._record(PASSWORD, name)

    def make_link(self, name: str) -> str:
        """The secret of a link by which a person chooses a new password."""
        with self._audit.together():
            link = self._accounts.links.make(self._accounts.find(name))
            self._record(LINK, name)
        return link

    def deactivate(self, name: str) -> Person:
        """Refuse the person's log-in from now on; her cases stay."""
        with self._audit.together():
            changed = self._accounts.deactivate(name)
            self._record(DEACTIVATED, name)
        return changed

    def activate(self, name: str) -> Person:
        """Let the person log in again."""
        with self._audit.together():
            changed = self._accounts.activate(name)
            self._record(ACTIVATED, name)
        return changed

    def end_sessions(self, name: str) -> None:
        """Log the person out everywhere."""
        with self._audit.together():
            self._accounts.end_sessions(self._accounts.find(name))
            self._record(ENDED, name)

    def remove_second_factor(self, name: str) -> None:
        """Ask the person for her password alone, as when she has lost her device."""
        with self._audit.together():
            person = self._accounts.find(name)
            self._accounts.second_factors.remove(person)
            self._accounts.end_sessions(person)
            self._record(FACTOR, name)

    def link_identity(self, name: str, issuer: str, subject: str) -> None:
        """Let who has this identity at a provider log in as the person. Raises `BadIdentity`."""
        with self._audit.together():
            person = self._accounts.find(name)
            Identities(self._db).link(person, issuer, subject)
            self._record(LINKED, name, issuer=issuer)

    def unlink_identities(self, name: str) -> int:
        """Let nobody log in as the person by way of a provider; how many could."""
        with self._audit.together():
            person = self._accounts.find(name)
            count = Identities(self._db).unlink(person)
            self._accounts.end_sessions(person)
            self._record(UNLINKED, name)
        return count

    def hand_over(self, leaver: str, successor: str) -> HandedOver:
        """Let all cases of one person be another's. Raises `CannotTakeOver`."""
        return hand_over.hand_over(
            self._db,
            self._accounts.find(leaver),
            self._accounts.find(successor),
            self._by,
            sends_mail=self._sends_mail,
        )

    def _record(self, action: str, name: str, **facts: Any) -> None:
        self._audit.record(self._by, action, person=name, **facts)


def _listed(roles: Iterable[Role]) -> list[str]:
    return sorted(role.value for role in roles)
