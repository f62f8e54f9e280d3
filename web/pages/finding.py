"""Which cases of a list have a text in their id, their name, their genes or their features."""

from __future__ import annotations

from collections.abc import Sequence

from matcher.storage.heads import Head, named_genes, named_terms, naming
from ontologies import Release
from web.db import connection, store
from web.pages.cases import profile
from web.service import service


def having(heads: Sequence[Head], find: str) -> list[Head]:
    """Those that have the text, in their order; letter case is ignored."""
    if not find:
        return list(heads)
    wanted, release = find.casefold(), service().release
    naming_it = _naming(wanted, release)
    return [
        head
        for head in heads
        if wanted in head.case_id.casefold()
        or wanted in head.label.casefold()
        or head.case_id in naming_it
    ]


def _naming(wanted: str, release: Release) -> set[str]:
    db = connection()
    terms = [
        term_id
        for term_id in named_terms(db)
        if wanted in profile.term_label(term_id, release).casefold()
    ]
    genes, unknown = [], []
    for gene in named_genes(db):
        if release.genes.resolve(gene).gene is None:
            unknown.append(gene)
        elif wanted in profile.gene_name(gene, "", release).casefold():
            genes.append(gene)
    found = naming(db, terms=terms, genes=genes)
    return found | _by_their_own_names(wanted, unknown, release)


def _by_their_own_names(
    wanted: str, unknown: Sequence[str], release: Release
) -> set[str]:
    """Cases with a gene that nobody knows, whose name stands in the case alone."""
    case_ids = naming(connection(), terms=(), genes=unknown)
    cases = store().get_many(case_ids, on_damage=lambda error: None)
    return {
        case_id
        for case_id, stored in cases.items()
        if any(
            wanted in name.casefold()
            for name in profile.gene_names(stored.case, release)
        )
    }
