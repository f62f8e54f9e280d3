"""What may be wrong with a case: one rule that is not met, and the sentence that says so."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Severity(enum.StrEnum):
    """How much an issue matters.

    ERROR: the case cannot be true as it stands, or holds nothing to match. WARNING: something
    stated does not count. NOTE: it counts, and is worth knowing.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Rule(enum.StrEnum):
    """Which rule an issue is about."""

    NOTHING_TO_MATCH = "nothing-to-match"
    FEW_TERMS = "few-terms"
    UNKNOWN_TERM = "unknown-term"
    MALFORMED_TERM = "malformed-term"
    OBSOLETE_TERM = "obsolete-term"
    AMBIGUOUS_TERM = "ambiguous-term"
    REPLACED_TERM = "replaced-term"
    WRONG_BRANCH = "wrong-branch"
    REPEATED_TERM = "repeated-term"
    IMPLIED_TERM = "implied-term"
    CONTRADICTION = "contradiction"
    UNKNOWN_GENE = "unknown-gene"
    AMBIGUOUS_GENE = "ambiguous-gene"
    RENAMED_GENE = "renamed-gene"
    DISEASE_ID = "disease-id"
    UNKNOWN_DISEASE = "unknown-disease"
    IMPOSSIBLE_AGE = "impossible-age"
    POSITION = "position"
    ASSEMBLY = "assembly"
    ALLELE = "allele"
    SPECIES = "species"
    NO_CONTACT = "no-contact"


@dataclass(frozen=True, slots=True)
class Issue:
    """One rule that a case does not meet. The message names the value and what would be right."""

    severity: Severity
    rule: Rule
    field: str
    message: str
