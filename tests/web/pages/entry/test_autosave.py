"""A form is kept as it is typed: for its writer alone, until it is saved or thrown away."""

from __future__ import annotations

import dataclasses
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from matcher.case import PhenotypicFeature, Sharing
from web.db import open_database
from web.entry.kept_drafts import (
    DAYS_KEPT,
    LARGEST,
    MOST_DRAFTS,
    PRESENT_SECONDS,
    DraftTooLarge,
    Editors,
    KeptDrafts,
)

from ...conftest import (
    OLIGODONTIA,
    PROMINENT_JOINTS,
    SEIZURE,
    WIDE_MOUTH,
    Cast,
    case_of,
)

FORM_ID = "ab" * 16
NOW = datetime(2026, 11, 29, 10, 42, tzinfo=UTC)


def typed(**changes: Any) -> dict[str, Any]:
    """The form of a new case, half done."""
    return {"form_id": FORM_ID, "version": "0", "observed": [SEIZURE], **changes}


def kept(cast: Cast) -> list[tuple[int, str]]:
    """Person and form of every draft in the database."""
    with closing(open_database(cast.settings.database)) as db:
        found = db.execute("SELECT person_id, form_id FROM kept_drafts ORDER BY 1, 2")
        return found.fetchall()


# A case that is not entered yet


def test_new_case_is_kept_and_opened_again_after_the_browser_was_closed(
    cast: Cast,
) -> None:
    answer = cast["alice"].post(
        "/cases/new/draft", typed(label="exome 77", age="4 y 2")
    )
    assert answer.json["kept"].startswith("Draft kept ")

    cast.visitors.clear()
    page = cast["alice"].get("/cases/new").text
    assert "exome 77, one feature" in page
    page = cast["alice"].get("/cases/new", draft=FORM_ID).text

    assert "This is your draft, not saved yet" in page
    assert f'name="observed" value="{SEIZURE}"' in page
    assert 'value="4 y 2"' in page


def test_nobody_else_sees_a_draft(cast: Cast) -> None:
    cast["alice"].post("/cases/new/draft", typed(label="exome 77"))

    for path in ("/cases/new", f"/cases/new?draft={FORM_ID}", "/", "/site"):
        assert "exome 77" not in cast["bob"].get(path).text
    cast["bob"].post("/cases/new/draft/discard", {"form_id": FORM_ID})
    assert "exome 77" in cast["alice"].get("/cases/new").text


def test_draft_is_never_matched(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))

    cast["alice"].post(
        "/cases/new/draft", typed(observed=[OLIGODONTIA, WIDE_MOUTH, SEIZURE])
    )

    page = cast["alice"].get("/cases/NORTH-1/matches").text
    assert "0 cases" in page or "Nothing" in page or "No case" in page
    with cast.store() as store:
        assert store.count() == 1


def test_saved_case_leaves_no_draft(cast: Cast) -> None:
    cast["alice"].post("/cases/new/draft", typed())

    answer = cast["alice"].post(
        "/cases/new", typed(action="save", sex="female", sharing="site")
    )
    assert answer.status_code == 303
    late = cast["alice"].post("/cases/new/draft", typed())

    assert late.json["kept"] == ""
    assert kept(cast) == []


def test_pasted_note_is_never_kept(cast: Cast) -> None:
    form = typed(pasted="canary of a letter", keep_pasted="1")

    cast["alice"].post("/cases/new/draft", form)

    assert b"canary of a letter" not in cast.settings.database.read_bytes()
    with closing(open_database(cast.settings.database)) as db:
        (fields,) = db.execute("SELECT fields FROM kept_drafts").fetchone()
    assert "canary" not in fields


def test_empty_form_is_not_kept(cast: Cast) -> None:
    answer = cast["alice"].post(
        "/cases/new/draft", {"form_id": FORM_ID, "version": "0"}
    )

    assert (answer.json["kept"], kept(cast)) == ("", [])


def test_form_without_a_script_is_kept_by_each_button(cast: Cast) -> None:
    cast["alice"].post("/cases/new", typed(action="search", q="seizure"))

    assert [form_id for _, form_id in kept(cast)] == [FORM_ID]


def test_draft_that_was_thrown_away_is_gone(cast: Cast) -> None:
    cast["alice"].post("/cases/new/draft", typed())

    answer = cast["alice"].post("/cases/new/draft/discard", {"form_id": FORM_ID})

    assert answer.status_code == 303
    assert kept(cast) == []


# A case that is there


def change(version: int = 1, **changes: Any) -> dict[str, Any]:
    """The form of a small case."""
    return {
        "version": str(version),
        "observed": [SEIZURE, WIDE_MOUTH],
        "sex": "unknown",
        "sharing": "site",
        **changes,
    }


@pytest.fixture
def small(cast: Cast) -> Cast:
    """A site with one small case of Alice."""
    case = case_of("NORTH-1", observed=(SEIZURE, WIDE_MOUTH), excluded=(), genes=())
    features = tuple(PhenotypicFeature(term_id=i) for i in case.observed)
    cast.put(
        dataclasses.replace(
            case, features=features, label="", age_years=None, onset=None, note=""
        )
    )
    return cast


def test_change_is_kept_and_shown_to_its_writer_alone(small: Cast) -> None:
    small["bob"].post("/cases/NORTH-1/draft", change(note="half a sentence"))

    assert "half a sentence" in small["bob"].get("/cases/NORTH-1/edit").text
    assert "changes that are not saved" in small["bob"].get("/cases/NORTH-1").text
    for path in ("/cases/NORTH-1/edit", "/cases/NORTH-1"):
        assert "half a sentence" not in small["alice"].get(path).text
    assert small.get("NORTH-1").version == 1


def test_untouched_form_is_no_draft(small: Cast) -> None:
    answer = small["alice"].post("/cases/NORTH-1/draft", change())

    assert (answer.json["kept"], kept(small)) == ("", [])


def test_draft_of_an_old_version_meets_what_was_saved_since(small: Cast) -> None:
    small["bob"].post("/cases/NORTH-1/draft", change(note="mine"))
    small["alice"].post("/cases/NORTH-1/edit", change(label="exome 9"))

    page = small["bob"].get("/cases/NORTH-1/edit").text
    assert "alice saved version 2" in page
    assert '<input type="hidden" name="version" value="1">' in page
    answer = small["bob"].post("/cases/NORTH-1/edit", change(note="mine"))

    assert answer.status_code == 409
    assert 'value="exome 9"' in answer.text and "mine" in answer.text


def test_erased_case_takes_its_drafts_and_editors_with_it(small: Cast) -> None:
    small["bob"].post("/cases/NORTH-1/draft", change(note="canary of a draft"))

    with small.store() as store:
        store.erase("NORTH-1", "alice")

    with closing(open_database(small.settings.database)) as db:
        for table in ("kept_drafts", "editors"):
            assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    assert b"canary of a draft" not in small.settings.database.read_bytes()


def test_draft_of_a_case_that_became_private_is_not_to_be_opened(small: Cast) -> None:
    small["bob"].post("/cases/NORTH-1/draft", change(note="half a sentence"))
    stored = small.get("NORTH-1").case
    small.put(dataclasses.replace(stored, sharing=Sharing.PRIVATE))

    for path in ("/cases/NORTH-1/edit", "/cases/NORTH-1"):
        assert small["bob"].get(path).status_code == 404
    assert small["bob"].post("/cases/NORTH-1/draft", change()).status_code == 404


# Two at a case


def test_two_editors_see_each_other(small: Cast) -> None:
    alone = small["alice"].post("/cases/NORTH-1/draft", change())
    both = small["bob"].post("/cases/NORTH-1/draft", change())
    again = small["alice"].post("/cases/NORTH-1/draft", change())

    assert alone.json["others"] == []
    assert both.json["others"][0].startswith("alice has this case open since ")
    assert again.json["others"][0].startswith("bob has this case open since ")
    assert "bob has this case open" in small["alice"].get("/cases/NORTH-1/edit").text


def test_who_saved_or_threw_away_has_left(small: Cast) -> None:
    small["bob"].post("/cases/NORTH-1/draft", change())
    small["alice"].post("/cases/NORTH-1/draft", change(note="x"))
    small["bob"].post("/cases/NORTH-1/edit", change(note="seen twice"))
    small["alice"].post("/cases/NORTH-1/draft/discard", {})

    for name in ("alice", "bob"):
        assert "has this case open" not in small[name].get("/cases/NORTH-1/edit").text


def test_who_saved_meanwhile_is_told_while_typing(small: Cast) -> None:
    small["bob"].post("/cases/NORTH-1/edit", change(note="seen twice"))

    answer = small["alice"].post("/cases/NORTH-1/draft", change(label="exome 9"))

    assert answer.json["changed"].startswith("bob saved version 2 at ")


# The tables


def test_draft_ends_after_its_days_and_editor_after_her_silence(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))
    later = NOW + timedelta(days=DAYS_KEPT)
    with closing(open_database(cast.settings.database)) as db:
        KeptDrafts(db, lambda: NOW).keep(1, FORM_ID, None, [("note", "x")])
        assert KeptDrafts(db, lambda: NOW).of(1, FORM_ID) is not None
        assert KeptDrafts(db, lambda: later).of(1, FORM_ID) is None
        KeptDrafts(db, lambda: later).keep(2, FORM_ID, None, [])
        assert [person for person, _ in kept(cast)] == [2]

        Editors(db, lambda: NOW).seen("NORTH-1", 2)
        soon, late = (
            NOW + timedelta(seconds=s) for s in (PRESENT_SECONDS - 1, PRESENT_SECONDS)
        )
        assert Editors(db, lambda: soon).others("NORTH-1", 1)
        assert not Editors(db, lambda: late).others("NORTH-1", 1)


def test_drafts_of_a_person_are_bounded(cast: Cast) -> None:
    with closing(open_database(cast.settings.database)) as db:
        for number in range(MOST_DRAFTS + 2):
            moment = NOW + timedelta(seconds=number)
            drafts = KeptDrafts(db, lambda: moment)
            drafts.keep(1, f"{number:032x}", None, [])
        listed = KeptDrafts(db, lambda: moment).all_of(1)
        assert len(listed) == MOST_DRAFTS
        assert listed[-1].form_id == f"{2:032x}"
        with pytest.raises(DraftTooLarge):
            drafts.keep(1, FORM_ID, None, [("note", "x" * LARGEST)])


def test_my_cases_list_what_is_not_saved_and_my_site_does_not(cast: Cast) -> None:
    alice = cast["alice"]
    cast.put(case_of("NORTH-1", sharing=Sharing.SITE))
    alice.post("/cases/new/draft", {"form_id": "ab" * 16, "label": "exome 12"})
    alice.post("/cases/NORTH-1/draft", {"version": "1", "label": "exome 13"})

    mine, site = alice.get("/").text, alice.get("/site").text

    assert f'href="/cases/new?draft={"ab" * 16}">exome 12, no feature' in mine
    assert 'href="/cases/NORTH-1/edit">Changes to NORTH-1</a>' in mine
    assert "Not saved yet" not in site + cast["bob"].get("/").text


def test_what_was_not_examined_is_not_asked_about_again(cast: Cast) -> None:
    cast.put(case_of("NORTH-1", sharing=Sharing.SITE))
    form = {
        "form_id": "ab" * 16,
        "observed": [OLIGODONTIA, PROMINENT_JOINTS, WIDE_MOUTH],
    }
    asked = cast["alice"].post("/cases/new/draft", form).json["advice"]
    assert f'name="pass_over" value="{SEIZURE}"' in asked

    page = cast["alice"].post("/cases/new", {**form, "pass_over": SEIZURE}).text
    kept = {**form, "unexamined": [SEIZURE]}
    later = cast["alice"].post("/cases/new/draft", kept).json["advice"]

    assert f'name="unexamined" value="{SEIZURE}"' in page
    assert f'name="pass_over" value="{SEIZURE}"' not in page + later


def test_form_that_is_open_is_not_named_as_another_draft(cast: Cast) -> None:
    cast["alice"].post("/cases/new/draft", {"form_id": "cd" * 16, "label": "other"})

    page = cast["alice"].post("/cases/new", typed(action="advise", label="this one"))

    assert page.text.count("not saved yet</h2>") == 1
    assert "other, no feature" in page.text and "this one, one feature" not in page.text
