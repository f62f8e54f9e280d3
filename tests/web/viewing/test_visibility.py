"""Who opens, shares and meets a case, and how much of another site's case is read."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from matcher.case import Case, Contact, GenomicFeature, PhenotypicFeature, Sharing
from web.viewing.visibility import disclosed, may_meet, may_open, may_share, seen

from ..conftest import case_of


@dataclass(frozen=True)
class Somebody:
    name: str
    site: str | None


ALICE, BOB = Somebody("alice", "North"), Somebody("bob", "North")
# Two people of one name at two sites are two people.
NAMESAKE, NOBODY = Somebody("alice", "Harbour"), Somebody("dana", None)
BEYOND = (Sharing.NETWORK, Sharing.EXCHANGE_1, Sharing.EXCHANGE_2)


@pytest.mark.parametrize("sharing", Sharing)
def test_sharing_decides_who_opens_and_who_meets_a_case(sharing: Sharing) -> None:
    case = case_of("NORTH-1", sharing=sharing)

    assert may_open(ALICE, case) and may_meet(ALICE, case)
    assert (
        may_open(BOB, case) is may_meet(BOB, case) is (sharing is not Sharing.PRIVATE)
    )
    assert not may_open(NAMESAKE, case)
    assert may_meet(NAMESAKE, case) is (sharing in BEYOND)
    assert (seen(NAMESAKE, case) is not None) is (sharing in BEYOND)


def test_only_who_entered_a_case_shares_it() -> None:
    case = case_of("NORTH-1")

    assert may_share(ALICE, case)
    assert not may_share(BOB, case) and not may_share(NAMESAKE, case)


def test_case_of_no_site_belongs_to_nobody_without_a_site() -> None:
    case = replace(case_of("LOST-1", sharing=Sharing.NETWORK), site=None)

    assert not may_open(NOBODY, case) and not may_meet(NOBODY, case)


def test_other_sites_read_terms_candidate_genes_and_the_institution() -> None:
    case = case_of("NORTH-1", sharing=Sharing.NETWORK)
    ruled_out = GenomicFeature(gene="HGNC:1", excluded=True)
    case = replace(case, genomic_features=(*case.genomic_features, ruled_out))

    assert disclosed(BOB, case) is case
    assert disclosed(NAMESAKE, case) == Case(
        case_id="NORTH-1",
        features=tuple(
            PhenotypicFeature(term_id=each.term_id, excluded=each.excluded)
            for each in case.features
        ),
        genomic_features=(GenomicFeature(gene=case.genes[0]),),
        contact=Contact(institution="Clinical genetics, North"),
        site="North",
        sharing=Sharing.NETWORK,
    )
