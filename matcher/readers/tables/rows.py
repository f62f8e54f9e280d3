"""The cases that the rows of a table hold, by what its columns are said to be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from matcher.case import (
    Case,
    Disease,
    DiseaseStatus,
    GenomicFeature,
    Onset,
    PhenotypicFeature,
    Sex,
    Variant,
    Zygosity,
)
from matcher.readers import alleles
from matcher.readers.ages import years
from matcher.readers.guesses import Guesser
from matcher.readers.identifiers import checked_id, clean_disease, hpo_id, is_hpo_id
from matcher.readers.report import CaseRecord, Report
from matcher.readers.tables.columns import Column, Role, term_of
from matcher.readers.tables.text import Table
from matcher.readers.typed_ages import typed_years

_LIST = re.compile(r"\s*[;|\n]\s*")
_HPO = re.compile(r"(?:HP[:_ ]?)(\d{7})(?!\d)", re.IGNORECASE)
_DISEASE = re.compile(
    r"(?:O?MIM|ORPHA(?:NET)?|MONDO)[:_ ]?\s*\d+|#?\d{6}", re.IGNORECASE
)
_NEGATED = re.compile(r"^(?:not?|without|!|-|−)\s*[:]?\s*(?=\S)", re.IGNORECASE)
_YES = frozenset(
    "y yes 1 true present observed positive pos + x ja oui si affected".split()
)
_NO = frozenset(
    "n no 0 false absent excluded negative neg - nein non unaffected".split()
) | {"not observed", "not present"}
_UNKNOWN = frozenset({"", "na", "n/a", "nan", "unknown", "nd", "not assessed", "."})
_SEXES = {
    **dict.fromkeys(("f", "female", "w", "weiblich", "girl", "woman"), Sex.FEMALE),
    **dict.fromkeys(("m", "male", "männlich", "boy", "man"), Sex.MALE),
    **dict.fromkeys(("other", "o", "intersex", "x"), Sex.OTHER),
    **dict.fromkeys(("unknown", "u", "na", "n/a", "?", "-"), Sex.UNKNOWN),
}
# As in pedigree files
_NUMBERED_SEXES = {"1": Sex.MALE, "2": Sex.FEMALE, "0": Sex.UNKNOWN}
_INHERITANCE = {
    **dict.fromkeys(("ad", "autosomal dominant", "dominant"), "HP:0000006"),
    **dict.fromkeys(("ar", "autosomal recessive", "recessive"), "HP:0000007"),
    **dict.fromkeys(("xl", "x linked", "x-linked"), "HP:0001417"),
    **dict.fromkeys(("xlr", "x-linked recessive"), "HP:0001419"),
    **dict.fromkeys(("xld", "x-linked dominant"), "HP:0001423"),
    **dict.fromkeys(("mt", "mitochondrial"), "HP:0001427"),
    **dict.fromkeys(("sporadic", "isolated"), "HP:0003745"),
}
_MOST_PIECES = 1_000


@dataclass(slots=True)
class _Gathered:
    """What the rows of one case have said so far."""

    record: CaseRecord
    features: list[PhenotypicFeature] = field(default_factory=list)
    genes: list[GenomicFeature] = field(default_factory=list)
    diseases: list[Disease] = field(default_factory=list)
    inheritance: list[str] = field(default_factory=list)
    single: dict[Role, str] = field(default_factory=dict)


def cases_from_table(
    table: Table,
    columns: Sequence[Column],
    report: Report,
    source: str,
    guesser: Guesser,
) -> Iterator[Case]:
    """The cases of a table in the order of their first rows; MalformedCase for a bad id."""
    gathered: dict[str, _Gathered] = {}
    for number, cells in enumerate(table.rows, 2):
        row = _Row(dict(enumerate(cells)), columns, number)
        case_id = row.case_id(CaseRecord(report, f"{source}:{number}"))
        if not case_id:
            continue
        if case_id not in gathered:
            record = CaseRecord(report, f"{source}:{number}", case_id)
            gathered[case_id] = _Gathered(record)
        _gather(gathered[case_id], row, guesser)
    _tell_ignored(table, columns, CaseRecord(report, source))
    for case_id, found in gathered.items():
        yield _case(case_id, found)
        report.cases += 1


def _tell_ignored(table: Table, columns: Sequence[Column], record: CaseRecord) -> None:
    for place, column in enumerate(columns):
        if column.role is Role.IGNORED:
            cells = sum(bool(row[place]) for row in table.rows)
            if cells:
                record.ignored(f"column {column.name[:60]}", cells)


@dataclass(frozen=True, slots=True)
class _Row:
    """The cells of one row, asked for by what their columns hold."""

    cells: dict[int, str]
    columns: Sequence[Column]
    number: int

    def of(self, role: Role) -> Iterator[tuple[Column, str]]:
        """Columns and cells of a role that are not empty."""
        for place, column in enumerate(self.columns):
            if column.role is role and self.cells[place].strip():
                yield column, self.cells[place].strip()

    def first(self, role: Role) -> str:
        return next((cell for _, cell in self.of(role)), "")

    def case_id(self, record: CaseRecord) -> str:
        """The id of the case of the row; a number of its own where no column has ids."""
        if any(column.role is Role.CASE_ID for column in self.columns):
            case_id = self.first(Role.CASE_ID)
            if not case_id:
                record.dropped(
                    "case id",
                    self.number,
                    f"Row {self.number} has no case id; it was left out.",
                )
                return ""
            return checked_id(case_id, f"case in row {self.number}")
        guess = f"row-{self.number}"
        record.report.made_up.add(guess)
        record.guessed(
            "case id", guess, f"No column has case ids; row {self.number} is {guess!r}."
        )
        return guess


def _gather(found: _Gathered, row: _Row, guesser: Guesser) -> None:
    _gather_features(found, row, guesser)
    _gather_genes(found, row)
    _gather_diseases(found, row, guesser)
    for _, cell in row.of(Role.INHERITANCE):
        found.inheritance += _modes(cell, found.record)
    for role in (Role.SEX, Role.AGE, Role.ONSET, Role.FAMILY, Role.LABEL):
        for column, cell in row.of(role):
            entered = (
                _with_unit(cell, column) if role in (Role.AGE, Role.ONSET) else cell
            )
            before = found.single.setdefault(role, entered)
            if before != entered:
                found.record.dropped(
                    role,
                    entered,
                    f"Row {row.number} says {entered[:60]!r} where an earlier row of the case "
                    f"says {before[:60]!r}; the earlier one stands.",
                )


def _with_unit(cell: str, column: Column) -> str:
    """A number of months where the header counts months."""
    is_number = re.fullmatch(r"\d+(?:[.,]\d+)?", cell) is not None
    return f"{cell} months" if is_number and "month" in column.name.casefold() else cell


def _gather_features(found: _Gathered, row: _Row, guesser: Guesser) -> None:
    record = found.record
    onset = _onset(row.first(Role.FEATURE_ONSET), record, "feature onset")
    said = row.first(Role.PRESENCE)
    presence = _presence(said) if said else True
    for role in (Role.OBSERVED, Role.EXCLUDED):
        for column, cell in row.of(role):
            if cell.casefold() in _UNKNOWN:
                continue
            for piece in _pieces(cell, guesser):
                if role is Role.OBSERVED and presence is None:
                    record.dropped(
                        column.name,
                        piece,
                        f"Whether {piece[:60]!r} was observed cannot be told from "
                        f"{said[:40]!r}; it was left out.",
                    )
                    continue
                excluded = role is Role.EXCLUDED or presence is False
                like = PhenotypicFeature(term_id="", excluded=excluded, onset=onset)
                found.features += _feature(piece, like, record, column.name, guesser)
    for column, cell in row.of(Role.TERM):
        found.features += _of_own_column(column, cell, record, guesser)


def _pieces(cell: str, guesser: Guesser) -> list[str]:
    """The entries of a list; a comma parts them unless it belongs to a name."""
    pieces: list[str] = []
    for piece in _LIST.split(cell):
        is_name = "," in piece and guesser.is_name(piece)
        pieces += [piece] if is_name else piece.split(",")
    return [piece.strip() for piece in pieces if piece.strip()][:_MOST_PIECES]


def _feature(
    piece: str,
    like: PhenotypicFeature,
    record: CaseRecord,
    field_name: str,
    guesser: Guesser,
) -> Iterator[PhenotypicFeature]:
    negation = _NEGATED.match(piece)
    entered = piece[negation.end() :] if negation else piece
    if negation:
        like = replace(like, excluded=True)
        record.guessed(
            field_name,
            piece,
            f"{piece[:60]!r} was read as a feature that is not there.",
        )
    coded = _HPO.search(entered)
    if coded:
        words = entered.replace(coded[0], "").strip(" ()[]:-–,!")
        record.mapped(field_name)
        yield replace(like, term_id=f"HP:{coded[1]}", label=words[:200])
        return
    guess = guesser.feature(record, field_name, entered, like)
    if guess is not None:
        yield guess


def _of_own_column(
    column: Column, cell: str, record: CaseRecord, guesser: Guesser
) -> Iterator[PhenotypicFeature]:
    if cell.casefold() in _UNKNOWN:
        return
    presence = _presence(cell)
    if presence is None:
        record.dropped(
            column.name,
            cell,
            f"{cell[:40]!r} says neither present nor absent; it was left out.",
        )
        return
    like = PhenotypicFeature(term_id=term_of(column), excluded=not presence)
    if like.term_id:
        record.mapped(column.name)
        yield replace(like, label=_HPO.sub("", column.name).strip(" ()[]:-")[:200])
    else:
        yield from _feature(column.name, like, record, column.name, guesser)


def _presence(said: str) -> bool | None:
    word = said.strip().casefold()
    if word in _YES:
        return True
    return False if word in _NO else None


def _gather_genes(found: _Gathered, row: _Row) -> None:
    names = [
        name
        for _, cell in row.of(Role.GENES)
        for name in re.split(r"[;|,\s]+", cell)
        if name and name.casefold() not in _UNKNOWN
    ]
    written = [
        text.strip()
        for _, cell in row.of(Role.VARIANTS)
        for text in _LIST.split(cell)
        if text.strip().casefold() not in _UNKNOWN
    ]
    zygosity = _zygosity(row.first(Role.ZYGOSITY), found.record)
    if written and len(names) > 1:
        found.record.dropped(
            "variants",
            "; ".join(written),
            f"Row {row.number} names {len(names)} genes, so whose its variants are cannot be "
            "told; the variants were left out.",
        )
        written = []
    for name in names if not written else []:
        _add_gene(found, GenomicFeature(gene=name[:100]))
    for text in written:
        variant = Variant(hgvs=(text[:500],), zygosity=zygosity)
        gene = names[0][:100] if names else None
        _add_gene(found, GenomicFeature(gene=gene, variant=variant))


def _add_gene(found: _Gathered, gene: GenomicFeature) -> None:
    if gene not in found.genes:
        found.record.mapped("genes")
        found.genes.append(gene)


def _zygosity(entered: str, record: CaseRecord) -> Zygosity | None:
    known = alleles.zygosity(entered)
    if entered and known is None and entered.casefold() not in _UNKNOWN:
        record.dropped(
            "zygosity", entered, f"{entered[:40]!r} is not het, hom or hemi; left out."
        )
    return known


def _gather_diseases(found: _Gathered, row: _Row, guesser: Guesser) -> None:
    for role, status in (
        (Role.DIAGNOSIS, DiseaseStatus.CONFIRMED),
        (Role.CANDIDATE, DiseaseStatus.CANDIDATE),
    ):
        for column, cell in row.of(role):
            for piece in _LIST.split(cell):
                if piece.strip().casefold() not in _UNKNOWN:
                    like = Disease(disease_id="", status=status)
                    _add_disease(found, piece.strip(), like, column.name, guesser)


def _add_disease(
    found: _Gathered, piece: str, like: Disease, name: str, guesser: Guesser
) -> None:
    coded = _DISEASE.search(piece)
    made: Disease | None
    if coded:
        words = piece.replace(coded[0], "").strip(" ()[]:-–,#")
        disease_id = clean_disease(coded[0], found.record, name)
        made = replace(like, disease_id=disease_id, label=words[:200])
        found.record.mapped(name)
    else:
        made = guesser.disease(found.record, name, piece, like)
    if made and all(made.disease_id != each.disease_id for each in found.diseases):
        found.diseases.append(made)


def _modes(cell: str, record: CaseRecord) -> Iterator[str]:
    for piece in _LIST.split(cell):
        word = piece.strip().casefold()
        if not word or word in _UNKNOWN:
            continue
        coded = _HPO.search(piece)
        term_id = f"HP:{coded[1]}" if coded else _INHERITANCE.get(word)
        if term_id:
            record.mapped("inheritance")
            yield term_id
        else:
            record.dropped(
                "inheritance",
                piece,
                f"{piece[:60]!r} is no mode of inheritance such as AD, AR, XL or HP:0000007.",
            )


def _case(case_id: str, found: _Gathered) -> Case:
    record, single = found.record, found.single
    features = {(f.term_id, f.excluded): f for f in reversed(found.features)}
    return Case(
        case_id=case_id,
        label=single.get(Role.LABEL, "")[:300],
        features=tuple(reversed(features.values())),
        genomic_features=tuple(found.genes),
        diseases=tuple(found.diseases),
        sex=_sex(single.get(Role.SEX, ""), record),
        age_years=_age(single.get(Role.AGE, ""), record, "age"),
        onset=_onset(single.get(Role.ONSET, ""), record, "onset"),
        inheritance=tuple(dict.fromkeys(found.inheritance)),
        family=single.get(Role.FAMILY, "")[:200] or None,
    )


def _sex(entered: str, record: CaseRecord) -> Sex:
    word = entered.casefold()
    if word in _NUMBERED_SEXES:
        sex = _NUMBERED_SEXES[word]
        record.guessed("sex", entered, f"The sex {entered} was read as {sex}.")
        return sex
    if entered and word not in _SEXES:
        record.dropped(
            "sex", entered, f"{entered[:40]!r} is not female, male or other; left out."
        )
    return _SEXES.get(word, Sex.UNKNOWN)


def _age(entered: str, record: CaseRecord, name: str) -> float | None:
    if entered.casefold() in _UNKNOWN:
        return None
    exact = years(entered)
    age = typed_years(entered) if exact is None else exact
    if age is None:
        record.dropped(
            name,
            entered,
            f"{entered[:40]!r} is no age such as 4, 4 y 2 m or P4Y2M; it was left out.",
        )
    else:
        record.mapped(name)
    return age


def _onset(entered: str, record: CaseRecord, name: str) -> Onset | None:
    coded = _HPO.search(entered)
    if coded and is_hpo_id(hpo_id(coded[0])):
        record.mapped(name)
        return Onset(term_id=hpo_id(coded[0]))
    age = _age(entered, record, name)
    return None if age is None else Onset(years=age)
