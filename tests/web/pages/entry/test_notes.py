"""A pasted note is read, marked and offered; nothing enters the case but by a click."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ontologies.notes.context import Status
from ontologies.notes.reader import NoteTerm
from web.pages.entry.notes import LONGEST, Run, runs

from ...conftest import SEIZURE, WIDE_MOUTH, Cast

NOTE = (
    "4-year-old girl with seizures and a wide mouth. Possible eczema. No hearing loss. "
    "Her mother has migraine."
)


def pasted(**changes: Any) -> dict[str, Any]:
    return {"version": "0", "sharing": "site", "pasted": NOTE, **changes}


def test_findings_are_offered_with_the_words_they_came_from(cast: Cast) -> None:
    piece = cast["alice"].post("/notes/read", pasted()).text

    assert '<span class="s-obs">wide mouth</span>' in piece
    assert '<span class="s-may">eczema</span>' in piece
    assert '<span class="s-exc">hearing loss</span>' in piece
    assert '<span class="s-fam">migraine</span>' in piece
    assert f'name="observe" value="{WIDE_MOUTH}"' in piece
    assert 'name="exclude" value="HP:0000365"' in piece
    assert re.search(r'aria-label="Present: Eczema', piece)
    assert "Of relatives, and not offered: migraine." in piece
    assert not re.search(r'aria-label="[^"]*[Mm]igraine', piece)


def test_what_the_case_has_is_not_offered_again(cast: Cast) -> None:
    piece = cast["alice"].post("/notes/read", pasted(observed=[WIDE_MOUTH])).text

    assert f'name="observe" value="{WIDE_MOUTH}"' not in piece
    assert "Already in the case: wide mouth." in piece


def test_nothing_enters_without_a_click(cast: Cast) -> None:
    page = cast["alice"].post("/cases/new", pasted(action="read")).text

    assert "wide mouth" in page
    assert 'name="observed"' not in page.split("<template")[0]


def test_each_finding_is_added_or_left_out_without_a_script(cast: Cast) -> None:
    page = cast["alice"].post("/cases/new", pasted(observe=WIDE_MOUTH)).text
    assert f'name="observed" value="{WIDE_MOUTH}"' in page

    page = cast["alice"].post("/cases/new", pasted(dismiss=SEIZURE)).text

    assert f'name="dismissed" value="{SEIZURE}"' in page
    assert f'name="observe" value="{SEIZURE}"' not in page
    assert f'name="observe" value="{WIDE_MOUTH}"' in page


@pytest.mark.parametrize(("asked", "kept"), [({}, ""), ({"keep_pasted": "1"}, NOTE)])
def test_note_is_stored_only_when_asked(
    cast: Cast, asked: dict[str, str], kept: str
) -> None:
    answer = cast["alice"].post("/cases/new", pasted(observed=[SEIZURE], **asked))

    assert answer.status_code == 303
    assert cast.get("NORTH-0001").case.note == kept
    if not kept:
        assert b"Her mother" not in cast.settings.database.read_bytes()


def test_reading_stores_nothing(cast: Cast) -> None:
    cast["alice"].post("/notes/read", pasted())

    files = cast.settings.directory.glob("secondcase.db*")
    assert not any(b"Her mother" in path.read_bytes() for path in files)


def test_note_that_is_too_long_says_so(cast: Cast) -> None:
    piece = cast["alice"].post("/notes/read", pasted(pasted="x " * LONGEST)).text

    assert "more than can be read at once" in piece


def test_marks_do_not_overlap() -> None:
    found = [
        NoteTerm("HP:1", "a", Status.OBSERVED, ((0, 4),)),
        NoteTerm("HP:2", "b", Status.FAMILY, ((2, 6), (7, 9))),
    ]

    told = list(runs("abcdefg hi", found))

    assert told == [Run("abcd", "s-obs"), Run("efg"), Run(" h", "s-fam"), Run("i")]
    assert "".join(run.text for run in told) == "abcdefg hi"
