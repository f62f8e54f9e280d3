"""The is_a graph as arrays: what stands above and below each row, for the kernels."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from graphlib import TopologicalSorter
from heapq import heappop, heappush
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ontologies.packing import open_array, save_arrays

Rows = NDArray[np.uint16]
Offsets = NDArray[np.int32]
MOST_TERMS = (1 << 16) - 1

_NAME = "graph"


class Branch(enum.StrEnum):
    """The parts of HPO that mean different things; the value is the id of the topmost term."""

    PHENOTYPE = "HP:0000118"
    INHERITANCE = "HP:0000005"
    MODIFIER = "HP:0012823"
    CLINICAL_COURSE = "HP:0031797"
    ONSET = "HP:0003674"
    SEVERITY = "HP:0012824"
    FREQUENCY = "HP:0040279"
    PAST_HISTORY = "HP:0032443"
    BLOOD_GROUP = "HP:0032223"
    BIOSPECIMEN = "HP:0020228"


@dataclass(frozen=True, slots=True, kw_only=True)
class OntologyArrays:
    """The graph over rows. What belongs to row r is `x_rows[x_offsets[r]:x_offsets[r + 1]]`.

    Every parent has a lower row than its children, and the rows of an entry ascend. Ancestors
    and descendants include the term itself. `numbers` are the digits of the ids; `branch` is
    a position in `Branch`, the most specific one, or -1.
    """

    numbers: NDArray[np.int32]
    parent_offsets: Offsets
    parent_rows: Rows
    child_offsets: Offsets
    child_rows: Rows
    ancestor_offsets: Offsets
    ancestor_rows: Rows
    descendant_offsets: Offsets
    descendant_rows: Rows
    phenotype: NDArray[np.bool_]
    branch: NDArray[np.int8]

    def save(self, folder: Path) -> None:
        """Write the arrays below `folder`."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        save_arrays(folder, _NAME, **arrays)

    @classmethod
    def open(cls, folder: Path) -> OntologyArrays:
        """The arrays that `save` wrote, memory-mapped."""
        return cls(
            **{
                field.name: open_array(folder, _NAME, field.name)
                for field in fields(cls)
            }
        )


def topological_order(parents: Mapping[str, Sequence[str]]) -> list[str]:
    """The ids with parents before children and ties by id; graphlib.CycleError for a cycle."""
    sorter = TopologicalSorter(parents)
    sorter.prepare()
    ready: list[str] = []
    order: list[str] = []
    while sorter.is_active():
        for term_id in sorter.get_ready():
            heappush(ready, term_id)
        term_id = heappop(ready)
        order.append(term_id)
        sorter.done(term_id)
    return order


def build_arrays(parents: Mapping[str, Sequence[str]]) -> OntologyArrays:
    """The arrays of a graph given as the parents of every live term."""
    order = topological_order(parents)
    rows = {term_id: row for row, term_id in enumerate(order)}
    up = [sorted({rows[parent] for parent in parents[term_id]}) for term_id in order]
    above: list[set[int]] = []
    for row, parent_rows in enumerate(up):
        above.append({row}.union(*(above[parent] for parent in parent_rows)))
    ancestors = [sorted(each) for each in above]
    relations = {
        "parent": up,
        "child": _turned(up),
        "ancestor": ancestors,
        "descendant": _turned(ancestors),
    }
    packed: dict[str, NDArray[np.int32] | Rows] = {}
    for name, relation in relations.items():
        packed[f"{name}_offsets"], packed[f"{name}_rows"] = _packed(relation)
    numbers = [int(term_id.removeprefix("HP:")) for term_id in order]
    return OntologyArrays(
        numbers=np.array(numbers, dtype=np.int32),
        phenotype=_below(rows.get(Branch.PHENOTYPE), relations["descendant"]),
        branch=_branches(rows, relations["descendant"]),
        **packed,  # type: ignore[arg-type]  # each name has the type of its ending
    )


def _turned(relation: Sequence[Iterable[int]]) -> list[list[int]]:
    turned: list[list[int]] = [[] for _ in relation]
    for row, others in enumerate(relation):
        for other in others:
            turned[other].append(row)
    return turned


def _packed(relation: Sequence[Sequence[int]]) -> tuple[Offsets, Rows]:
    offsets = np.zeros(len(relation) + 1, dtype=np.int32)
    np.cumsum([len(entry) for entry in relation], out=offsets[1:])
    return offsets, np.array(
        [row for entry in relation for row in entry], dtype=np.uint16
    )


def _below(top: int | None, descendants: Sequence[Sequence[int]]) -> NDArray[np.bool_]:
    flags = np.zeros(len(descendants), dtype=np.bool_)
    if top is not None:
        flags[descendants[top]] = True
    return flags


def _branches(
    rows: Mapping[str, int], descendants: Sequence[Sequence[int]]
) -> NDArray[np.int8]:
    """Where branches nest the inner one wins, because its topmost term has the higher row.

    A term in two separate branches belongs to the phenotype, the one that is compared.
    """
    branch = np.full(len(descendants), -1, dtype=np.int8)
    tops = [(rows[top], n) for n, top in enumerate(Branch) if top in rows]
    for row, position in sorted(tops):
        branch[descendants[row]] = position
    if Branch.PHENOTYPE in rows:
        branch[descendants[rows[Branch.PHENOTYPE]]] = list(Branch).index(
            Branch.PHENOTYPE
        )
    return branch
