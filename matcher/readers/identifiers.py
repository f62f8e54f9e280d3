"""How ids of HPO terms, diseases, taxa and publications are written, in one shape each.

Only the shape is mended here. What an id means is asked of a release, at matching.
"""

from __future__ import annotations

import re

from matcher.errors import MalformedCase
from matcher.readers.report import CaseRecord

MAX_CASE_ID = 255
# What would be right, in words for who sends it.
TERM_FORM = "HP: and seven digits"
DISEASE_FORM = "MIM: or Orphanet: and a number"

_HPO = re.compile(r"(?:.*/)?HP[:_ ]?\s*(\d{7})(?:\s*[!|].*)?", re.IGNORECASE)
_OMIM = re.compile(r"(?:(?:O?MIM)[:_ ]\s*|#\s*|%\s*|\+\s*|\*\s*)(\d{6})", re.I)
_ORPHA = re.compile(r"(?:orphanet|orpha|ordo)(?::orphanet)?[:_ ]\s*(\d{1,7})", re.I)
_MONDO = re.compile(r"mondo[:_ ]\s*(\d{7})", re.IGNORECASE)
_IRI_TAIL = re.compile(r"https?://\S*[/#]([^/#\s]+)", re.IGNORECASE)
_PMID = re.compile(
    r"(?:PMID[:_ ]\s*|https?://[a-z.]*ncbi\.nlm\.nih\.gov/(?:pubmed/)?)(\d{1,9})(?!\d)",
    re.IGNORECASE,
)


def checked_id(case_id: str, what: str) -> str:
    """The id of a case; MalformedCase for none, an endless or an unprintable one.

    A line break, a control or a format character would let an id look like another, or break
    the line or the terminal that it is written to.
    """
    if not case_id:
        raise MalformedCase(
            f"The {what} has no id", "give each an 'id' that is text or a number"
        )
    if len(case_id) > MAX_CASE_ID:
        raise MalformedCase(
            f"The id of the {what} has {len(case_id):,} characters",
            f"an id has at most {MAX_CASE_ID}",
        )
    if not case_id.isprintable():
        raise MalformedCase(
            f"The id {case_id!r} of the {what} holds a character that cannot be printed",
            "an id has letters, digits, signs and plain blanks only",
        )
    return case_id


def is_hpo_id(text: str) -> bool:
    """Whether the text is an HPO id exactly as it should be."""
    return (
        len(text) == 10
        and text.startswith("HP:")
        and text[3:].isdigit()
        and text.isascii()
    )


def hpo_id(text: str) -> str:
    """`hp_0001250`, an IRI, `HP:0001250 ! Seizure` as `HP:0001250`; else the text as it is."""
    if is_hpo_id(text):
        return text
    match = _HPO.fullmatch(text.strip())
    return f"HP:{match[1]}" if match and match[1].isascii() else text.strip()


def disease_id(text: str) -> str:
    """A disease id as `OMIM:`, `ORPHA:` or `MONDO:`; else the text as it is.

    Six digits alone are taken for an OMIM number: no other catalogue is quoted that way.
    """
    entered = text.strip()
    iri = _IRI_TAIL.fullmatch(entered)
    short = iri[1] if iri else entered
    if iri and "omim.org" in entered.lower():
        short = f"OMIM:{short}"
    for pattern, prefix in ((_OMIM, "OMIM"), (_ORPHA, "ORPHA"), (_MONDO, "MONDO")):
        match = pattern.fullmatch(short)
        if match:
            return f"{prefix}:{match[1]}"
    return f"OMIM:{short}" if is_bare_omim(short) else entered


def is_bare_omim(text: str) -> bool:
    """Whether a disease id is only six digits, so that its catalogue is a guess."""
    entered = text.strip()
    return len(entered) == 6 and entered.isascii() and entered.isdigit()


def clean_term(entered: str, record: CaseRecord, field: str) -> str:
    """An HPO id in its one shape; the report tells where that changed what was entered."""
    if is_hpo_id(entered):
        return entered
    term_id = hpo_id(entered)
    if term_id != entered:
        record.changed(field, entered, f"{entered!r} was read as {term_id}.")
    return term_id


def clean_disease(entered: str, record: CaseRecord, field: str, place: str = "") -> str:
    """A disease id in its one shape; the report tells where its catalogue was guessed."""
    found = disease_id(entered)
    if is_bare_omim(entered):
        record.guessed(
            field,
            entered,
            f"The disease {entered!r} was read as {found}.",
            place=place,
            right=DISEASE_FORM,
        )
    return found


def taxon_id(text: str) -> str:
    """A species as `NCBITaxon:9606`; else the text as it is."""
    match = re.fullmatch(
        r"(?:(?:ncbi)?taxon(?:omy)?[:_]\s*)?(\d{1,7})", text.strip(), re.I
    )
    return f"NCBITaxon:{match[1]}" if match else text.strip()


def pmid(text: str) -> str | None:
    """A publication as `PMID:123`, from an id or a PubMed address; None for any other."""
    match = _PMID.search(text)
    return f"PMID:{int(match[1])}" if match else None
