"""Which genes come, go, are renamed or merged, and which diseases they cause."""

from __future__ import annotations

from collections.abc import Iterator

from ontologies.curation.differences.changes import Change, Part, What, gone_and_come
from ontologies.genes import GeneTable


def gene_changes(before: GeneTable, after: GeneTable) -> Iterator[Change]:
    """The changes by their kind, then by gene."""
    old = {gene.hgnc_id: gene.symbol for gene in before}
    new = {gene.hgnc_id: gene.symbol for gene in after}
    for hgnc_id in sorted(new.keys() - old.keys()):
        yield Change(Part.GENES, What.ADDED, hgnc_id, new[hgnc_id])
    gone = [_gone(i, old[i], after) for i in sorted(old.keys() - new.keys())]
    for what in (What.MERGED, What.WITHDRAWN):
        yield from (change for change in gone if change.what is what)
    both = sorted(new.keys() & old.keys())
    for hgnc_id in both:
        former, symbol = old[hgnc_id], new[hgnc_id]
        if former != symbol:
            yield Change(
                Part.GENES, What.RENAMED, hgnc_id, symbol, (former,), (symbol,)
            )
    for hgnc_id in both:
        lost, gained = gone_and_come(
            before.diseases_of(hgnc_id), after.diseases_of(hgnc_id)
        )
        if lost or gained:
            yield Change(
                Part.GENES, What.REANNOTATED, hgnc_id, new[hgnc_id], lost, gained
            )


def _gone(hgnc_id: str, symbol: str, after: GeneTable) -> Change:
    """A gene that is not approved any more: merged where one other had its symbol before."""
    found = after.resolve(symbol)
    if found.gene is not None and found.via == "previous symbol":
        heir = (found.gene.hgnc_id,)
        return Change(Part.GENES, What.MERGED, hgnc_id, symbol, after=heir)
    return Change(Part.GENES, What.WITHDRAWN, hgnc_id, symbol)
