"""The words of a site are listed by its curator, and the search follows at once."""

from __future__ import annotations

from contextlib import closing

import pytest

from web.abbreviations import Abbreviations
from web.db import open_database
from web.pages.curation.local_words import LISTED, REMOVED

from .conftest import SHORT, Curation

WORD = {"short": "KLW", "meaning": "short stature"}


def found(curation: Curation) -> list[str]:
    answer = curation.cast["alice"].client.get("/terms?q=KLW")
    return [each["id"] for each in answer.json["options"]]


def test_listed_word_is_found_at_once_and_audited(curation: Curation) -> None:
    assert SHORT not in found(curation)[:1]
    curation.dana.get("/curation/words")

    assert curation.dana.post("/curation/words", WORD).status_code == 303

    assert found(curation)[0] == SHORT
    page = curation.dana.get("/curation/words").text
    assert "The search knows one word of your site" in page and SHORT in page
    entry = curation.audited()[-1]
    assert (entry.actor, entry.action) == ("dana", LISTED)


def test_removed_word_is_found_no_more_and_stays_in_the_history(
    curation: Curation,
) -> None:
    curation.dana.get("/curation/words")
    curation.dana.post("/curation/words", WORD)

    curation.dana.post("/curation/words/remove", WORD)

    assert SHORT not in found(curation)[:1]
    assert curation.audited()[-1].action == REMOVED
    page = curation.dana.get("/curation/words").text
    assert "removed by dana" in page and "added by dana" in page


def test_word_that_is_listed_twice_changes_nothing(curation: Curation) -> None:
    with closing(open_database(curation.place.settings.database)) as db:
        listed = Abbreviations(db)
        listed.add("KLW", "short stature", "dana")
        mark = listed.mark()
        listed.add("KLW", "short stature", "cleo")

        assert listed.mark() == mark
        assert [each.actor for each in listed.changes(10)] == ["dana"]


def test_meaning_that_leads_to_no_term_is_told(curation: Curation) -> None:
    curation.dana.get("/curation/words")
    curation.dana.post("/curation/words", {"short": "QX", "meaning": "zzqqxxyyy"})

    page = curation.dana.get("/curation/words").text

    assert "one meaning leads to no term" in page


@pytest.mark.parametrize("field", ["short", "meaning"])
def test_empty_field_is_told(curation: Curation, field: str) -> None:
    curation.dana.get("/curation/words")

    answer = curation.dana.post("/curation/words", {**WORD, field: " "})

    assert answer.status_code == 422 and f'href="#{field}"' in answer.text
    assert Abbreviations(curation.db).listed() == ()


def test_for_others_there_is_no_such_page(curation: Curation) -> None:
    assert curation.cast["alice"].get("/curation/words").status_code == 404
    assert curation.cast["alice"].post("/curation/words", WORD).status_code == 404
    assert (
        curation.cast["alice"].post("/curation/words/remove", WORD).status_code == 404
    )
