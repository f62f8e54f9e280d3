"""Which gene was meant: any symbol, former symbol, alias or id -> the HGNC gene."""

from __future__ import annotations

import csv
import enum
import gzip
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from ontologies.packing import PackedDictionary, PackedTexts
from ontologies.remembering import remembered

_ID_FORMS = (
    ("hgnc", re.compile(r"(?:HGNC[:_]?)+(\d+)")),
    ("ensembl", re.compile(r"(?:ENSEMBL:)?(ENSG\d{11})(?:\.\d+)?(?:_PAR_Y)?")),
    ("entrez", re.compile(r"(?:(?:NCBIGENE|NCBI_GENE|ENTREZ|GENEID):)?(\d+)")),
)
_COLUMNS = {"ensembl": "ensembl_gene_id", "entrez": "entrez_id"}
_NAME_KINDS = ("symbol", "previous symbol", "alias")


@dataclass(frozen=True, slots=True)
class Gene:
    """A gene as HGNC approves it. Ids that HGNC does not give are empty."""

    hgnc_id: str
    symbol: str
    name: str
    ensembl_id: str
    entrez_id: str


class GeneStatus(enum.StrEnum):
    """Whether one gene could be meant, several, or none."""

    RESOLVED = "resolved"
    AMBIGUOUS = "ambiguous"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class GeneResolution:
    """What a gene name or id stands for.

    `via` says by what it was recognised: symbol, previous symbol, alias, ensembl, entrez or
    hgnc; it is empty for an unknown gene. `candidates` are the genes an ambiguous name may mean.
    """

    entered: str
    status: GeneStatus
    gene: Gene | None = None
    candidates: tuple[Gene, ...] = ()
    via: str = ""

    @property
    def is_resolved(self) -> bool:
        """Whether exactly one gene is meant."""
        return self.status is GeneStatus.RESOLVED


class GeneTable:
    """All approved genes, their names and ids, and the diseases each is known to cause."""

    def __init__(
        self,
        records: PackedTexts,
        names: PackedDictionary,
        disease_ids: PackedTexts,
        diseases_by_gene: PackedDictionary,
        genes_by_disease: PackedDictionary,
    ) -> None:
        self._records = records
        self._names = names
        self._disease_ids = disease_ids
        self._diseases_by_gene = diseases_by_gene
        self._genes_by_disease = genes_by_disease
        self._resolve = remembered(self._looked_up)

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Gene]:
        """Every approved gene, in the order of the file."""
        return (Gene(*record.split("\t")) for record in self._records)

    def __getitem__(self, hgnc_id: str) -> Gene:
        """The gene of an HGNC id; KeyError for an id that is not approved."""
        rows = self._names[_key("hgnc", hgnc_id.removeprefix("HGNC:"))]
        if not rows:
            raise KeyError(hgnc_id)
        return self._gene(rows[0])

    def _gene(self, row: int) -> Gene:
        return Gene(*self._records[row].split("\t"))

    def resolve(self, entered: str) -> GeneResolution:
        """What `entered` stands for, letter case and blanks ignored; never raises.

        Approved symbols come first, for 754 of them are another gene's alias; then a previous
        symbol, then an alias. A bare number is an Entrez id.
        """
        return self._resolve(entered)

    def _looked_up(self, entered: str) -> GeneResolution:
        for via, key in _readings("".join(entered.split()).upper()):
            rows = self._names[_key(via, key)]
            if len(rows) == 1:
                return GeneResolution(
                    entered, GeneStatus.RESOLVED, gene=self._gene(rows[0]), via=via
                )
            if rows:
                genes = sorted((self._gene(r) for r in rows), key=lambda g: g.symbol)
                return GeneResolution(
                    entered, GeneStatus.AMBIGUOUS, candidates=tuple(genes), via=via
                )
        return GeneResolution(entered, GeneStatus.UNKNOWN)

    def diseases_of(self, hgnc_id: str) -> tuple[str, ...]:
        """Ids of the diseases the gene is known to cause, in order; empty for none."""
        return tuple(self._disease_ids[i] for i in self._diseases_by_gene[hgnc_id])

    def genes_of(self, disease_id: str) -> tuple[str, ...]:
        """HGNC ids of the genes known to cause the disease; empty for none."""
        rows = self._genes_by_disease[disease_id]
        return tuple(self._gene(row).hgnc_id for row in rows)

    @property
    def annotated(self) -> int:
        """How many genes are known to cause a disease."""
        return len(self._diseases_by_gene)

    def save(self, folder: Path) -> None:
        """Write the table below `folder`."""
        self._records.save(folder, "records")
        self._names.save(folder, "names")
        self._disease_ids.save(folder, "disease_ids")
        self._diseases_by_gene.save(folder, "diseases_by_gene")
        self._genes_by_disease.save(folder, "genes_by_disease")

    @classmethod
    def open(cls, folder: Path) -> GeneTable:
        """The table that `save` wrote."""
        return cls(
            PackedTexts.open(folder, "records"),
            PackedDictionary.open(folder, "names"),
            PackedTexts.open(folder, "disease_ids"),
            PackedDictionary.open(folder, "diseases_by_gene"),
            PackedDictionary.open(folder, "genes_by_disease"),
        )


def build_genes(hgnc_path: Path, disease_genes_path: Path) -> GeneTable:
    """The table of HGNC's complete set and HPO's genes_to_phenotype.txt, either gzipped or not."""
    with _rows(hgnc_path) as rows:
        approved = [row for row in rows if row["status"] == "Approved"]
    genes = [_from_hgnc(row) for row in approved]
    names = PackedDictionary.of(
        (key, number) for number, row in enumerate(approved) for key in _keys(row)
    )
    records = PackedTexts.of("\t".join(_fields(gene)) for gene in genes)
    by_entrez = {gene.entrez_id: number for number, gene in enumerate(genes)}
    with _rows(disease_genes_path) as rows:
        causes = {(by_entrez.get(r["ncbi_gene_id"]), r["disease_id"]) for r in rows}
    pairs = [(number, disease) for number, disease in causes if number is not None]
    disease_ids = sorted({disease for _, disease in pairs})
    position = {disease: i for i, disease in enumerate(disease_ids)}
    return GeneTable(
        records,
        names,
        PackedTexts.of(disease_ids),
        PackedDictionary.of((genes[n].hgnc_id, position[d]) for n, d in pairs),
        PackedDictionary.of((d, n) for n, d in pairs),
    )


@contextmanager
def _rows(path: Path) -> Iterator[Iterable[dict[str, str]]]:
    with _text(path) as file:
        yield csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


def _text(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _from_hgnc(row: dict[str, str]) -> Gene:
    return Gene(
        row["hgnc_id"],
        row["symbol"],
        row["name"],
        row["ensembl_gene_id"],
        row["entrez_id"],
    )


def _fields(gene: Gene) -> tuple[str, ...]:
    return gene.hgnc_id, gene.symbol, gene.name, gene.ensembl_id, gene.entrez_id


def _keys(row: dict[str, str]) -> Iterator[str]:
    yield _key("hgnc", row["hgnc_id"].removeprefix("HGNC:"))
    for via in ("ensembl", "entrez"):
        # Pseudogenes and clusters may have neither.
        if identifier := row[_COLUMNS[via]]:
            yield _key(via, identifier)
    columns = (row["symbol"], row["prev_symbol"], row["alias_symbol"])
    for kind, column in zip(_NAME_KINDS, columns):
        for name in column.split("|"):
            if name:
                yield _key(kind, "".join(name.split()).upper())


def _key(via: str, name: str) -> str:
    return f"{via}\t{name}"


def _readings(folded: str) -> Iterator[tuple[str, str]]:
    for via, form in _ID_FORMS:
        if found := form.fullmatch(folded):
            yield via, found[1]
    if folded:
        for kind in _NAME_KINDS:
            yield kind, folded
