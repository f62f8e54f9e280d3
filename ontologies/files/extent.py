"""How large a graph is, counted without building what is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ontologies.arrays import topological_order

# Bits of one integer: wide enough to be fast, narrow enough for one a term to fit in memory.
_BLOCK = 4096


def deepest(parents: Mapping[str, Sequence[str]]) -> tuple[str, int]:
    """The term with the most terms above it in one line, and how many; ties by order.

    `parents` has every term and no cycle; an empty graph has no deepest term.
    """
    depths: dict[str, int] = {}
    for term_id in topological_order(parents):
        above = (depths[parent] for parent in parents[term_id])
        depths[term_id] = max(above, default=-1) + 1
    term_id = max(depths, key=depths.__getitem__)
    return term_id, depths[term_id]


def ancestor_pairs(parents: Mapping[str, Sequence[str]], most: int) -> int:
    """How many pairs of a term and an ancestor there are, each term its own ancestor too.

    Counting ends soon after `most`, so that what is larger takes no longer.
    """
    order = topological_order(parents)
    rows = {term_id: row for row, term_id in enumerate(order)}
    up = [[rows[parent] for parent in parents[term_id]] for term_id in order]
    count = 0
    for start in range(0, len(order), _BLOCK):
        # Which ancestors a row has among those of this block; none is below its own row.
        masks: list[int] = []
        for row in range(start, len(order)):
            mask = 1 << (row - start) if row < start + _BLOCK else 0
            for parent in up[row]:
                if parent >= start:
                    mask |= masks[parent - start]
            masks.append(mask)
            count += mask.bit_count()
            if count > most:
                return count
    return count
