"""What the columns of a table hold: guessed from headers and cells, or as a mapping says."""

from __future__ import annotations

import difflib
import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matcher.errors import BadMapping
from matcher.readers.identifiers import hpo_id, is_hpo_id
from matcher.readers.tables.text import Table

# From here on a likeness of names is worth offering.
_CLOSE = 0.75
_EXAMINED = 50
_HPO = re.compile(r"HP[:_]\d{7}", re.IGNORECASE)


class Role(enum.StrEnum):
    """What a column holds. Of a term's own column the header names the term."""

    CASE_ID = "case id"
    OBSERVED = "observed features"
    EXCLUDED = "excluded features"
    PRESENCE = "whether observed"
    TERM = "one term, present or not"
    FEATURE_ONSET = "onset of the feature"
    GENES = "genes"
    VARIANTS = "variants"
    ZYGOSITY = "zygosity"
    SEX = "sex"
    AGE = "age"
    ONSET = "onset of the disorder"
    DIAGNOSIS = "final diagnosis"
    CANDIDATE = "candidate diagnosis"
    INHERITANCE = "inheritance"
    FAMILY = "family"
    LABEL = "name at the site"
    IGNORED = "nothing, leave it out"


_NAMES: Mapping[Role, str] = {
    Role.CASE_ID: "case id|case|id|patient id|patient|proband|proband id|individual|individual id"
    "|sample|sample id|subject|subject id|record id|external id|indiv id|study id",
    Role.OBSERVED: "features|feature|observed|observed features|phenotype|phenotypes|hpo|hpo id"
    "|hpo ids|hpo term|hpo terms|hpo present|terms|term|symptoms|symptom|clinical features"
    "|findings|finding|present|phenotypic features|term id|positive|hpo code|hpo codes",
    Role.EXCLUDED: "excluded|excluded features|absent|not observed|negative|hpo absent"
    "|hpo excluded|negated|absent features|excluded terms|negative features|not present",
    Role.PRESENCE: "status|presence|is observed|observed yes no|present absent|affected|excluded yn"
    "|feature status|hpo status|observation",
    Role.FEATURE_ONSET: "feature onset|onset of feature|hpo onset|term onset",
    Role.GENES: "gene|genes|candidate gene|candidate genes|gene symbol|gene symbols|hgnc"
    "|symbol|hgnc id|causal gene|genotype gene",
    Role.VARIANTS: "variant|variants|hgvs|mutation|mutations|cdna|c hgvs|hgvs c|genotype",
    Role.ZYGOSITY: "zygosity|allelic state|allele state",
    Role.SEX: "sex|gender|karyotypic sex",
    Role.AGE: "age|age years|current age|age at last visit|age at last encounter|age months"
    "|age in years|age in months|age at exam|age at examination",
    Role.ONSET: "onset|age of onset|age at onset|disease onset|onset age",
    Role.DIAGNOSIS: "diagnosis|diagnoses|disease|disease id|omim|orphanet|orpha|final diagnosis"
    "|disorder|disorders|diagnosis id|confirmed diagnosis|mondo",
    Role.CANDIDATE: "candidate diagnosis|suspected diagnosis|differential diagnosis|suspected"
    "|working diagnosis|candidate disease",
    Role.INHERITANCE: "inheritance|mode of inheritance|moi|inheritance mode",
    Role.FAMILY: "family|family id|fam id|pedigree|pedigree id|kindred",
    Role.LABEL: "label|name at site|local name|alias|code",
}
# Nobody's name, number or birthday is ever taken, whatever a likeness of words would say.
_PRIVATE = frozenset(
    "name|first name|last name|surname|given name|family name|patient name|birthdate|birth date"
    "|date of birth|dob|mrn|address|phone|email|e mail|postcode|zip".split("|")
)
_ONE_EACH = frozenset(
    {Role.CASE_ID, Role.SEX, Role.AGE, Role.ONSET, Role.FAMILY, Role.PRESENCE}
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column, what it holds, and how sure that is in [0, 1]; a mapping is sure."""

    name: str
    role: Role
    score: float = 1.0


def guessed_columns(table: Table) -> tuple[Column, ...]:
    """What each column may hold, to be confirmed; of two for one role the likelier has it."""
    found = [_guessed(table, place) for place in range(len(table.header))]
    for role in _ONE_EACH:
        rivals = [i for i, column in enumerate(found) if column.role is role]
        best = max(rivals, key=lambda i: (found[i].score, -i), default=None)
        for i in rivals:
            if i != best:
                found[i] = Column(found[i].name, Role.IGNORED, 0.0)
    return tuple(found)


def _guessed(table: Table, place: int) -> Column:
    name = table.header[place]
    words = _words(name)
    if _HPO.search(name):
        return Column(name, Role.TERM, 0.95)
    if words in _PRIVATE:
        return Column(name, Role.IGNORED, 1.0)
    role, score = max(
        ((role, _likeness(words, names)) for role, names in _NAMES.items()),
        key=lambda each: each[1],
    )
    cells = [row[place] for row in table.rows[:_EXAMINED] if row[place]]
    terms = sum(bool(_HPO.search(cell)) for cell in cells)
    if score < _CLOSE and cells and terms * 2 > len(cells):
        return Column(name, Role.OBSERVED, round(0.9 * terms / len(cells), 2))
    if role is Role.PRESENCE and terms:
        return Column(name, Role.OBSERVED, 0.9)
    return Column(name, role, score) if score >= _CLOSE else _unknown(name, score)


def _unknown(name: str, score: float) -> Column:
    return Column(name, Role.IGNORED, round(1 - score, 2))


def _likeness(words: str, names: str) -> float:
    """How like a header is to one of the names, in [0, 1]."""
    known = names.split("|")
    if words in known:
        return 1.0
    best = max(difflib.SequenceMatcher(None, words, name).ratio() for name in known)
    return round(0.95 * best, 2)


def _words(name: str) -> str:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name[:100])
    return " ".join(re.findall(r"[a-z0-9]+", spaced.casefold()))


def mapped_columns(
    header: Sequence[str], mapping: Mapping[str, str]
) -> tuple[Column, ...]:
    """The columns as a mapping from their names to roles says; raises BadMapping.

    A column that the mapping does not name is left out.
    """
    unknown = [name for name in mapping if name not in header]
    if unknown:
        raise BadMapping(unknown[0], f"a column; there are {', '.join(header[:20])}")
    roles = {role.value: role for role in Role}
    for said in mapping.values():
        if said not in roles:
            raise BadMapping(said, f"what a column holds; there are {', '.join(roles)}")
    found = tuple(
        Column(name, roles[mapping.get(name, Role.IGNORED)]) for name in header
    )
    for role in _ONE_EACH:
        if sum(column.role is role for column in found) > 1:
            raise BadMapping(role, "said of one column only")
    return found


def term_of(column: Column) -> str:
    """The HPO id in the header of a term's own column; empty where it holds none."""
    found = _HPO.search(column.name)
    return hpo_id(found[0]) if found and is_hpo_id(hpo_id(found[0])) else ""
