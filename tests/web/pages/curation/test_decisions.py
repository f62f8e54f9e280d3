"""Who may open a case decides what a retired term of it stands for."""

from __future__ import annotations

import re

import pytest

from matcher.case import Case, PhenotypicFeature, Sharing

from .conftest import FOCAL, GENERALIZED, SEIZURE, Curation

PRIVATE, SHARED = "NORTH-901", "NORTH-902"
LOST = "HP:0099999"


def case(case_id: str, sharing: Sharing, *terms: str) -> Case:
    return Case(
        case_id=case_id,
        features=tuple(PhenotypicFeature(term_id=each) for each in terms),
        site="North",
        submitter="alice",
        sharing=sharing,
    )


@pytest.fixture
def staged(curation: Curation, later: dict[str, str]) -> str:
    """The address of the later release; a private and a shared case have the retired term."""
    curation.cast.put(case(PRIVATE, Sharing.PRIVATE, GENERALIZED, FOCAL))
    curation.cast.put(case(SHARED, Sharing.SITE, GENERALIZED))
    return f"/curation/releases/{curation.stage(later).release_id}"


def choice(address: str, chosen: str = FOCAL, version: str = "1") -> dict[str, object]:
    release_id = address.rpartition("/")[2]
    named = {"release": release_id, "term_id": GENERALIZED, "version": version}
    return {**named, "chosen": chosen}


def test_curator_reads_the_feature_of_shared_cases_and_nothing_of_private_ones(
    curation: Curation, staged: str
) -> None:
    told = curation.dana.get(staged).text

    assert SHARED in told and PRIVATE not in told
    cases = re.search(r"Decide for (\d+) cases", told)
    assert cases is not None and int(cases[1]) >= 2


def test_curator_of_no_site_reads_counts_alone(curation: Curation, staged: str) -> None:
    told = curation.cast["carl"].get(staged).text

    assert "Decide for" in told and "not yours to open" in told
    assert SHARED not in told and not re.search(r"\bP0\d\d\b", told)


def test_choice_is_saved_as_a_version_and_audited(
    curation: Curation, staged: str
) -> None:
    curation.dana.get(staged)

    answer = curation.dana.post(f"/curation/decisions/{SHARED}", choice(staged))

    assert answer.status_code == 303
    stored = curation.cast.get(SHARED)
    assert stored.version == 2 and stored.case.observed == (FOCAL,)
    entry = curation.audited()[-1]
    assert (entry.actor, entry.case_ids) == ("dana", (SHARED,))
    assert GENERALIZED not in str(entry.facts)
    assert "stands in version 2" in curation.dana.get(staged).text
    assert SHARED not in curation.dana.get(staged).text


def test_feature_may_stay_as_entered(curation: Curation, staged: str) -> None:
    curation.dana.get(staged)

    curation.dana.post(f"/curation/decisions/{SHARED}", choice(staged, ""))

    assert curation.cast.get(SHARED).version == 1
    assert f'<b class="breakable">{SHARED}</b>' not in curation.dana.get(staged).text


@pytest.mark.parametrize(
    ("chosen", "version"),
    [("HP:0001507", "1"), ("nonsense", "1"), (FOCAL, "7"), (FOCAL, "0"), (FOCAL, "")],
)
def test_what_cannot_be_chosen_changes_nothing(
    curation: Curation, staged: str, chosen: str, version: str
) -> None:
    curation.dana.get(staged)
    form = choice(staged, chosen, version)

    curation.dana.post(f"/curation/decisions/{SHARED}", form)

    assert curation.cast.get(SHARED).version == 1
    assert 'class="note note-alert' in curation.dana.get(staged).text


@pytest.mark.parametrize("name", ["dana", "carl", "cleo"])
def test_private_and_missing_cases_are_answered_alike(
    curation: Curation, staged: str, name: str
) -> None:
    visitor = curation.cast[name]
    visitor.get("/curation")

    answers = [
        visitor.post(f"/curation/decisions/{case_id}", choice(staged))
        for case_id in (PRIVATE, "NORTH-999")
    ]

    assert [each.status_code for each in answers] == [404, 404]
    texts = {re.sub('value="[^"]*"', "", each.text) for each in answers}
    assert len(texts) == 1
    assert curation.cast.get(PRIVATE).version == 1


def test_clinician_decides_for_her_own_private_case(
    curation: Curation, staged: str
) -> None:
    curation.activate(staged)
    curation.follow()
    alice = curation.cast["alice"]

    assert PRIVATE in alice.get("/curation/decisions").text
    alice.post(f"/curation/decisions/{PRIVATE}", choice(staged, SEIZURE))

    assert set(curation.cast.get(PRIVATE).case.observed) == {SEIZURE, FOCAL}


def test_term_of_another_release_is_flagged_and_can_be_given_a_term(
    curation: Curation,
) -> None:
    curation.cast.put(case(SHARED, Sharing.SITE, LOST))
    page = curation.dana.get("/curation/decisions").text
    assert "One case needs a decision" in page and "No term is offered" in page

    form = {"term_id": LOST, "version": "1", "chosen": SEIZURE}
    curation.dana.post(f"/curation/decisions/{SHARED}", form)

    assert curation.cast.get(SHARED).case.observed == (SEIZURE,)
    assert "No feature waits" in curation.dana.get("/curation/decisions").text
