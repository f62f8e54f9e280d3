"""What an operator does with people: audited, and ending what it has to end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from web.accounts.identities import BadIdentity, Identities
from web.accounts.people import Role
from web.accounts.tending import PeopleTending
from web.audit import AuditFailed
from web.errors import BadAccount, LinkExpired, LogInFailed, NameTaken, WeakPassword

from ..conftest import unrecordable
from .conftest import RIGHT, Office

ISSUER = "https://login.example"
NEW = "another good passphrase"


@pytest.mark.parametrize(
    ("change", "action"),
    [
        (lambda t: t.set_roles("alice", [Role.CURATOR]), "changed the roles"),
        (lambda t: t.set_site("alice", "Harbour"), "changed the site"),
        (lambda t: t.set_password("alice", NEW), "changed the password"),
        (lambda t: t.deactivate("alice"), "deactivated"),
        (lambda t: t.end_sessions("alice"), "ended the sessions"),
        (lambda t: t.remove_second_factor("alice"), "removed the second factor"),
        (lambda t: t.unlink_identities("alice"), "took the identities"),
    ],
)
def test_what_changes_her_rights_ends_her_sessions(
    office: Office, change: Callable[[PeopleTending], object], action: str
) -> None:
    inside = office.people.log_in("alice", RIGHT, address="::1")

    change(office.tending)

    assert office.people.logged_in(inside.token) is None
    entry = office.audited()[-1]
    assert entry.actor == "olga" and action in entry.action
    assert entry.facts["person"] == "alice"


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.set_roles("alice", [Role.CLINICIAN]),
        lambda t: t.set_site("alice", "North"),
        lambda t: t.set_email("alice", "other@mail.example"),
        lambda t: t.make_link("alice"),
    ],
)
def test_what_changes_no_rights_leaves_her_sessions(
    office: Office, change: Callable[[PeopleTending], object]
) -> None:
    inside = office.people.log_in("alice", RIGHT, address="::1")

    change(office.tending)

    assert office.people.logged_in(inside.token) is not None


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.add("erin", NEW, roles=[Role.CURATOR], site="North", email=None),
        lambda t: t.set_roles("alice", [Role.CURATOR]),
        lambda t: t.set_site("alice", "Harbour"),
        lambda t: t.set_email("alice", "other@mail.example"),
        lambda t: t.set_password("alice", NEW),
        lambda t: t.make_link("alice"),
        lambda t: t.deactivate("alice"),
        lambda t: t.activate("bob"),
        lambda t: t.end_sessions("alice"),
        lambda t: t.remove_second_factor("alice"),
        lambda t: t.link_identity("alice", ISSUER, "1"),
        lambda t: t.unlink_identities("charlie"),
    ],
)
def test_what_cannot_be_audited_is_not_done(
    office: Office, change: Callable[[PeopleTending], object]
) -> None:
    office.people.log_in("alice", RIGHT, address="::1")
    office.tending.link_identity("charlie", ISSUER, "2")
    office.tending.deactivate("bob")

    with unrecordable(office.db), pytest.raises(AuditFailed):
        change(office.tending)


def test_address_of_somebody_else_is_refused(office: Office) -> None:
    with pytest.raises(NameTaken):
        office.tending.set_email("alice", "bob@mail.example")


def test_own_address_in_other_letters_is_no_clash(office: Office) -> None:
    changed = office.tending.set_email("alice", "ALICE@mail.example")

    assert changed.email == "ALICE@mail.example"


@pytest.mark.parametrize("site", ["", " ", "x" * 81, "a\nb"])
def test_site_that_is_none_is_refused(office: Office, site: str) -> None:
    with pytest.raises(BadAccount):
        office.tending.set_site("alice", site)


class TestLinks:
    def test_it_lets_choose_a_password_once(self, office: Office) -> None:
        link = office.tending.make_link("alice")
        inside = office.people.log_in("alice", RIGHT, address="::1")

        office.people.use_link(link, NEW)

        assert office.people.logged_in(inside.token) is None
        assert office.people.log_in("alice", NEW, address="::1")
        with pytest.raises(LinkExpired):
            office.people.use_link(link, "yet another passphrase")

    def test_it_expires_after_a_day(self, office: Office) -> None:
        link = office.tending.make_link("alice")
        office.clock.wait(hours=24)

        with pytest.raises(LinkExpired):
            office.people.use_link(link, NEW)

    def test_weak_password_does_not_use_it_up(self, office: Office) -> None:
        link = office.tending.make_link("alice")

        with pytest.raises(WeakPassword):
            office.people.use_link(link, "short")

        office.people.use_link(link, NEW)

    @pytest.mark.parametrize(
        "end",
        [
            lambda t: t.make_link("alice"),
            lambda t: t.deactivate("alice"),
            lambda t: t.set_password("alice", "a third good passphrase"),
        ],
    )
    def test_it_ends_with_a_newer_one_and_with_the_account(
        self, office: Office, end: Callable[[PeopleTending], object]
    ) -> None:
        link = office.tending.make_link("alice")

        end(office.tending)

        with pytest.raises(LinkExpired):
            office.people.links.of(link)

    def test_it_is_kept_as_a_digest(self, office: Office) -> None:
        link = office.tending.make_link("alice")

        (kept,) = office.db.execute("SELECT link_sha256 FROM password_links").fetchone()
        assert link not in kept and len(kept) == 64


class TestIdentities:
    def test_it_leads_to_the_person(self, office: Office) -> None:
        office.tending.link_identity("alice", ISSUER, "sub-1")

        found = Identities(office.db).person(ISSUER, "sub-1")
        assert found is not None and found.name == "alice"
        assert Identities(office.db).person("https://other.example", "sub-1") is None

    def test_identity_is_of_one_person(self, office: Office) -> None:
        office.tending.link_identity("alice", ISSUER, "sub-1")

        with pytest.raises(BadIdentity, match="alice"):
            office.tending.link_identity("bob", ISSUER, "sub-1")

    def test_person_has_one_identity_a_provider(self, office: Office) -> None:
        office.tending.link_identity("alice", ISSUER, "sub-1")

        with pytest.raises(BadIdentity, match="another one"):
            office.tending.link_identity("alice", ISSUER, "sub-2")

    @pytest.mark.parametrize("subject", ["", "x" * 256, "a\nb"])
    def test_subject_that_is_none_is_refused(
        self, office: Office, subject: str
    ) -> None:
        with pytest.raises(BadIdentity):
            office.tending.link_identity("alice", ISSUER, subject)

    def test_it_can_be_taken_away(self, office: Office) -> None:
        office.tending.link_identity("alice", ISSUER, "sub-1")

        assert office.tending.unlink_identities("alice") == 1
        assert Identities(office.db).person(ISSUER, "sub-1") is None

    def test_whom_a_provider_vouches_for_needs_an_active_account(
        self, office: Office
    ) -> None:
        alice = office.people.find("alice")
        assert office.people.admit(alice, address="::1").session.method == "openid"
        office.people.deactivate("alice")

        with pytest.raises(LogInFailed):
            office.people.admit(alice, address="::1")


def test_last_log_in_is_kept(office: Office) -> None:
    assert office.people.find("alice").last_log_in is None

    office.people.log_in("alice", RIGHT, address="::1")

    assert (office.people.find("alice").last_log_in or "").startswith("2026-06-01T12")
