"""Who may see which case, and how much of it.

A clinician opens the cases of her own site: her private ones, and every case that is shared with
the site or further. Cases of other sites are seen only as candidates of a match or members of a
group, if they are shared with the network or further, and then as little as `disclosed` leaves of
them; groups tell besides whether there is a diagnosis.
"""

from __future__ import annotations

from typing import Protocol

from matcher.case import Case, Contact, GenomicFeature, PhenotypicFeature, Sharing

BEYOND_THE_SITE = frozenset({Sharing.NETWORK, Sharing.EXCHANGE_1, Sharing.EXCHANGE_2})


class Viewer(Protocol):
    """Who sees cases: a `Person`, or a system that asks for a site."""

    @property
    def name(self) -> str: ...

    @property
    def site(self) -> str | None: ...


class Owned(Protocol):
    """What decides who sees a case: a `Case`, or the little that is known of an indexed one."""

    @property
    def site(self) -> str | None: ...

    @property
    def submitter(self) -> str | None: ...

    @property
    def sharing(self) -> Sharing: ...


def may_open(person: Viewer, case: Owned) -> bool:
    """Whether the person may read the whole case, and change it."""
    if not person.site or case.site != person.site:
        return False
    return case.sharing is not Sharing.PRIVATE or case.submitter == person.name


def may_share(person: Viewer, case: Owned) -> bool:
    """Whether the person may change how far the case is shared: only who entered it."""
    return case.site == person.site and case.submitter == person.name


def may_meet(person: Viewer, case: Owned) -> bool:
    """Whether the case may be shown to the person as a candidate."""
    return may_open(person, case) or (
        case.site != person.site and case.sharing in BEYOND_THE_SITE
    )


def disclosed(person: Viewer, case: Case) -> Case:
    """The case as the person may read it: whole, or its terms, genes and institution."""
    if may_open(person, case):
        return case
    return Case(
        case_id=case.case_id,
        features=tuple(_bare(feature) for feature in case.features),
        genomic_features=tuple(
            GenomicFeature(gene=gene.gene)
            for gene in case.genomic_features
            if gene.gene and not gene.excluded
        ),
        species=case.species,
        contact=Contact(institution=case.contact.institution) if case.contact else None,
        site=case.site,
        sharing=case.sharing,
        test=case.test,
        simulated=case.simulated,
    )


def seen(person: Viewer, case: Case) -> Case | None:
    """The case as the person may read it, None if she may not know of it at all."""
    return disclosed(person, case) if may_meet(person, case) else None


def _bare(feature: PhenotypicFeature) -> PhenotypicFeature:
    return PhenotypicFeature(term_id=feature.term_id, excluded=feature.excluded)
