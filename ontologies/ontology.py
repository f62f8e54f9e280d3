"""The terms of one HPO release: their graph, their names, and which term an id stands for."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ontologies.arrays import Branch, Offsets, OntologyArrays, Rows, build_arrays
from ontologies.errors import UnknownTerm
from ontologies.packing import PackedTexts
from ontologies.remembering import remembered
from ontologies.terms import ResolutionStatus, Synonym, Term, successions

if TYPE_CHECKING:
    import networkx

_ENTERED = re.compile(r"(?:https?://\S*/)?HPO?\s*[:_]?\s*([0-9]{7})", re.IGNORECASE)
_BRANCHES = tuple(Branch)
_RESOLVED = (ResolutionStatus.ALTERNATIVE, ResolutionStatus.REPLACED)


@dataclass(frozen=True, slots=True)
class Resolution:
    """The live term an id stands for.

    The `candidates` of an AMBIGUOUS id are the terms it was split into; those of an OBSOLETE
    one are what the ontology asks to consider in its place.
    """

    entered: str
    status: ResolutionStatus
    term_id: str | None = None
    candidates: tuple[str, ...] = ()

    @property
    def is_resolved(self) -> bool:
        """Whether exactly one live term is meant."""
        return self.term_id is not None


class Ontology:
    """One release of HPO. Only live terms have a row; retired ids lead to live terms.

    `labels` and `records` hold the live terms by row and then the `obsolete` ones. Each of
    `successions` belongs to one of `retired`: a status and the ids it leads to.
    """

    def __init__(
        self, version: str, arrays: OntologyArrays, texts: Mapping[str, PackedTexts]
    ) -> None:
        self.version = version
        self.arrays = arrays
        self._texts = texts
        self._labels = texts["labels"]
        self._records = texts["records"]
        self._retired = texts["retired"]
        self._successions = texts["successions"]
        self._resolve = remembered(self._looked_up)
        self._label = remembered(self._written_label)
        # Sets of about twenty ids each: a few megabytes for the terms in use.
        self._ancestors = remembered(self._at_or_above, most=1 << 12)

    @cached_property
    def term_ids(self) -> Sequence[str]:
        """The live terms by row: parents before children, ties by id."""
        return tuple(f"HP:{number:07d}" for number in self.arrays.numbers.tolist())

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """From the id of a live term to its row."""
        return {term_id: row for row, term_id in enumerate(self.term_ids)}

    @cached_property
    def obsolete_ids(self) -> Sequence[str]:
        """Ids that the file still describes but has taken out of the graph, in order."""
        return tuple(self._texts["obsolete"])

    @cached_property
    def retired_ids(self) -> Sequence[str]:
        """Every id that is no live term but was one or stands for one, in order."""
        return tuple(self._retired)

    @cached_property
    def graph(self) -> networkx.DiGraph[str]:
        """The is_a graph over live term ids; edges run from parent to child."""
        import networkx  # its import takes longer than opening a release

        graph: networkx.DiGraph[str] = networkx.DiGraph()
        graph.add_nodes_from(self.term_ids)
        for term_id in self.term_ids:
            graph.add_edges_from((term_id, child) for child in self.children(term_id))
        return graph

    def __len__(self) -> int:
        return len(self.arrays.numbers)

    def __contains__(self, term_id: object) -> bool:
        return term_id in self.rows

    def row(self, term_id: str) -> int:
        """The row of a live term; UnknownTerm for anything else."""
        row = self.rows.get(term_id)
        if row is None:
            raise UnknownTerm(term_id, self.version)
        return row

    def resolve(self, entered: str) -> Resolution:
        """Which live term an id means, however it is written; never raises.

        Lower case, blanks, `HP_0001250` and the full IRI are understood.
        """
        return self._resolve(entered)

    def _looked_up(self, entered: str) -> Resolution:
        found = _ENTERED.fullmatch(entered.strip())
        if found is None:
            return Resolution(entered, ResolutionStatus.MALFORMED)
        term_id = f"HP:{found[1]}"
        if term_id in self.rows:
            return Resolution(entered, ResolutionStatus.CURRENT, term_id, (term_id,))
        position = bisect_left(self._retired, term_id)
        if position == len(self._retired) or self._retired[position] != term_id:
            return Resolution(entered, ResolutionStatus.UNKNOWN)
        word, *candidates = self._successions[position].split()
        status = ResolutionStatus(word)
        chosen = candidates[0] if status in _RESOLVED else None
        return Resolution(entered, status, chosen, tuple(candidates))

    def term(self, term_id: str) -> Term:
        """The term of an id that the file describes, live or obsolete; else UnknownTerm."""
        stanza = self._stanza(term_id)
        definition, comment, synonyms, *ids = json.loads(self._records[stanza])
        alternative_ids, replaced_by, consider = map(tuple, ids)
        return Term(
            term_id=term_id,
            label=self._labels[stanza],
            definition=definition,
            comment=comment,
            synonyms=tuple(
                Synonym(text, scope, kind == "layperson", kind)
                for text, scope, kind in synonyms
            ),
            alternative_ids=alternative_ids,
            obsolete=stanza >= len(self),
            replaced_by=replaced_by,
            consider=consider,
        )

    def label(self, term_id: str) -> str:
        """The name of an id that the file describes, live or obsolete; else UnknownTerm."""
        return self._label(term_id)

    def _written_label(self, term_id: str) -> str:
        return self._labels[self._stanza(term_id)]

    @cached_property
    def _obsolete_stanzas(self) -> Mapping[str, int]:
        return {
            term_id: len(self) + position
            for position, term_id in enumerate(self.obsolete_ids)
        }

    def _stanza(self, term_id: str) -> int:
        stanza = self.rows.get(term_id)
        if stanza is None:
            stanza = self._obsolete_stanzas.get(term_id)
        if stanza is None:
            raise UnknownTerm(term_id, self.version)
        return stanza

    def parents(self, term_id: str) -> tuple[str, ...]:
        """The terms directly above a live term, in the order of their rows."""
        arrays = self.arrays
        return self._ids(arrays.parent_offsets, arrays.parent_rows, term_id)

    def children(self, term_id: str) -> tuple[str, ...]:
        """The terms directly below a live term, in the order of their rows."""
        arrays = self.arrays
        return self._ids(arrays.child_offsets, arrays.child_rows, term_id)

    def ancestors(self, term_id: str) -> frozenset[str]:
        """Everything above a live term, and the term itself."""
        return self._ancestors(term_id)

    def descendants(self, term_id: str) -> frozenset[str]:
        """Everything below a live term, and the term itself."""
        arrays = self.arrays
        return frozenset(
            self._ids(arrays.descendant_offsets, arrays.descendant_rows, term_id)
        )

    def _at_or_above(self, term_id: str) -> frozenset[str]:
        arrays = self.arrays
        return frozenset(
            self._ids(arrays.ancestor_offsets, arrays.ancestor_rows, term_id)
        )

    def _ids(self, offsets: Offsets, rows: Rows, term_id: str) -> tuple[str, ...]:
        row = self.row(term_id)
        entry = rows[offsets[row] : offsets[row + 1]].tolist()
        return tuple(self.term_ids[other] for other in entry)

    def branch(self, term_id: str) -> Branch | None:
        """The most specific branch a live term lies in; None for the root of all."""
        position = int(self.arrays.branch[self.row(term_id)])
        return _BRANCHES[position] if position >= 0 else None

    def is_phenotype(self, term_id: str) -> bool:
        """Whether a live term is a phenotypic abnormality, and so takes part in scores."""
        return bool(self.arrays.phenotype[self.row(term_id)])

    def save(self, folder: Path) -> None:
        """Write the ontology below `folder`."""
        self.arrays.save(folder)
        for name, texts in self._texts.items():
            texts.save(folder, name)
        PackedTexts.of([self.version]).save(folder, "version")

    @classmethod
    def open(cls, folder: Path) -> Ontology:
        """The ontology that `save` wrote, memory-mapped."""
        names = ("labels", "records", "obsolete", "retired", "successions")
        texts = {name: PackedTexts.open(folder, name) for name in names}
        version = PackedTexts.open(folder, "version")[0]
        return cls(version, OntologyArrays.open(folder), texts)


def build_ontology(
    version: str, terms: Sequence[Term], parents: Mapping[str, Sequence[str]]
) -> Ontology:
    """The ontology of these terms; `parents` has every live term, and only live terms."""
    arrays = build_arrays(parents)
    described = {term.term_id: term for term in terms}
    live = [described[f"HP:{number:07d}"] for number in arrays.numbers.tolist()]
    obsolete = [described[i] for i in sorted(described.keys() - parents.keys())]
    ends = successions(terms)
    texts = {
        "labels": [term.label for term in (*live, *obsolete)],
        "records": [_record(term) for term in (*live, *obsolete)],
        "obsolete": [term.term_id for term in obsolete],
        "retired": list(ends),
        "successions": [" ".join((end.status, *end.term_ids)) for end in ends.values()],
    }
    return Ontology(
        version, arrays, {name: PackedTexts.of(lines) for name, lines in texts.items()}
    )


def _record(term: Term) -> str:
    synonyms = [(each.text, each.scope, each.kind) for each in term.synonyms]
    ids = (term.alternative_ids, term.replaced_by, term.consider)
    return json.dumps(
        (term.definition, term.comment, synonyms, *ids), ensure_ascii=False
    )
