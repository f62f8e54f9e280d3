"""The groups of a site are made of what everybody there may see, and of nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from matcher.calibration import Calibration
from matcher.case import Case, Disease, Sharing
from ontologies import Release
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts
from web.groups.keeping import KeptGroup
from web.groups.views import Colleague, revisions, sites

from ..conftest import Cast, case_of
from .grouping import database, fill, make_anew, shared


@pytest.mark.parametrize("site", ["North", "Harbour"])
def test_the_query_finds_just_what_a_colleague_meets(cast: Cast, site: str) -> None:
    cases = [
        replace(
            case_of(f"{place}-{level}-{test}", site=place, sharing=level), test=test
        )
        for place in ("North", "Harbour", "Island")
        for level in Sharing
        for test in (False, True)
    ]
    for case in cases:
        cast.put(case)

    with database(cast) as db:
        found = revisions(db, site)

    assert set(found) == {case.case_id for case in cases if Colleague(site).meets(case)}
    assert len(found) == 3 * 3 + 1


def test_of_other_sites_only_what_they_disclose_is_read() -> None:
    diagnosis = Disease(disease_id="OMIM:147920", label="canary-diagnosis")
    case = replace(shared("NORTH-1", "North"), diseases=(diagnosis,))

    assert Colleague("North").reads(case) == case
    seen = Colleague("Harbour").reads(case)
    assert seen.solved and seen.genes == case.genes
    assert seen.observed == case.observed
    assert "canary" not in repr(seen).replace("canary-gene", "")


def test_groups_are_made_for_the_sites_of_active_clinicians(cast: Cast) -> None:
    with database(cast) as db:
        assert sites(db) == ("Harbour", "North")
        Accounts(db, Passwords()).deactivate("charlie")
        assert sites(db) == ("North",)


def secrets() -> dict[str, Case]:
    """Cases like those of a group that the site in question may not see."""
    return {
        "private to a colleague": case_of("NORTH-5", sharing=Sharing.PRIVATE),
        "of another site, for that site alone": shared(
            "HARBOUR-5", "Harbour", sharing=Sharing.SITE
        ),
        "a test case": replace(shared("NORTH-5", "North"), test=True),
    }


@pytest.mark.parametrize("which", secrets())
def test_what_a_site_may_not_see_changes_nothing_of_its_groups(
    cast: Cast, release: Release, calibration: Calibration, which: str
) -> None:
    fill(cast)
    before = make_anew(cast, release, calibration, "North")
    cast.put(secrets()[which])

    after = make_anew(cast, release, calibration, "North")

    assert before and after == before


def test_what_another_site_does_not_disclose_changes_nothing(
    cast: Cast, release: Release, calibration: Calibration
) -> None:
    fill(cast)
    before = make_anew(cast, release, calibration, "Harbour")
    changed = replace(
        cast.get("NORTH-1").case,
        family=None,
        onset=None,
        inheritance=("HP:0000007",),
        note="something else",
        label="another",
        age_years=40.0,
    )
    cast.put(changed)

    after = make_anew(cast, release, calibration, "Harbour")

    assert before and [unversioned(each) for each in after] == [
        unversioned(each) for each in before
    ]


def unversioned(group: KeptGroup) -> KeptGroup:
    """The group without what says that a case was saved again."""
    members = tuple(replace(member, revision=0) for member in group.members)
    return replace(group, members=members)


def test_a_shared_case_does_change_them(
    cast: Cast, release: Release, calibration: Calibration
) -> None:
    fill(cast)
    before = make_anew(cast, release, calibration, "North")
    cast.put(shared("HARBOUR-5", "Harbour"))

    after = make_anew(cast, release, calibration, "North")

    assert len(after[0].members) == len(before[0].members) + 1
