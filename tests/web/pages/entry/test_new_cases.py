"""Many cases entered at once all stay; one form sent twice is one case."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from werkzeug.test import TestResponse

from matcher.storage.store import CaseStore

from ...conftest import FLOPPY_INFANT, SEIZURE, Cast, Visitor

AT_ONCE = 12


def form(note: str, **changes: Any) -> dict[str, Any]:
    """What the form sends for a small case."""
    return {
        "action": "save",
        "version": "0",
        "observed": [SEIZURE, FLOPPY_INFANT],
        "sex": "female",
        "sharing": "site",
        "note": note,
        **changes,
    }


def form_id(visitor: Visitor) -> str:
    """The id in a form that the visitor opens now."""
    found = re.search(r'name="form_id" value="([^"]+)"', visitor.get("/cases/new").text)
    assert found is not None
    return found.group(1)


def at_once(cast: Cast, forms: Sequence[dict[str, Any]]) -> list[TestResponse]:
    """The answers to forms that arrive at the same moment from browsers of Alice."""
    alice = cast["alice"]
    name = cast.app.config["SESSION_COOKIE_NAME"]
    cookie = alice.client.get_cookie(name)
    assert cookie is not None
    start = Barrier(len(forms))

    def send(sent: dict[str, Any]) -> TestResponse:
        browser = cast.app.test_client()
        browser.set_cookie(name, cookie.value)
        start.wait()
        return browser.post("/cases/new", data={**sent, "csrf_token": alice.token})

    with ThreadPoolExecutor(len(forms)) as pool:
        return list(pool.map(send, forms))


def notes(store: CaseStore) -> list[str]:
    return sorted(stored.case.note for stored in store.cases())


def test_all_cases_entered_at_once_are_saved(cast: Cast) -> None:
    cast["alice"].get("/cases/new")
    typed = [f"typed {number:02}" for number in range(AT_ONCE)]

    answers = at_once(cast, [form(note) for note in typed])

    assert {each.status_code for each in answers} == {303}
    assert len({each.location for each in answers}) == AT_ONCE
    with cast.store() as store:
        assert notes(store) == typed


def test_form_sent_twice_is_one_case(cast: Cast) -> None:
    sent = form("typed", form_id=form_id(cast["alice"]))

    answers = [cast["alice"].post("/cases/new", sent) for _ in range(2)]

    assert [each.status_code for each in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    with cast.store() as store:
        assert (store.count(), store.revision()) == (1, 1)
        # The site's own id of a case is for systems that submit cases.
        assert store.get("NORTH-0001").external_id is None


def test_form_sent_many_times_at_once_is_one_case(cast: Cast) -> None:
    sent = form("typed", form_id=form_id(cast["alice"]))

    answers = at_once(cast, [sent] * AT_ONCE)

    assert {(each.status_code, each.location) for each in answers} == {
        (303, "/cases/NORTH-0001/matches")
    }
    with cast.store() as store:
        assert (store.count(), store.revision()) == (1, 1)


def test_the_largest_form_comes_through_with_a_file(cast: Cast) -> None:
    fields = ("onset", "age", "severity", "side", "course")
    details = {f"{each}-HP:{n:07}": "" for n in range(200) for each in fields}
    file = (io.BytesIO(b""), "")

    cast["alice"].get("/cases/new")
    sent = form("typed", **details, action="read_genes", genes="PHF14", vcf=file)
    answer = cast["alice"].post("/cases/new", sent)

    assert answer.status_code == 200 and "typed</textarea>" in answer.text


def test_each_form_has_an_id_of_its_own_and_keeps_it(cast: Cast) -> None:
    first, second = form_id(cast["alice"]), form_id(cast["alice"])

    again = cast["alice"].post("/cases/new", form("", age="four", form_id=first))

    assert first != second
    assert again.status_code == 422
    assert f'name="form_id" value="{first}"' in again.text


def test_form_changed_after_it_was_saved_loses_nothing(cast: Cast) -> None:
    sent = form("typed", form_id=form_id(cast["alice"]))
    cast["alice"].post("/cases/new", sent)

    answer = cast["alice"].post("/cases/new", {**sent, "note": "typed later"})

    assert answer.status_code == 409
    assert "This form is saved as NORTH-0001 already." in answer.text
    assert "typed later</textarea>" in answer.text
    assert 'action="/cases/NORTH-0001/edit"' in answer.text
    saved = cast["alice"].post(
        "/cases/NORTH-0001/edit", form("typed later", version="1")
    )
    assert saved.status_code == 303
    with cast.store() as store:
        assert notes(store) == ["typed later"]


def test_form_of_another_person_is_a_case_of_its_own(cast: Cast) -> None:
    sent = form("typed", form_id=form_id(cast["alice"]))
    cast["alice"].post("/cases/new", sent)

    answer = cast["bob"].post("/cases/new", sent)

    assert answer.location == "/cases/NORTH-0002/matches"


@pytest.mark.parametrize("odd", ["", "x", "A" * 32, "0" * 33, "'; --", "\0" * 32])
def test_odd_form_id_is_as_good_as_none(cast: Cast, odd: str) -> None:
    answers = [
        cast["alice"].post("/cases/new", form("typed", form_id=odd)) for _ in range(2)
    ]

    assert [each.status_code for each in answers] == [303, 303]
    assert answers[0].location != answers[1].location
