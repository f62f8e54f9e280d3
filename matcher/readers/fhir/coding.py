"""Which code a FHIR CodeableConcept holds: HPO terms, diseases, genes, and what codes mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from matcher.readers.fields import Fields
from matcher.readers.identifiers import clean_term, disease_id, hpo_id, is_hpo_id

HPO_OID = "2.16.840.1.113883.6.339"
OMIM_OID = "2.16.840.1.113883.6.174"
LOINC, SNOMED = "LOINC", "SNOMEDCT"
_SYSTEMS = (
    ("HP", re.compile(rf"obo/hp\b|hp\.owl|human-phenotype|\bhpo?\b|{HPO_OID}", re.I)),
    ("OMIM", re.compile(rf"\bomim\b|{OMIM_OID}", re.IGNORECASE)),
    ("ORPHA", re.compile(r"orpha|\bordo\b", re.IGNORECASE)),
    ("MONDO", re.compile(r"mondo", re.IGNORECASE)),
    ("HGNC", re.compile(r"genenames|\bhgnc\b", re.IGNORECASE)),
    (LOINC, re.compile(r"\bloinc\b", re.IGNORECASE)),
    (SNOMED, re.compile(r"snomed", re.IGNORECASE)),
    ("RXNORM", re.compile(r"rxnorm", re.IGNORECASE)),
    ("ATC", re.compile(r"\batc\b|whocc", re.IGNORECASE)),
    ("ICD10", re.compile(r"icd-10", re.IGNORECASE)),
)
_DISEASES = ("OMIM", "ORPHA", "MONDO")
_CURIE = re.compile(r"[A-Za-z][\w.]*:\S+")
# Presence as LOINC answers, SNOMED CT, HL7 yes/no and interpretation codes say it.
PRESENCE: Mapping[str, bool] = {
    **dict.fromkeys(
        "la9633-4 52101004 10828004 373066001 410515003 260373001 y yes true pos det present"
        " positive observed detected confirmed la33-6".split(),
        True,
    ),
    **dict.fromkeys(
        "la9634-2 2667000 260385009 373067005 410516002 260415000 n no false neg nd absent"
        " negative excluded refuted la32-8".split(),
        False,
    ),
    "not detected": False,
    "not present": False,
    "not observed": False,
}
# The codes of interpretation alone: N is normal there, and no answer.
INTERPRETATIONS: Mapping[str, bool] = {
    **dict.fromkeys("pos det a aa h hh l ll present positive abnormal".split(), True),
    **dict.fromkeys("neg nd n absent negative normal".split(), False),
}


def vocabulary(system: str) -> str:
    """The prefix of ids of a code system; empty for one that is not known here."""
    return next((name for name, form in _SYSTEMS if form.search(system)), "")


class Concept:
    """A CodeableConcept, or one Coding, with what is asked of its codes."""

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        is_coding = fields.get("code") is not None or fields.get("system") is not None
        has_list = fields.get("coding") is not None
        self._codings = (
            fields.children("coding", most=50)
            if has_list
            else [fields] if is_coding else []
        )

    def __bool__(self) -> bool:
        return bool(self.fields)

    @property
    def words(self) -> str:
        """Its text, or else the display of the first code that has one."""
        text = self.fields.text("text") if self.fields else ""
        shown = (coding.text("display") for coding in self._codings)
        return text or next((each for each in shown if each), "")

    def codes(self) -> Iterator[tuple[str, str, str]]:
        """Vocabulary, code and display of each coding."""
        for coding in self._codings:
            yield (
                vocabulary(coding.text("system")),
                coding.text("code"),
                coding.text("display"),
            )

    def has(self, *wanted: str) -> bool:
        """Whether one of the codes stands in it, in whatever vocabulary."""
        return any(code.casefold() in wanted for _, code, _ in self.codes())

    @property
    def names_hpo(self) -> bool:
        """Whether an HPO term stands in it."""
        return any(
            is_hpo_id(hpo_id(code)) or (name == "HP" and _is_number(code))
            for name, code, _ in self.codes()
        )

    def hpo(self) -> tuple[str, str]:
        """Id and label of its HPO term; both empty where it has none."""
        for name, code, display in self.codes():
            if is_hpo_id(hpo_id(code)):
                return clean_term(code, self.fields.record, self.fields.path), display
            if name == "HP" and _is_number(code):
                term_id = f"HP:{code:0>7}"
                self.fields.record.guessed(
                    self.fields.path, code, f"The number {code} was read as {term_id}."
                )
                return term_id, display
        return "", ""

    def disease(self) -> tuple[str, str]:
        """Id and label of the disease that it names; both empty where it names none."""
        for name, code, display in self.codes():
            if name in _DISEASES and code:
                return disease_id(prefixed(name, code)), display
            if code.upper().startswith(tuple(f"{each}:" for each in _DISEASES)):
                return disease_id(code), display
        return "", ""

    def coded(self) -> tuple[str, str]:
        """Any code with its vocabulary before it, and its label; both empty where it has none."""
        for name, code, display in self.codes():
            if code:
                return prefixed(name, code), display or self.words
        return "", self.words

    def meaning(self, meanings: Mapping[str, bool]) -> bool | None:
        """What its codes or its words say, None where they say neither."""
        said = [code for _, code, _ in self.codes()]
        said += [display for _, _, display in self.codes()] + [self.words]
        found = (meanings.get(each.strip().casefold()) for each in said)
        return next((each for each in found if each is not None), None)


def _is_number(code: str) -> bool:
    return code.isascii() and code.isdigit() and len(code) <= 7


def prefixed(name: str, code: str) -> str:
    """A code with its vocabulary before it, once."""
    if not name or _CURIE.fullmatch(code) and code.upper().startswith(f"{name}:"):
        return code
    bare = code.split(":")[-1] if code.upper().startswith(("ORPHA", "MIM")) else code
    return f"{name}:{bare}"


def concept(owner: Fields, name: str) -> Concept:
    """The concept at a name; an empty one where there is none."""
    return Concept(owner.child(name))


def concepts(owner: Fields, name: str) -> list[Concept]:
    """The concepts in the list at a name; one that stands there alone counts as a list."""
    if isinstance(owner.get(name), dict):
        return [concept(owner, name)]
    return [Concept(each) for each in owner.children(name, most=50)]
