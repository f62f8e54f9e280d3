"""What every case offers besides its phenotype, as numbers, each distinct value kept once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from matcher.case import Case, Sharing
from matcher.engine.index import Column, IndexedCase
from matcher.evidence.prepared import Diagnosis, Mode, PreparedEvidence
from matcher.evidence.variants import Allele, coding_sequences

_BASES_PER_PLACE = 1024

Value = TypeVar("Value", bound=Hashable)


class Circumstances(NamedTuple):
    """What cases are filtered by, and what many of them share."""

    site: str | None = None
    submitter: str | None = None
    solved: bool = False
    test: bool = False
    simulated: bool = False
    sharing: Sharing = Sharing.PRIVATE
    modes: tuple[Mode, ...] = ()


class Numbering(Generic[Value]):
    """Distinct values in the order in which they came; number 0 is the value for nothing."""

    def __init__(self, nothing: Value) -> None:
        self.values: list[Value] = [nothing]
        self._numbers: dict[Value, int] = {nothing: 0}

    @classmethod
    def of(cls, values: Sequence[Value]) -> Numbering[Value]:
        """A numbering of distinct values, the first of which is the value for nothing."""
        made = cls(values[0])
        made.values = list(values)
        made._numbers = {value: number for number, value in enumerate(values)}
        return made

    def number(self, value: Value) -> int:
        """The number of a value, a new one if it is new. One writer at a time."""
        found = self._numbers.get(value)
        if found is None:
            found = len(self.values)
            self.values.append(value)
            self._numbers[value] = found
        return found

    def find(self, value: Value) -> int | None:
        """The number of a value that was numbered before."""
        return self._numbers.get(value)


class Catalogue:
    """The distinct values of all cases. One writer at a time; what is numbered never changes."""

    def __init__(self) -> None:
        self.genes: Numbering[str] = Numbering("")
        self.families: Numbering[str] = Numbering("")
        self.onsets: Numbering[float | None] = Numbering(None)
        self.alleles: Numbering[tuple[Allele, ...]] = Numbering(())
        self.diagnoses: Numbering[tuple[Diagnosis, ...]] = Numbering(())
        self.circumstances: Numbering[Circumstances] = Numbering(Circumstances())
        self._places: dict[Hashable, list[int]] = {}
        self._shapes: dict[int, Hashable] = {}
        self._unnamed_places: dict[Hashable, list[int]] = {}

    @classmethod
    def of(cls, values: Mapping[str, Sequence[Any]]) -> Catalogue:
        """A catalogue with these values of each of its numberings, in order of their numbers."""
        made = cls()
        made.genes = Numbering.of(values["genes"])
        made.families = Numbering.of(values["families"])
        made.onsets = Numbering.of(values["onsets"])
        made.alleles = Numbering.of(values["alleles"])
        made.diagnoses = Numbering.of(values["diagnoses"])
        made.circumstances = Numbering.of(values["circumstances"])
        for number, alleles in enumerate(made.alleles.values):
            made._file(alleles, number)
        return made

    def entry(
        self,
        case: Case,
        prepared: PreparedEvidence,
        rows: Sequence[int],
        hubness: float,
        revision: int,
    ) -> IndexedCase:
        """The case as the index keeps it."""
        circumstances = Circumstances(
            case.site,
            case.submitter,
            case.solved,
            case.test,
            case.simulated,
            case.sharing,
            prepared.modes,
        )
        return IndexedCase(
            case_id=case.case_id,
            rows=rows,
            hubness=hubness,
            genes=sorted(self.genes.number(gene) for gene in prepared.genes),
            numbers={
                Column.ONSET: self.onsets.number(prepared.onset_years),
                Column.ALLELES: self._number_alleles(prepared.alleles),
                Column.DIAGNOSES: self.diagnoses.number(prepared.diagnoses),
                Column.CIRCUMSTANCES: self.circumstances.number(circumstances),
                Column.FAMILY: self.families.number(case.family or ""),
                Column.REVISION: revision,
            },
        )

    def near(self, alleles: Iterable[Allele], tolerance: int) -> frozenset[int]:
        """Allele sets in which one of these might be found again without a gene in common.

        That is so only where one of the two alleles was given without its gene.
        """
        found: set[int] = set()
        for allele in alleles:
            places = self._unnamed_places if allele.gene else self._places
            for place in _places(allele, tolerance):
                found.update(places.get(place, ()))
        return frozenset(found)

    def like(self, alleles: Iterable[Allele], tolerance: int) -> frozenset[int]:
        """Allele sets in which one of these might be found again."""
        found: set[int] = set()
        for allele in alleles:
            for place in _places(allele, tolerance):
                found.update(self._places.get(place, ()))
        return frozenset(found)

    def shape(self, number: int) -> Hashable:
        """All that can tell what an allele set is worth to alleles of which it holds none.

        Which genes it names, and what each allele can be compared by.
        """
        found = self._shapes.get(number)
        if found is None:
            found = frozenset(
                (each.gene, each.assembly, each.is_placed, coding_sequences(each))
                for each in self.alleles.values[number]
            )
            self._shapes[number] = found
        return found

    def _number_alleles(self, alleles: tuple[Allele, ...]) -> int:
        known = len(self.alleles.values)
        number = self.alleles.number(alleles)
        if number == known:
            self._file(alleles, number)
        return number

    def _file(self, alleles: Sequence[Allele], number: int) -> None:
        unnamed = [allele for allele in alleles if not allele.gene]
        _file(self._places, alleles, number)
        _file(self._unnamed_places, unnamed, number)


def _file(
    places: dict[Hashable, list[int]], alleles: Iterable[Allele], number: int
) -> None:
    for place in {place for allele in alleles for place in _places(allele, 0)}:
        places.setdefault(place, []).append(number)


def _places(allele: Allele, tolerance: int) -> Iterator[Hashable]:
    """Under which keys an allele is filed, such that equal alleles share at least one."""
    yield from allele.hgvs
    if not allele.is_placed or allele.start is None:
        return
    if allele.kind:
        yield allele.chromosome, allele.kind
        return
    first = (allele.start - tolerance) // _BASES_PER_PLACE
    last = (allele.start + tolerance) // _BASES_PER_PLACE
    for place in range(first, last + 1):
        yield allele.chromosome, place, allele.reference, allele.alternate
