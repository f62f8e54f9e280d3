"""Two cases side by side: pairs of features, genes, and the grid of all against all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from matcher.case import Case
from matcher.explanation import Explanation
from matcher.explanation.term_pairs import TermComparison, TermName, TermPair
from matcher.labels import lowered
from ontologies import Release
from web.pages import pictures, profile
from web.pages.pictures import Cell

MOST_IN_GRID = 18
SHOWN_FROM = 2.8


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
    """A pair, with the further features of either side that have their nearest in it.

    A term that both sides have is a row once, however many others are nearest to it.
    """

    pair: TermPair
    also_yours: tuple[str, ...] = ()
    also_theirs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneComparison:
    """One gene with what each side says about it; empty where that side does not list it."""

    symbol: str
    yours: str = ""
    theirs: str = ""

    @property
    def is_shared(self) -> bool:
        """Whether both sides list it."""
        return bool(self.yours and self.theirs)


def pair_rows(features: TermComparison) -> list[PairRow]:
    """All pairs in their order; the weaker ones of a term that both have stand in its row."""
    every = [*features.pairs, *features.too_usual]
    same = {pair.yours.term_id for pair in every if pair.is_identical}
    own = [p for p in every if p.is_identical or not _ids(p) & same]
    shown = {term_id for pair in own for term_id in _ids(pair)}
    folded = [p for p in every if not p.is_identical and _ids(p) & same]
    return [
        PairRow(
            pair=pair,
            also_yours=tuple(
                lowered(p.yours.label)
                for p in folded
                if pair.is_identical
                and p.theirs == pair.theirs
                and p.yours.term_id not in shown
            ),
            also_theirs=tuple(
                lowered(p.theirs.label)
                for p in folded
                if pair.is_identical
                and p.yours == pair.yours
                and p.theirs.term_id not in shown
            ),
        )
        for pair in own
    ]


def _ids(pair: TermPair) -> set[str]:
    return {pair.yours.term_id, pair.theirs.term_id}


def genes(yours: Case, theirs: Case, release: Release) -> list[GeneComparison]:
    """All candidate genes of both sides, shared ones first, then by symbol."""
    mine, other = (_said_by_gene(case, release) for case in (yours, theirs))
    rows = [
        GeneComparison(
            symbol=symbol, yours=mine.get(symbol, ""), theirs=other.get(symbol, "")
        )
        for symbol in sorted(mine.keys() | other.keys())
    ]
    return sorted(rows, key=lambda row: not row.is_shared)


def _said_by_gene(case: Case, release: Release) -> dict[str, str]:
    said: dict[str, list[str]] = {}
    for feature in case.genomic_features:
        if feature.gene and not feature.excluded:
            symbol = profile.gene_name(feature.gene, feature.gene_label, release)
            variants = said.setdefault(symbol, [])
            if feature.variant:
                variants.append(profile.variant_words(feature.variant))
    return {
        symbol: "; ".join(variants) or "listed" for symbol, variants in said.items()
    }


def grid(explanation: Explanation, release: Release) -> Markup:
    """The picture of your features against theirs, best pairs on the diagonal; may be empty."""
    pairs = [*explanation.features.pairs, *explanation.features.too_usual]
    down = _order([p.yours for p in pairs], explanation.features.unmatched_yours)
    across = _order([p.theirs for p in pairs], explanation.features.unmatched_theirs)
    if not down or not across:
        return Markup("")
    best = {(pair.yours.term_id, pair.theirs.term_id) for pair in pairs}
    cells = {
        (i, j): cell
        for i, yours in enumerate(down)
        for j, theirs in enumerate(across)
        if (cell := _cell(yours.term_id, theirs.term_id, best, release)) is not None
    }
    return pictures.grid([t.label for t in down], [t.label for t in across], cells)


def _order(paired: Sequence[TermName], alone: Sequence[TermName]) -> list[TermName]:
    """Each term once, paired ones first in their order, so that best pairs lie on the diagonal."""
    return list(dict.fromkeys([*paired, *alone]))[:MOST_IN_GRID]


def _cell(
    yours: str, theirs: str, best: set[tuple[str, str]], release: Release
) -> Cell | None:
    ontology, content = release.ontology, release.information_content
    common = ontology.ancestors(yours) & ontology.ancestors(theirs)
    ancestor = max(common, key=lambda term: (content[term], ontology.row(term)))
    is_best = (yours, theirs) in best
    one_in = content.rarity(ancestor)
    if one_in < SHOWN_FROM and not is_best:
        return None
    return Cell(
        ancestor=ontology.label(ancestor),
        one_in=one_in,
        identical=yours == theirs,
        best=is_best,
    )
