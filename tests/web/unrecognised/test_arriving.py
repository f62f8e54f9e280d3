"""What is no term is counted by patients, is readable when usual enough, and fills nothing."""

from __future__ import annotations

import pytest

from matcher.storage.database import rows
from web.unrecognised import arriving
from web.unrecognised.arriving import MOST_OF_A_PATIENT, MOST_PATIENTS, Kind
from web.unrecognised.forgetting import forget_case
from web.unrecognised.phrases import Unfit
from web.unrecognised.queue import KEPT_READABLE, KEPT_UNREADABLE, State, Wanted

from .conftest import UNKNOWN, WORDS, Desk


def test_nothing_of_it_stands_anywhere_until_enough_patients_have_it(
    desk: Desk,
) -> None:
    desk.comes(WORDS, patients=["p1", "p2"])

    assert desk.queue.count() == 0 and desk.queue.waiting() == 1
    assert WORDS.encode() not in desk.bytes()

    desk.comes(WORDS.upper(), patients=["p3"])

    entry = desk.only()
    assert (entry.words, entry.patients, entry.sources) == (WORDS.upper(), 3, 1)
    assert entry.kinds == (Kind.QUESTION,)


def test_the_same_patient_again_is_no_other_patient(desk: Desk) -> None:
    for _ in range(5):
        desk.comes(WORDS, patients=["p1", "p2"])

    assert desk.queue.count() == 0


def test_sources_are_told_apart_and_days_are_days(desk: Desk) -> None:
    desk.comes(WORDS)
    desk.pass_by(days=3)
    desk.comes(WORDS, patients=["p9"], kind=Kind.ANSWER)
    desk.comes(WORDS, patients=["N-1"], kind=Kind.IMPORT, origin="North")
    # A case of ours that came by another way is the same case, of the same site.
    desk.comes(WORDS, patients=["N-1"], kind=Kind.DEPOSIT, origin="North")

    entry = desk.only()

    assert (entry.patients, entry.sources) == (5, 2)
    assert set(entry.kinds) == set(Kind)
    assert (entry.first_day, entry.last_day) == ("2026-11-02", "2026-11-05")


def test_no_name_of_a_patient_peer_or_site_is_kept(desk: Desk) -> None:
    patients = ["patient-7701", "patient-7702", "patient-7703"]
    desk.comes(WORDS, "odd ears", patients=patients, origin="Island-7704")

    kept = desk.bytes()

    assert b"-770" not in kept and WORDS.encode() in kept
    # Nor can it be told that two phrases are of one patient.
    sql = "SELECT patient, count(*) AS n FROM unrecognised_patients GROUP BY 1"
    assert [row["n"] for row in rows(desk.db, sql)] == [1] * 6


def test_test_patients_and_unfit_words_leave_no_words(desk: Desk) -> None:
    desk.comes(WORDS, test=True)
    desk.comes("Anna Schmidt", "fits since 12/3/19")

    assert desk.queue.count() == desk.queue.waiting() == 0
    assert {why for why, _, _ in desk.queue.unfit()} == {Unfit.NAMES, Unfit.NUMBERS}
    assert b"Schmidt" not in desk.bytes()


def test_a_patient_with_endless_features_is_noted_in_part(desk: Desk) -> None:
    many = [f"odd toe {'x' * number}" for number in range(3 * MOST_OF_A_PATIENT)]

    desk.comes(*many)

    assert desk.queue.count() == MOST_OF_A_PATIENT


def test_a_hostile_peer_fills_its_own_room_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "MOST_OF_A_PEER", 4)
    desk.comes(WORDS, origin="Harbour")
    for number in range(12):
        desk.comes(f"junk {'x' * number}", patients=["p1"], origin="Hostile")
    desk.comes("odd ears", origin="Harbour")

    # Its oldest unreadable ones gave way to its later ones.
    assert desk.queue.count() == 2 and desk.queue.waiting() == 4

    for number in range(8):
        desk.comes(f"more {'x' * number}", origin="Hostile")

    # Readable ones are not pushed out: what comes then is not kept.
    assert desk.queue.count() == 2 + 4 and desk.queue.waiting() == 0
    assert (arriving.FULL, 4 * 3) in [(why, n) for why, n, _ in desk.queue.unfit()]


def test_all_peers_together_do_not_fill_the_queue(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "MOST", 3)

    for number in range(5):
        desk.comes(f"odd {'x' * number}", origin=f"peer {number}")

    assert desk.queue.count() == 3


def test_patients_are_counted_to_a_hundred_and_their_digests_go(desk: Desk) -> None:
    desk.comes(WORDS, patients=[f"p{n}" for n in range(MOST_PATIENTS + 20)])

    entry = desk.only()

    assert entry.patients == MOST_PATIENTS and entry.times == "100 or more patients"
    assert rows(desk.db, "SELECT * FROM unrecognised_patients") == []


def test_what_nobody_decides_expires_and_what_was_decided_stays(desk: Desk) -> None:
    desk.comes("odd ears", patients=["p1"])
    desk.comes(WORDS)
    desk.pass_by(KEPT_UNREADABLE.days + 1)
    desk.queue.expire()
    assert desk.queue.waiting() == 0 and desk.queue.count() == 1

    desk.comes("odd nose")
    [nose, _] = desk.queue.page(Wanted())
    desk.db.execute(
        "UPDATE unrecognised SET state = 'ignored' WHERE words = 'odd nose'"
    )
    desk.pass_by(KEPT_READABLE.days + 1)
    desk.queue.expire()

    assert desk.queue.count() == 0
    assert [e.number for e in desk.queue.page(Wanted(state=State.IGNORED))] == [
        nose.number
    ]


def test_an_erased_case_is_counted_no_more(desk: Desk) -> None:
    cases = ["N-1", "N-2", "N-3"]
    desk.comes(WORDS, patients=cases, kind=Kind.IMPORT, origin="North")
    desk.comes("odd ears", patients=["N-1"], kind=Kind.DEPOSIT, origin="North")

    forget_case(desk.db, "N-1")

    # What only it had is gone, and what too few have is hidden again.
    assert desk.queue.count() == 0 and desk.queue.waiting() == 1
    assert WORDS.encode() not in desk.bytes()
    desk.comes(WORDS, patients=["N-4"], kind=Kind.IMPORT, origin="North")
    assert desk.only().patients == 3


def test_an_unknown_id_is_kept_with_its_label(desk: Desk) -> None:
    desk.comes("Odd toes", code=UNKNOWN)

    assert (desk.only().code, desk.only().words) == (UNKNOWN, "Odd toes")
