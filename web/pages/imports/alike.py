"""A case that looks like the same person as one of a file."""

from __future__ import annotations

from matcher.case import Case
from ontologies import Release
from web.accounts.people import Person
from web.db import store
from web.service import service
from web.viewing.visibility import may_open

MOST_COMPARED = 1_000
Profile = tuple[frozenset[str], frozenset[str], frozenset[str]]


def alike_case(person: Person, case: Case) -> str:
    """Id of a case that the person may open and that has the same features and genes."""
    release = service().release
    profile = _profile(case, release)
    found = store().get_many(_near(case, release), on_damage=lambda _: None)
    return next(
        (
            case_id
            for case_id, each in sorted(found.items())
            if may_open(person, each.case) and _profile(each.case, release) == profile
        ),
        "",
    )


def _near(case: Case, release: Release) -> list[str]:
    """The cases that name its rarest term or, of one without any, its first gene."""
    resolved = ((i, release.ontology.resolve(i).term_id) for i in case.observed)
    known = [(i, term_id) for i, term_id in resolved if term_id]
    if known:
        rarity = release.information_content.rarity
        names = max(known, key=lambda each: (rarity(each[1]), each))
        found = [i for name in set(names) for i in store().cases_with_term(name)]
    else:
        gene = release.genes.resolve(case.genes[0]).gene if case.genes else None
        entered = {*case.genes[:1], *((gene.hgnc_id, gene.symbol) if gene else ())}
        found = [i for name in entered for i in store().cases_with_gene(name)]
    return sorted(set(found))[:MOST_COMPARED]


def _profile(case: Case, release: Release) -> Profile:
    """What has to be the same for two cases to look like one person."""
    ontology, genes = release.ontology, release.genes
    named = ((genes.resolve(gene).gene, gene) for gene in case.genes)
    return (
        frozenset(ontology.resolve(i).term_id or i for i in case.observed),
        frozenset(ontology.resolve(i).term_id or i for i in case.excluded),
        frozenset(gene.hgnc_id if gene else entered for gene, entered in named),
    )
