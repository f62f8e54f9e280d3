"""A case erased from its page by who entered it, its id typed."""

from __future__ import annotations

import pytest

from matcher.storage.errors import UnknownCase

from ...conftest import Cast, case_of


def test_case_is_erased_once_its_id_is_typed(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))
    alice = cast["alice"]
    page = alice.get("/cases/NORTH-1/erase").text
    assert "every version of the case" in page and "exported or printed" in page

    answer = alice.post("/cases/NORTH-1/erase", {"typed": "NORTH-1"})

    assert answer.location == "/"
    with pytest.raises(UnknownCase):
        cast.get("NORTH-1")
    assert alice.get("/cases/NORTH-1").status_code == 404
    folder = cast.settings.directory
    found = b"".join(file.read_bytes() for file in folder.glob("secondcase.db*"))
    assert b"canary-note" not in found


@pytest.mark.parametrize("typed", ["", "north-1", "NORTH-2"])
def test_anything_else_erases_nothing(cast: Cast, typed: str) -> None:
    cast.put(case_of("NORTH-1"))
    cast["alice"].get("/cases/NORTH-1/erase")

    answer = cast["alice"].post("/cases/NORTH-1/erase", {"typed": typed})

    assert answer.status_code == 422 and "Type NORTH-1" in answer.text
    assert cast.get("NORTH-1").version == 1


@pytest.mark.parametrize("who", ["bob", "charlie", "dana"])
def test_nobody_else_erases_it(cast: Cast, who: str) -> None:
    cast.put(case_of("NORTH-1"))

    assert cast[who].get("/cases/NORTH-1/erase").status_code == 404
    answer = cast[who].post("/cases/NORTH-1/erase", {"typed": "NORTH-1"})

    assert answer.status_code == 404
    assert cast.get("NORTH-1").version == 1


def test_page_of_the_case_leads_there_for_its_owner_alone(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))

    assert "/cases/NORTH-1/erase" in cast["alice"].get("/cases/NORTH-1").text
    assert "/cases/NORTH-1/erase" not in cast["bob"].get("/cases/NORTH-1").text
