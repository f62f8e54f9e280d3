"""People, their passwords, their sessions, and how guessing is slowed down."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import NoReturn

import pytest
from argon2 import PasswordHasher

from matcher.storage.database import Database, connect
from matcher.storage.errors import DatabaseFull
from web.db import open_database
from web.errors import (
    BadAccount,
    LogInFailed,
    LogInThrottled,
    NameTaken,
    UnknownPerson,
    WeakPassword,
)
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts, LoggedIn, Role, SessionLimits
from web.accounts.throttling import Device

RIGHT = "a horse, a boat and a hill"
CLINICIAN = frozenset({Role.CLINICIAN})


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "secondcase.db"


@pytest.fixture
def db(path: Path) -> Iterator[Database]:
    with closing(open_database(path)) as opened:
        yield opened


def cheap() -> Passwords:
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def people(db: Database, clock: Clock) -> Accounts:
    accounts = Accounts(db, cheap(), clock=clock)
    accounts.add(
        "alice", RIGHT, roles=CLINICIAN, site="harbour", email="alice@harbour.example"
    )
    return accounts


def log_in(
    people: Accounts, name: str = "alice", password: str = RIGHT, address: str = "::1"
) -> LoggedIn:
    return people.log_in(name, password, address=address, agent="Firefox")


class TestPeople:
    def test_a_person_has_a_site_and_roles(self, people: Accounts) -> None:
        alice = people.find("alice")

        assert (alice.name, alice.site, alice.email) == (
            "alice",
            "harbour",
            "alice@harbour.example",
        )
        assert alice.has(Role.CLINICIAN, Role.CURATOR)
        assert not alice.has(Role.CURATOR, Role.OPERATOR)

    def test_a_name_is_found_in_any_case_and_by_email(self, people: Accounts) -> None:
        alice = people.find("alice")

        assert people.find("ALICE") == alice
        assert people.find(" Alice@Harbour.example ") == alice

    @pytest.mark.parametrize("name", ["bob", "", "al%", "\ud800", "alice\0"])
    def test_an_unknown_person_is_named(self, people: Accounts, name: str) -> None:
        with pytest.raises(UnknownPerson, match="There is no person"):
            people.find(name)

    @pytest.mark.parametrize(
        ("name", "email"),
        [
            ("Alice", None),
            ("bob", "ALICE@harbour.example"),
            ("alice@harbour.example", None),
            ("bob", "alice"),
        ],
    )
    def test_a_name_or_address_is_one_persons_alone(
        self, people: Accounts, name: str, email: str | None
    ) -> None:
        with pytest.raises((NameTaken, BadAccount)):
            people.add(name, RIGHT, roles=CLINICIAN, email=email)

        assert len(people.people()) == 1

    @pytest.mark.parametrize(
        "name", ["", "a", "a b", "a\nb", "x" * 81, "<b>", "a;b", "\ud800ab"]
    )
    def test_a_name_without_use_is_refused(self, people: Accounts, name: str) -> None:
        with pytest.raises(BadAccount, match="^The name is .* must be 2 to 80"):
            people.add(name, RIGHT, roles=CLINICIAN)

    @pytest.mark.parametrize("email", ["", "a", "a@b@c", "a b@c", "a@b,c@d", "<a@b>"])
    def test_an_address_without_use_is_refused(
        self, people: Accounts, email: str
    ) -> None:
        with pytest.raises(BadAccount, match="^The e-mail is .* must be one address"):
            people.add("bob", RIGHT, roles=CLINICIAN, email=email)

    def test_everybody_has_a_role(self, people: Accounts) -> None:
        with pytest.raises(BadAccount, match="must be one or more of clinician"):
            people.add("bob", RIGHT, roles=())
        with pytest.raises(BadAccount):
            people.set_roles("alice", ())

    def test_roles_are_replaced(self, people: Accounts) -> None:
        changed = people.set_roles("alice", {Role.CURATOR, Role.OPERATOR})

        assert changed.roles == {Role.CURATOR, Role.OPERATOR}

    def test_everybody_is_listed_by_name(self, people: Accounts) -> None:
        people.add("Zoe", RIGHT, roles=CLINICIAN)
        people.add("bob", RIGHT, roles=CLINICIAN)

        assert [person.name for person in people.people()] == ["alice", "bob", "Zoe"]

    def test_colours_are_kept(self, people: Accounts) -> None:
        people.set_theme(people.find("alice"), "dark")

        assert people.find("alice").theme == "dark"
        with pytest.raises(BadAccount, match="must be auto, light or dark"):
            people.set_theme(people.find("alice"), "pink")


class TestPasswords:
    @pytest.mark.parametrize(
        ("password", "reason"),
        [
            ("", "has 0 characters and needs 12"),
            ("elevenchars", "has 11 characters and needs 12"),
            ("é" * 513 + "abcdefgh", "bytes and may have 1024"),
            ("alice@harbour.example", "is the name or e-mail of the account"),
            ("ALICE@Harbour.example ", "is the name or e-mail of the account"),
            ("password1234", "is one of the most common passwords"),
            ("Password1234", "is one of the most common passwords"),
            ("aaaaaaaaaaaaa", "has fewer than 5 different characters"),
            ("abcdefghijkl\ud800", "is not Unicode text"),
        ],
    )
    def test_a_weak_password_is_refused_with_the_reason(
        self, people: Accounts, password: str, reason: str
    ) -> None:
        with pytest.raises(WeakPassword, match=reason):
            people.set_password("alice", password)

        assert log_in(people)

    def test_every_reason_is_given(self, people: Accounts) -> None:
        with pytest.raises(WeakPassword) as weak:
            people.set_password("alice", "alice")

        assert len(weak.value.problems) == 2

    @pytest.mark.parametrize(
        "password", ["twelve chars", "é" * 4 + "a" * 1000 + "bcde"]
    )
    def test_the_shortest_and_the_longest_are_accepted(
        self, people: Accounts, password: str
    ) -> None:
        people.set_password("alice", password)

        assert log_in(people, password=password)

    def test_an_accent_may_be_typed_in_two_ways(self, people: Accounts) -> None:
        people.set_password("alice", "caf\u00e9 und Kuchen")

        assert log_in(people, password="cafe\u0301 und Kuchen")

    def test_only_an_argon2id_hash_is_kept(self, people: Accounts, path: Path) -> None:
        log_in(people)

        files = b"".join(file.read_bytes() for file in path.parent.glob("*.db*"))
        assert RIGHT.encode() not in files
        assert b"$argon2id$" in files

    def test_the_hash_is_renewed_when_parameters_change(
        self, people: Accounts, db: Database, clock: Clock
    ) -> None:
        stronger = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))

        log_in(Accounts(db, stronger, clock=clock))

        (kept,) = db.execute("SELECT password_hash FROM people").fetchone()
        assert "m=16,t=2" in kept
        assert log_in(people)

    def test_changing_it_needs_the_current_one(self, people: Accounts) -> None:
        alice = people.find("alice")

        with pytest.raises(LogInFailed):
            people.change_password(alice, "wrong", "another good one", address="::1")
        people.change_password(alice, RIGHT, "another good one", address="::1")

        assert log_in(people, password="another good one")

    def test_guessing_the_current_one_is_throttled_too(self, people: Accounts) -> None:
        alice = people.find("alice")

        for _ in range(5):
            with pytest.raises(LogInFailed):
                people.change_password(alice, "wrong", "whatever it is", address="::1")
        with pytest.raises(LogInThrottled):
            people.change_password(alice, RIGHT, "whatever it is", address="::1")


class TestSessions:
    def test_the_token_leads_to_the_person(self, people: Accounts) -> None:
        logged_in = log_in(people, "alice@harbour.example")

        found = people.logged_in(logged_in.token)

        assert found == logged_in
        assert found is not None and found.person.name == "alice"

    def test_only_the_hash_of_a_token_is_kept(
        self, people: Accounts, path: Path
    ) -> None:
        token = log_in(people).token

        assert len(token) >= 43
        files = b"".join(file.read_bytes() for file in path.parent.glob("*.db*"))
        assert token.encode() not in files

    @pytest.mark.parametrize("token", ["", "x", "\ud800", "' OR 1=1 --"])
    def test_any_other_token_leads_nowhere(self, people: Accounts, token: str) -> None:
        log_in(people)

        assert people.logged_in(token) is None

    def test_a_session_ends_without_requests(
        self, people: Accounts, clock: Clock
    ) -> None:
        token = log_in(people).token

        clock.wait(minutes=59)
        assert people.logged_in(token)
        clock.wait(minutes=59)
        assert people.logged_in(token)
        clock.wait(minutes=60)
        assert people.logged_in(token) is None

    def test_a_session_ends_at_last_however_busy(
        self, people: Accounts, clock: Clock
    ) -> None:
        token = log_in(people).token

        for _ in range(24):
            assert people.logged_in(token)
            clock.wait(minutes=30)

        assert people.logged_in(token) is None

    def test_limits_are_settings(self, db: Database, clock: Clock) -> None:
        limits = SessionLimits(absolute=timedelta(hours=1), idle=timedelta(minutes=5))
        people = Accounts(db, cheap(), limits, clock)
        people.add("alice", RIGHT, roles=CLINICIAN)
        token = log_in(people).token

        clock.wait(minutes=5)

        assert people.logged_in(token) is None

    def test_sessions_are_listed_and_ended_one_by_one(
        self, people: Accounts, clock: Clock
    ) -> None:
        first = log_in(people)
        clock.wait(minutes=1)
        second = log_in(people)
        alice = first.person

        assert people.sessions(alice) == (second.session, first.session)
        people.end_session(alice, first.session.session_id)

        assert people.sessions(alice) == (second.session,)
        assert people.logged_in(first.token) is None
        assert people.logged_in(second.token)

    def test_nobody_ends_the_session_of_another(self, people: Accounts) -> None:
        bob = people.add("bob", RIGHT, roles=CLINICIAN)
        alice = log_in(people)

        people.end_session(bob, alice.session.session_id)

        assert people.logged_in(alice.token)

    def test_a_listed_session_never_shows_its_token(self, people: Accounts) -> None:
        logged_in = log_in(people)

        (session,) = people.sessions(logged_in.person)

        assert logged_in.token not in repr(session)
        assert people.logged_in(session.session_id) is None

    def test_an_ended_session_is_not_listed(
        self, people: Accounts, clock: Clock
    ) -> None:
        alice = log_in(people).person

        clock.wait(hours=2)

        assert people.sessions(alice) == ()

    def test_logging_out_ends_one_session(self, people: Accounts) -> None:
        first, second = log_in(people), log_in(people)

        people.log_out(first.token)

        assert people.logged_in(first.token) is None
        assert people.logged_in(second.token)

    @pytest.mark.parametrize("change", ["set", "change", "deactivate"])
    def test_a_new_password_or_a_closed_account_ends_all_sessions(
        self, people: Accounts, change: str
    ) -> None:
        sessions = [log_in(people), log_in(people)]
        alice = sessions[0].person

        if change == "set":
            people.set_password("alice", "another good one")
        elif change == "change":
            people.change_password(alice, RIGHT, "another good one", address="::1")
        else:
            people.deactivate("alice")

        assert [people.logged_in(s.token) for s in sessions] == [None, None]
        assert people.sessions(alice) == ()

    def test_a_closed_account_cannot_log_in_until_it_is_opened(
        self, people: Accounts
    ) -> None:
        assert not people.deactivate("alice").is_active
        with pytest.raises(LogInFailed):
            log_in(people)

        assert people.activate("alice").is_active
        assert log_in(people)

    def test_a_closed_account_is_out_whatever_sessions_there_are(
        self, people: Accounts, db: Database
    ) -> None:
        token = log_in(people).token

        db.execute("UPDATE people SET is_active = 0")

        assert people.logged_in(token) is None

    def test_old_sessions_are_removed_at_a_log_in(
        self, people: Accounts, db: Database, clock: Clock
    ) -> None:
        log_in(people)
        clock.wait(hours=13)

        log_in(people)

        assert db.table("sessions").count == 1

    def test_a_full_disk_does_not_end_a_session(
        self, people: Accounts, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        token = log_in(people).token
        clock.wait(minutes=30)

        def full(db: Database) -> NoReturn:
            raise DatabaseFull

        monkeypatch.setattr("web.accounts.people.write_transaction", full)

        assert people.logged_in(token)

    def test_a_busy_database_does_not_end_a_session(
        self,
        people: Accounts,
        path: Path,
        clock: Clock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("matcher.storage.database.BUSY_TIMEOUT_MS", 10)
        token = log_in(people).token
        clock.wait(minutes=30)
        with closing(connect(path)) as other:
            other.execute("BEGIN IMMEDIATE")

            assert people.logged_in(token)

    def test_a_password_changed_meanwhile_gives_no_session(
        self, db: Database, clock: Clock, people: Accounts
    ) -> None:
        class Slow(Passwords):
            def is_right(self, password: str, hashed: str | None) -> bool:
                people.set_password("alice", "another good one")
                return super().is_right(password, hashed)

        slow = Slow(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))

        with pytest.raises(LogInFailed):
            log_in(Accounts(db, slow, clock=clock))
        assert people.sessions(people.find("alice")) == ()


class TestGuessing:
    def guess(self, people: Accounts, name: str = "alice", address: str = "::1") -> str:
        """What a wrong password is answered with."""
        try:
            log_in(people, name, "wrong password", address)
        except LogInFailed:
            return "failed"
        except LogInThrottled as error:
            return f"wait {error.retry_after}"
        return "logged in"

    def test_wrong_name_and_wrong_password_sound_alike(self, people: Accounts) -> None:
        with pytest.raises(LogInFailed) as wrong_password:
            log_in(people, password="wrong")
        with pytest.raises(LogInFailed) as wrong_name:
            log_in(people, name="nobody")

        assert str(wrong_password.value) == str(wrong_name.value)

    def test_an_unknown_name_takes_as_long_as_a_known_one(
        self, db: Database, clock: Clock
    ) -> None:
        slow = Passwords(PasswordHasher(time_cost=3, memory_cost=8192, parallelism=1))
        people = Accounts(db, slow, clock=clock)
        people.add("alice", RIGHT, roles=CLINICIAN)

        def typical(name: str) -> float:
            seconds = []
            for number in range(5):
                clock.wait(hours=2)
                begun = time.process_time()
                assert self.guess(people, name, f"192.0.2.{number}") == "failed"
                seconds.append(time.process_time() - begun)
            return median(seconds)

        assert 0.5 < typical("nobody") / typical("alice") < 2

    def test_the_wait_doubles_after_five_failures(
        self, people: Accounts, clock: Clock
    ) -> None:
        assert [self.guess(people) for _ in range(5)] == ["failed"] * 5
        waits = []
        for _ in range(6):
            answer = self.guess(people)
            waits.append(answer)
            clock.wait(seconds=float(answer.split()[1]))
            assert self.guess(people) == "failed"

        assert waits == [f"wait {2**n}" for n in range(6)]

    def test_the_right_password_has_to_wait_as_well(
        self, people: Accounts, clock: Clock
    ) -> None:
        for _ in range(5):
            self.guess(people)

        with pytest.raises(LogInThrottled, match="possible in 1 seconds"):
            log_in(people)
        clock.wait(seconds=1)
        assert log_in(people)

    def test_a_log_in_forgives_the_name(self, people: Accounts) -> None:
        for _ in range(4):
            self.guess(people)
        log_in(people)

        assert [self.guess(people) for _ in range(5)] == ["failed"] * 5

    def test_a_refused_attempt_does_not_prolong_the_wait(
        self, people: Accounts, clock: Clock
    ) -> None:
        for _ in range(5):
            self.guess(people)
        for _ in range(50):
            self.guess(people)

        clock.wait(seconds=1)
        assert log_in(people)

    def test_unknown_names_are_throttled_alike(self, people: Accounts) -> None:
        answers = [self.guess(people, "nobody") for _ in range(6)]

        assert answers == ["failed"] * 5 + ["wait 1"]

    def test_one_name_is_throttled_from_all_addresses_together(
        self, people: Accounts
    ) -> None:
        answers = [self.guess(people, address=f"192.0.2.{n}") for n in range(6)]

        assert answers[-1] == "wait 1"

    def test_one_address_is_throttled_over_all_names_together(
        self, people: Accounts
    ) -> None:
        answers = [self.guess(people, f"name{n}") for n in range(31)]

        assert answers == ["failed"] * 30 + ["wait 1"]

    def test_a_log_in_of_ones_own_does_not_free_the_address(
        self, people: Accounts
    ) -> None:
        for n in range(29):
            self.guess(people, f"name{n}", "192.0.2.1")
        log_in(people, address="192.0.2.1")

        answers = [self.guess(people, f"more{n}", "192.0.2.1") for n in range(2)]
        assert answers == ["failed", "wait 1"]

    def test_addresses_of_one_network_count_together(self, people: Accounts) -> None:
        answers = [
            self.guess(people, f"name{n}", f"2001:db8:1:2::{n:x}") for n in range(31)
        ]

        assert answers[-1] == "wait 1"
        assert self.guess(people, "other", "2001:db8:1:3::1") == "failed"

    def test_failures_are_forgiven_with_time(
        self, people: Accounts, clock: Clock
    ) -> None:
        for _ in range(5):
            self.guess(people)
        clock.wait(hours=5)

        assert [self.guess(people) for _ in range(5)] == ["failed"] * 5

    def test_a_day_of_guessing_tries_few_passwords(
        self, people: Accounts, clock: Clock
    ) -> None:
        tried, end = 0, clock.now + timedelta(days=1)

        for _ in range(10_000):
            answer = self.guess(people)
            if answer == "failed":
                tried += 1
            else:
                clock.wait(seconds=float(answer.split()[1]))
            if clock.now >= end:
                break

        assert clock.now >= end
        assert tried < 120

    def test_attempts_at_the_same_moment_are_all_counted(
        self, people: Accounts, path: Path, clock: Clock
    ) -> None:
        def attempt(number: int) -> str:
            with closing(connect(path)) as own:
                accounts = Accounts(own, cheap(), clock=clock)
                return self.guess(accounts, address=f"192.0.2.{number}")

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(attempt, range(24)))

        assert answers.count("failed") == 5

    def test_a_clock_set_back_keeps_nobody_out_for_long(
        self, people: Accounts, clock: Clock
    ) -> None:
        self.guess(people)
        clock.wait(days=-30)

        assert log_in(people)

    def test_what_was_typed_as_a_name_is_not_kept(
        self, people: Accounts, path: Path
    ) -> None:
        self.guess(people, name="my secret password")

        files = b"".join(file.read_bytes() for file in path.parent.glob("*.db*"))
        assert b"my secret password" not in files

    def test_old_failures_are_removed(
        self, people: Accounts, db: Database, clock: Clock
    ) -> None:
        self.guess(people, "nobody", "192.0.2.1")
        clock.wait(days=8)
        self.guess(people, "alice", "192.0.2.2")

        assert db.table("log_in_failures").count == 2

    @pytest.mark.parametrize("address", ["", "unknown", "x" * 500, "\ud800"])
    def test_any_address_is_counted(self, people: Accounts, address: str) -> None:
        answers = [self.guess(people, f"n{n}", address) for n in range(31)]

        assert answers[-1] == "wait 1"

    def test_name_and_email_of_a_person_count_together(self, people: Accounts) -> None:
        names = ("alice", "alice@harbour.example", " ALICE ", "Alice@Harbour.example")

        answers = [self.guess(people, names[n % 4]) for n in range(6)]

        assert answers == ["failed"] * 5 + ["wait 1"]

    def test_known_device_is_not_locked_out_by_others(self, people: Accounts) -> None:
        hers = Device("a laptop", (people.find("alice").person_id,))
        for n in range(40):
            self.guess(people, "alice", "192.0.2.1")
            self.guess(people, f"name{n}", "192.0.2.1")
        assert self.guess(people, "alice", "192.0.2.1").startswith("wait")

        assert people.log_in("alice", RIGHT, address="192.0.2.1", device=hers)
        assert self.guess(people, "alice", "192.0.2.1").startswith("wait")

    def test_guesses_from_a_known_device_are_counted(self, people: Accounts) -> None:
        hers = Device("a laptop", (people.find("alice").person_id,))
        for _ in range(5):
            with pytest.raises(LogInFailed):
                people.log_in("alice", "wrong", address="::1", device=hers)

        with pytest.raises(LogInThrottled):
            people.log_in("alice@harbour.example", RIGHT, address="::1", device=hers)
        assert log_in(people)

    def test_device_of_somebody_else_opens_nothing(self, people: Accounts) -> None:
        bob = people.add("bob", RIGHT, roles=CLINICIAN)
        for _ in range(5):
            self.guess(people)

        with pytest.raises(LogInThrottled):
            people.log_in(
                "alice",
                RIGHT,
                address="192.0.2.9",
                device=Device("his laptop", (bob.person_id,)),
            )

    def test_id_of_a_device_is_kept_hashed(self, people: Accounts, path: Path) -> None:
        hers = Device("canary-device", (people.find("alice").person_id,))
        with pytest.raises(LogInFailed):
            people.log_in("alice", "wrong", address="::1", device=hers)

        files = b"".join(file.read_bytes() for file in path.parent.glob("*.db*"))
        assert b"canary-device" not in files
