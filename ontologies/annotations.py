"""Which signs each disease has, how often, who reported them, and which it has not."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ontologies.arrays import Rows
from ontologies.errors import UnknownDisease
from ontologies.files.hpoa import Aspect, Row, read_hpoa
from ontologies.ontology import Ontology
from ontologies.packing import PackedTexts, open_array, save_arrays

COUNTED_PREFIX = "OMIM:"
_ASPECTS = tuple(Aspect)
_NAME = "rows"
_TEXTS = ("disease_ids", "disease_names", "references", "lost", "version")


@dataclass(frozen=True, slots=True)
class DiseaseAnnotation:
    """One statement about a disease. `frequency` is in [0, 1], None where it is not stated."""

    term_id: str
    frequency: float | None
    references: tuple[str, ...]
    onset: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationArrays:
    """One entry for each row of the file, sorted by disease, else in the order of the file.

    Disease d has the entries `disease_offsets[d]` to `disease_offsets[d + 1]`. `row` is that of
    the term in the ontology; `frequency` is nan where it is not stated; `negated` means NOT or
    seen in none; `reference` is a position in `references`; `onset` has the digits of an HPO
    term or 0; `aspect` is a position in `Aspect`.
    """

    disease_offsets: NDArray[np.int32]
    disease_index: NDArray[np.int32]
    row: Rows
    frequency: NDArray[np.float64]
    negated: NDArray[np.bool_]
    reference: NDArray[np.int32]
    onset: NDArray[np.int32]
    aspect: NDArray[np.int8]

    @property
    def observed_phenotype(self) -> NDArray[np.bool_]:
        """Which entries say that a phenotypic sign was seen."""
        aspect = _ASPECTS.index(Aspect.PHENOTYPE)
        observed: NDArray[np.bool_] = (self.aspect == aspect) & ~self.negated
        return observed


class DiseaseAnnotations:
    """Every disease with its annotations. Terms are live ones, whatever the file called them.

    Each of `lost` names a line whose term the ontology does not know and that was left out.
    """

    def __init__(
        self,
        ontology: Ontology,
        arrays: AnnotationArrays,
        texts: Mapping[str, PackedTexts],
    ) -> None:
        self.arrays = arrays
        self.version = texts["version"][0]
        self.references: Sequence[str] = texts["references"]
        self.lost: Sequence[str] = texts["lost"]
        self._ontology = ontology
        self._texts = texts

    @cached_property
    def disease_ids(self) -> Sequence[str]:
        """The diseases, in the order of their ids."""
        return tuple(self._texts["disease_ids"])

    @cached_property
    def disease_names(self) -> Sequence[str]:
        """Their names, in the same order."""
        return tuple(self._texts["disease_names"])

    def __contains__(self, disease_id: object) -> bool:
        return isinstance(disease_id, str) and self._position(disease_id) is not None

    def _position(self, disease_id: str) -> int | None:
        position = bisect_left(self.disease_ids, disease_id)
        found = self.disease_ids[position : position + 1] == (disease_id,)
        return position if found else None

    def observed(self, disease_id: str) -> tuple[DiseaseAnnotation, ...]:
        """Phenotypic signs that were seen in the disease; UnknownDisease if not annotated."""
        return tuple(self._statements(disease_id, Aspect.PHENOTYPE, negated=False))

    def excluded(self, disease_id: str) -> tuple[DiseaseAnnotation, ...]:
        """Phenotypic signs that the disease has not, or that were looked for in vain."""
        return tuple(self._statements(disease_id, Aspect.PHENOTYPE, negated=True))

    def inheritance(self, disease_id: str) -> tuple[str, ...]:
        """The modes of inheritance of the disease, each once, in the order of the file."""
        modes = self._statements(disease_id, Aspect.INHERITANCE, negated=False)
        return tuple(dict.fromkeys(mode.term_id for mode in modes))

    def _statements(
        self, disease_id: str, aspect: Aspect, *, negated: bool
    ) -> Iterator[DiseaseAnnotation]:
        disease = self._position(disease_id)
        if disease is None:
            raise UnknownDisease(disease_id, self.version)
        arrays = self.arrays
        wanted = _ASPECTS.index(aspect)
        for entry in range(*arrays.disease_offsets[disease : disease + 2].tolist()):
            if arrays.aspect[entry] == wanted and arrays.negated[entry] == negated:
                yield self._statement(entry)

    def _statement(self, entry: int) -> DiseaseAnnotation:
        arrays = self.arrays
        frequency = float(arrays.frequency[entry])
        onset = int(arrays.onset[entry])
        references = self.references[int(arrays.reference[entry])]
        return DiseaseAnnotation(
            term_id=self._ontology.term_ids[int(arrays.row[entry])],
            frequency=None if np.isnan(frequency) else frequency,
            references=tuple(filter(None, references.split(";"))),
            onset=f"HP:{onset:07d}" if onset else None,
        )

    @cached_property
    def counted_diseases(self) -> int:
        """How many OMIM diseases have at least one observed phenotypic sign."""
        return len(np.unique(self.arrays.disease_index[self._counted]))

    @cached_property
    def counts(self) -> NDArray[np.int32]:
        """For each row of the ontology, how many of those diseases have it or a descendant."""
        graph = self._ontology.arrays
        n = len(self._ontology)
        diseases = self.arrays.disease_index[self._counted].astype(np.int64)
        pairs = np.unique(diseases * n + self.arrays.row[self._counted])
        counts = np.zeros(n, dtype=np.int32)
        for _, group in groupby(pairs.tolist(), key=lambda pair: pair // n):
            rows = [pair % n for pair in group]
            counts[_union(graph.ancestor_offsets, graph.ancestor_rows, rows)] += 1
        return counts

    @property
    def _counted(self) -> NDArray[np.bool_]:
        counted = [each.startswith(COUNTED_PREFIX) for each in self.disease_ids]
        arrays = self.arrays
        of_counted = np.array(counted, dtype=np.bool_)[arrays.disease_index]
        return arrays.observed_phenotype & of_counted

    def save(self, folder: Path) -> None:
        """Write the annotations below `folder`."""
        arrays = {f.name: getattr(self.arrays, f.name) for f in fields(self.arrays)}
        save_arrays(folder, _NAME, **arrays)
        for name, texts in self._texts.items():
            texts.save(folder, name)

    @classmethod
    def open(cls, folder: Path, ontology: Ontology) -> DiseaseAnnotations:
        """The annotations that `save` wrote, memory-mapped; with the same ontology."""
        names = (field.name for field in fields(AnnotationArrays))
        arrays = {name: open_array(folder, _NAME, name) for name in names}
        texts = {name: PackedTexts.open(folder, name) for name in _TEXTS}
        return cls(ontology, AnnotationArrays(**arrays), texts)


def _union(
    offsets: NDArray[np.int32], rows: Rows, wanted: Iterable[int]
) -> NDArray[np.uint16]:
    parts = [rows[offsets[row] : offsets[row + 1]] for row in wanted]
    return np.unique(np.concatenate(parts))


def build_annotations(path: Path, ontology: Ontology) -> DiseaseAnnotations:
    """The annotations in a phenotype.hpoa file; InvalidAnnotations if it breaks the format."""
    content = read_hpoa(path)
    kept: list[tuple[Row, int]] = []
    lost: list[str] = []
    for row in content.rows:
        term_id = ontology.resolve(row.term_id).term_id
        if term_id is None:
            lost.append(f"line {row.line}: {row.disease_id} has {row.term_id}")
        else:
            kept.append((row, ontology.row(term_id)))
    kept.sort(key=lambda pair: pair[0].disease_id)
    names = {row.disease_id: row.disease_name for row, _ in kept}
    references = list(dict.fromkeys(row.references for row, _ in kept))
    texts = {
        "disease_ids": list(names),
        "disease_names": list(names.values()),
        "references": references,
        "lost": lost,
        "version": [content.version],
    }
    packed = {name: PackedTexts.of(lines) for name, lines in texts.items()}
    return DiseaseAnnotations(ontology, _arrays(kept, list(names), references), packed)


def _arrays(
    kept: Sequence[tuple[Row, int]], disease_ids: list[str], references: list[str]
) -> AnnotationArrays:
    diseases = {disease_id: n for n, disease_id in enumerate(disease_ids)}
    cited = {text: n for n, text in enumerate(references)}
    aspects = {aspect: n for n, aspect in enumerate(_ASPECTS)}
    rows = [row for row, _ in kept]
    index = np.array([diseases[row.disease_id] for row in rows], dtype=np.int32)
    columns: dict[str, tuple[Any, Any]] = {
        "row": ([term_row for _, term_row in kept], np.uint16),
        "frequency": (
            [np.nan if row.frequency is None else row.frequency for row in rows],
            np.float64,
        ),
        "negated": ([row.negated for row in rows], np.bool_),
        "reference": ([cited[row.references] for row in rows], np.int32),
        "onset": ([int(row.onset[3:] or 0) for row in rows], np.int32),
        "aspect": ([aspects[row.aspect] for row in rows], np.int8),
    }
    edges = np.searchsorted(index, np.arange(len(disease_ids) + 1))
    return AnnotationArrays(
        disease_offsets=edges.astype(np.int32),
        disease_index=index,
        **{
            name: np.array(values, dtype=kind)
            for name, (values, kind) in columns.items()
        },
    )
