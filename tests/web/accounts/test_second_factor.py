"""A second factor: enrolment, codes that are good once, recovery codes, and guessing."""

from __future__ import annotations

import pyotp
import pytest

from web.accounts.people import (
    FirstStep,
    LoggedIn,
    Method,
    Person,
    SecondFactorWanted,
)
from web.accounts.second_factor import RECOVERY_CODES, grouped, picture
from web.errors import LogInFailed, LogInThrottled, WrongCode

from .conftest import RIGHT, Office

HERE = "192.0.2.7"


def enrolled(office: Office, name: str = "alice") -> tuple[pyotp.TOTP, tuple[str, ...]]:
    """The authenticator of a person who has set one up, and her recovery codes."""
    factors, person = office.people.second_factors, office.people.find(name)
    factors.begin(person)
    totp = pyotp.TOTP(factors.begun(person) or "")
    codes = factors.confirm(person, totp.at(office.clock.now), HERE)
    office.clock.wait(seconds=30)
    return totp, codes


def first_step(office: Office, name: str = "alice") -> FirstStep:
    """What a right password leads to."""
    with pytest.raises(SecondFactorWanted) as wanted:
        office.people.log_in(name, RIGHT, address=HERE)
    return wanted.value.first


def log_in(office: Office, code: str) -> LoggedIn:
    return office.people.finish_log_in(first_step(office), code, address=HERE)


def alice(office: Office) -> Person:
    return office.people.find("alice")


def test_password_alone_is_enough_without_a_second_factor(office: Office) -> None:
    logged_in = office.people.log_in("alice", RIGHT, address=HERE)

    assert logged_in.session.method == Method.PASSWORD


def test_secret_that_is_not_confirmed_protects_nothing(office: Office) -> None:
    office.people.second_factors.begin(alice(office))

    assert office.people.second_factors.of(alice(office).person_id) is None
    office.people.log_in("alice", RIGHT, address=HERE)


def test_wrong_code_confirms_nothing(office: Office) -> None:
    factors = office.people.second_factors
    factors.begin(alice(office))
    right = pyotp.TOTP(factors.begun(alice(office)) or "").at(office.clock.now)
    wrong = f"{(int(right) + 1) % 1_000_000:06}"

    with pytest.raises(WrongCode):
        factors.confirm(alice(office), wrong, HERE)

    assert factors.of(alice(office).person_id) is None


def test_password_and_code_begin_a_session(office: Office) -> None:
    totp, _ = enrolled(office)

    logged_in = log_in(office, totp.at(office.clock.now))

    assert logged_in.session.method == Method.SECOND_FACTOR
    assert office.people.logged_in(logged_in.token) is not None


@pytest.mark.parametrize("shift", [-30, 0, 30])
def test_clock_may_be_off_by_one_code(office: Office, shift: int) -> None:
    totp, _ = enrolled(office)
    office.clock.wait(seconds=60)

    assert log_in(office, totp.at(office.clock.now, counter_offset=shift // 30))


@pytest.mark.parametrize("steps", [-2, 2])
def test_clock_may_not_be_off_by_two_codes(office: Office, steps: int) -> None:
    totp, _ = enrolled(office)
    office.clock.wait(seconds=120)

    with pytest.raises(WrongCode):
        log_in(office, totp.at(office.clock.now, counter_offset=steps))


def test_code_is_good_once(office: Office) -> None:
    totp, _ = enrolled(office)
    code = totp.at(office.clock.now)
    log_in(office, code)

    with pytest.raises(WrongCode):
        log_in(office, code)


def test_code_of_the_enrolment_opens_nothing(office: Office) -> None:
    totp, _ = enrolled(office)

    with pytest.raises(WrongCode):
        log_in(office, totp.at(office.clock.now, counter_offset=-1))


def test_older_code_is_refused_after_a_newer_one(office: Office) -> None:
    totp, _ = enrolled(office)
    office.clock.wait(seconds=60)
    log_in(office, totp.at(office.clock.now))

    with pytest.raises(WrongCode):
        log_in(office, totp.at(office.clock.now, counter_offset=-1))


def test_recovery_code_is_good_once_and_typed_as_one_likes(office: Office) -> None:
    _, codes = enrolled(office)

    assert log_in(office, codes[0].lower().replace("-", " "))

    with pytest.raises(WrongCode):
        log_in(office, codes[0])
    factor = office.people.second_factors.of(alice(office).person_id)
    assert factor is not None and factor.codes_left == RECOVERY_CODES - 1


def test_new_recovery_codes_end_the_old_ones(office: Office) -> None:
    _, old = enrolled(office)
    new = office.people.second_factors.renew_codes(alice(office))

    assert not set(old) & set(new)
    with pytest.raises(WrongCode):
        log_in(office, old[1])
    assert log_in(office, new[1])


def test_codes_of_somebody_else_are_wrong(office: Office) -> None:
    enrolled(office)
    totp, codes = enrolled(office, "bob")

    for code in (totp.at(office.clock.now), codes[0]):
        with pytest.raises(WrongCode):
            log_in(office, code)


def test_guessing_codes_is_slowed_down_though_the_password_is_right(
    office: Office,
) -> None:
    enrolled(office)

    with pytest.raises(LogInThrottled):
        for _ in range(10):
            with pytest.raises(WrongCode):
                log_in(office, "ABCD")


def test_right_password_forgives_no_wrong_code(office: Office) -> None:
    totp, _ = enrolled(office)
    tried = 0
    for _ in range(180):
        try:
            log_in(office, "ABCD")
        except WrongCode:
            tried += 1
        except LogInThrottled:
            pass
        office.clock.wait(seconds=5)

    # A code lives for 90 seconds: this is what can be tried of it in a quarter of an hour.
    assert tried <= 15
    office.clock.wait(minutes=15)
    assert log_in(office, totp.at(office.clock.now))


@pytest.mark.parametrize(
    ("guesses", "weighed"),
    [(1_000, 16), pytest.param(10_000, 32, marks=pytest.mark.full)],
)
def test_guesses_from_many_addresses_are_hardly_ever_weighed_and_never_get_in(
    office: Office, guesses: int, weighed: int
) -> None:
    totp, _ = enrolled(office)
    person_id = alice(office).person_id
    tried = throttled = 0
    for number in range(guesses):
        now = office.clock.now
        right = {totp.at(now, counter_offset=step) for step in (-1, 0, 1)}
        guess = next(
            code for n in range(4) if (code := f"{number + n:06}") not in right
        )
        address = f"10.{number % 7}.{number % 251}.{number % 241}"
        try:
            office.people.second_factors.check(person_id, guess, address)
        except WrongCode:
            tried += 1
        except LogInThrottled:
            throttled += 1
        office.clock.wait(seconds=1)

    # Three of a million codes are right: 32 that are weighed find one in 1 of 10,000 runs.
    assert (tried <= weighed, tried + throttled) == (True, guesses)
    with pytest.raises(LogInThrottled):
        code = totp.at(office.clock.now)
        office.people.second_factors.check(person_id, code, HERE)


def test_first_step_is_void_once_the_password_has_changed(office: Office) -> None:
    totp, _ = enrolled(office)
    first = first_step(office)
    office.people.set_password("alice", "another good passphrase")

    with pytest.raises(LogInFailed):
        office.people.finish_log_in(first, totp.at(office.clock.now), address=HERE)


def test_first_step_is_void_for_a_deactivated_person(office: Office) -> None:
    totp, _ = enrolled(office)
    first = first_step(office)
    office.people.deactivate("alice")

    with pytest.raises(LogInFailed):
        office.people.finish_log_in(first, totp.at(office.clock.now), address=HERE)


def test_operator_removes_a_lost_factor_and_it_is_audited(office: Office) -> None:
    totp, codes = enrolled(office)
    inside = log_in(office, totp.at(office.clock.now))

    office.tending.remove_second_factor("alice")

    assert office.people.logged_in(inside.token) is None
    assert office.people.log_in("alice", RIGHT, address=HERE)
    assert office.audited()[-1].action == "removed the second factor of a person"
    assert office.db.execute("SELECT count(*) FROM recovery_codes").fetchone() == (0,)


def test_beginning_anew_never_replaces_a_confirmed_factor(office: Office) -> None:
    totp, _ = enrolled(office)

    office.people.second_factors.begin(alice(office))

    assert office.people.second_factors.begun(alice(office)) is None
    assert log_in(office, totp.at(office.clock.now))


def test_neither_secret_nor_codes_stand_in_the_database(office: Office) -> None:
    totp, codes = enrolled(office)
    office.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    path = office.db.execute("PRAGMA database_list").fetchone()[2]
    with open(path, "rb") as file:
        content = file.read()

    assert totp.secret.encode() not in content
    assert not any(code.replace("-", "").encode() in content for code in codes)


def test_secret_of_one_person_is_of_no_use_to_another(office: Office) -> None:
    enrolled(office)
    enrolled(office, "bob")
    office.db.execute(
        "UPDATE second_factors SET sealed = "
        "(SELECT sealed FROM second_factors WHERE person_id = 2)"
    )

    with pytest.raises(WrongCode):
        log_in(office, "123456")


def test_picture_keeps_to_the_content_security_policy() -> None:
    svg = picture(pyotp.random_base32(), "alice", "North & South")

    assert svg.startswith("<svg")
    assert "style=" not in svg and "<style" not in svg and "<script" not in svg
    assert "<title>" in svg


def test_secret_is_read_in_groups_of_four() -> None:
    assert grouped("ABCDEFGHIJ") == "ABCD EFGH IJ"
