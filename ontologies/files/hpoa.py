"""A phenotype.hpoa file -> its rows, or every line that breaks the format."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ontologies.errors import InvalidAnnotations

COLUMNS = (
    "database_id",
    "disease_name",
    "qualifier",
    "hpo_id",
    "reference",
    "evidence",
    "onset",
    "frequency",
    "sex",
    "modifier",
    "aspect",
    "biocuration",
)
# The middle of the range that HPO gives in the definition of each term.
FREQUENCY_TERMS = {
    "HP:0040280": 1.0,  # obligate, always
    "HP:0040281": 0.895,  # very frequent, 80% to 99%
    "HP:0040282": 0.545,  # frequent, 30% to 79%
    "HP:0040283": 0.17,  # occasional, 5% to 29%
    "HP:0040284": 0.025,  # very rare, 1% to 4%
    "HP:0040285": 0.0,  # excluded, never
}
_DISEASE = re.compile(r"[A-Za-z]+:[0-9]+")
_TERM = re.compile(r"HP:[0-9]{7}")
_RATIO = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]+)?)%")
_VERSION = re.compile(r"#\s*(?:version|date):\s*(\S+)")


class Aspect(enum.StrEnum):
    """What a row is about; the value is the letter in the file."""

    PHENOTYPE = "P"
    INHERITANCE = "I"
    COURSE = "C"
    MODIFIER = "M"
    PAST_HISTORY = "H"


@dataclass(frozen=True, slots=True)
class Row:
    """One statement about a disease. `frequency` is in [0, 1], None where it is not stated.

    `negated` rows say NOT, or that of n examined people none had the sign.
    """

    line: int
    disease_id: str
    disease_name: str
    term_id: str
    negated: bool
    frequency: float | None
    references: str
    onset: str
    aspect: Aspect


@dataclass(frozen=True, slots=True)
class FormatError:
    """A line that cannot be understood."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class AnnotationFile:
    """The release a file says it is of, and its rows in their order."""

    version: str
    rows: tuple[Row, ...]


def read_hpoa(path: Path) -> AnnotationFile:
    """The content of the file; InvalidAnnotations with every format error in it."""
    rows: list[Row] = []
    errors: list[FormatError] = []
    with path.open(encoding="utf-8", errors="replace") as lines:
        numbered = enumerate(lines, start=1)
        version = _read_header(numbered, errors)
        for number, line in [] if errors else numbered:
            try:
                rows.append(_row(number, line))
            except ValueError as error:
                errors.append(FormatError(number, str(error)))
    if not rows and not errors:
        errors.append(FormatError(0, "there are no rows"))
    if errors:
        raise InvalidAnnotations(path, errors)
    return AnnotationFile(version, tuple(rows))


def _read_header(numbered: Iterator[tuple[int, str]], errors: list[FormatError]) -> str:
    """The version; the lines are read up to and with the names of the columns."""
    version = ""
    for number, line in numbered:
        if found := _VERSION.match(line):
            version = found[1]
        if line.startswith("#"):
            continue
        if tuple(line.rstrip("\r\n").split("\t")) != COLUMNS:
            message = f"the columns are not {', '.join(COLUMNS)}"
            errors.append(FormatError(number, message))
        if not version:
            errors.append(FormatError(number, "no '#version:' line stands above"))
        return version
    errors.append(FormatError(0, "there is no line with the names of the columns"))
    return version


def _row(number: int, line: str) -> Row:
    """The row in a line; ValueError with the first thing that is wrong."""
    cells = line.rstrip("\r\n").split("\t")
    if len(cells) != len(COLUMNS):
        raise ValueError(f"it has {len(cells)} columns, not {len(COLUMNS)}")
    disease_id, name, qualifier, term_id, references, _, onset, frequency = cells[:8]
    _require(_DISEASE, disease_id, "a disease id such as OMIM:154700")
    _require(_TERM, term_id, "an HPO id such as HP:0001250")
    if onset:
        _require(_TERM, onset, "an HPO onset such as HP:0003577")
    if qualifier not in ("", "NOT"):
        raise ValueError(f"{qualifier!r} is neither empty nor NOT")
    share = parse_frequency(frequency)
    return Row(
        line=number,
        disease_id=disease_id,
        disease_name=name,
        term_id=term_id,
        negated=qualifier == "NOT" or share == 0.0,
        frequency=share,
        references=references,
        onset=onset,
        aspect=Aspect(cells[10]),
    )


def _require(pattern: re.Pattern[str], text: str, meaning: str) -> None:
    if not pattern.fullmatch(text):
        raise ValueError(f"{text!r} is not {meaning}")


def parse_frequency(text: str) -> float | None:
    """A frequency written as n/m, as a percentage or as an HPO term, in [0, 1].

    Empty means not stated and gives None. ValueError for anything else.
    """
    if not text:
        return None
    if text in FREQUENCY_TERMS:
        return FREQUENCY_TERMS[text]
    share = -1.0
    if found := _RATIO.fullmatch(text):
        affected, examined = int(found[1]), int(found[2])
        share = affected / examined if examined else -1.0
    elif found := _PERCENT.fullmatch(text):
        share = float(found[1]) / 100
    if not 0 <= share <= 1:
        raise ValueError(f"{text!r} is not a frequency such as 3/7, 40% or HP:0040281")
    return share
