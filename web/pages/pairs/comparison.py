"""Two cases side by side: pairs of features, and the grid of all against all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from matcher.explanation import Explanation
from matcher.explanation.term_pairs import TermComparison, TermName, TermPair
from matcher.labels import lowered
from ontologies import Release
from web.pages import pictures
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


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRow:
    """A cell of the grid in words: two features, and what they have in common."""

    yours: str
    theirs: str
    cell: Cell


def grid(explanation: Explanation, release: Release) -> Markup:
    """The picture of your features against theirs, best pairs on the diagonal; may be empty."""
    down, across = _sides(explanation)
    if not down or not across:
        return Markup("")
    cells = _cells(explanation, release)
    return pictures.grid([t.label for t in down], [t.label for t in across], cells)


def grid_rows(explanation: Explanation, release: Release) -> list[GridRow]:
    """The cells of the picture that say something, rarest first."""
    down, across = _sides(explanation)
    rows = [
        GridRow(yours=down[i].label, theirs=across[j].label, cell=cell)
        for (i, j), cell in _cells(explanation, release).items()
    ]
    return sorted(rows, key=lambda row: (-row.cell.one_in, row.yours, row.theirs))


def _sides(explanation: Explanation) -> tuple[list[TermName], list[TermName]]:
    features = explanation.features
    pairs = [*features.pairs, *features.too_usual]
    return (
        _order([p.yours for p in pairs], features.unmatched_yours),
        _order([p.theirs for p in pairs], features.unmatched_theirs),
    )


def _cells(explanation: Explanation, release: Release) -> dict[tuple[int, int], Cell]:
    pairs = [*explanation.features.pairs, *explanation.features.too_usual]
    best = {(pair.yours.term_id, pair.theirs.term_id) for pair in pairs}
    down, across = _sides(explanation)
    return {
        (i, j): cell
        for i, yours in enumerate(down)
        for j, theirs in enumerate(across)
        if (cell := _cell(yours.term_id, theirs.term_id, best, release)) is not None
    }


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
