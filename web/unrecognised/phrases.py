"""What of a feature that is no term may be kept: its id and its words, and nothing of a person.

Free text may hold anything. What looks like a name, a date, a number of somebody or an address is
not kept at all; the rest is kept readable only once several patients have it.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from matcher.case import PhenotypicFeature
from matcher.readers.guesses import folded
from ontologies import Release
from ontologies.lookup import TermLookup
from ontologies.words.folding import content

SHORTEST = 3
LONGEST = 80
MOST_WORDS = 10
# The vocabularies that say what a person has. An id of any other may be the number of somebody.
VOCABULARIES = frozenset(
    "HP SNOMED SNOMEDCT SCTID UMLS MESH ICD9 ICD9CM ICD10 ICD10CM ICD10GM ICD11 NCIT MEDDRA MP "
    "OMIM MIM ORPHA ORPHANET MONDO DOID EFO LOINC LDDB POSSUM PATO UBERON GO".split()
)
# With a figure: what has none is a word, or the name of somebody.
_CODE = re.compile(
    r"([A-Za-z][A-Za-z0-9]{0,11})[:_]\s?(?=\S*\d)([A-Za-z0-9](?:[A-Za-z0-9.]{0,13}))"
)
_OTHER_CODE = re.compile(r"[^\s:]+:\S*|\S*\d{3,}\S*")
_MARKS = frozenset(" -–'’(),/")
# Letters and accents that nobody sees, so that something could be hidden among the others.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
MOST_ACCENTS = 3
# A number of more than two figures, or several numbers beside each other, as in a date.
_NUMBERS = re.compile(r"\d{3}|\d\W{0,3}\d\W{1,3}\d|\d\W{1,3}\d\W{0,3}\d")
_OF_A_PERSON = frozenset(
    "mr mrs ms miss mme dr prof herr frau fru monsieur madame patient patients name named née nee "
    "dob born birthday mrn nhs ssn".split()
)
_MONTHS = frozenset(
    "jan january feb february mar march apr april jun june jul july aug august sep sept september "
    "oct october nov november dec december".split()
)


class Unfit(enum.StrEnum):
    """Why something is not kept."""

    LENGTH = f"not {SHORTEST} to {LONGEST} characters, or more than {MOST_WORDS} words"
    MARKS = "signs that no name of a feature has"
    NUMBERS = "looks like a date or a number of somebody"
    NAMES = "may name a person"
    CODE = "an id of a vocabulary that is not known to describe patients"


@dataclass(frozen=True, slots=True)
class Phrase:
    """What came in place of a term: an id that stands for none, words, or both."""

    code: str
    words: str

    @property
    def key(self) -> str:
        """The same for the same id and words in another case or with other blanks."""
        return f"{self.code.upper()}|{folded(self.words)}"


IsWord = Callable[[str], bool]


def vocabulary_of(lookup: TermLookup) -> IsWord:
    """Whether a word stands in some name of a term."""

    def is_word(word: str) -> bool:
        numbers = (lookup.index.number_of(each) for each in content(word))
        return any(number is not None for number in numbers)

    return is_word


def phrases_of(
    features: Iterable[PhenotypicFeature],
    uncoded: Iterable[str],
    release: Release,
    is_word: IsWord,
) -> Iterator[Phrase | Unfit]:
    """What of these features, and of features in words alone, stands for no term of the release."""
    resolve = release.ontology.resolve
    for feature in features:
        if resolve(feature.term_id).term_id is None:
            yield fit(feature.term_id, feature.label, is_word)
    for words in uncoded:
        yield fit("", words, is_word)


def fit(entered: str, label: str, is_word: IsWord) -> Phrase | Unfit:
    """The phrase of an id and a label as they came, or why nothing of it may be kept.

    What stands where an id belongs may be words. Of an id with words that may not be kept, the
    id alone is.
    """
    code = _code(entered)
    is_words = not code and not _OTHER_CODE.fullmatch(entered.strip())
    text = unicodedata.normalize("NFC", label.strip() or (entered if is_words else ""))
    words = " ".join(text.split())
    unfit = _unfit(words, is_word)
    if unfit is None:
        return Phrase(code, words)
    if code:
        return Phrase(code, "")
    return unfit if words else Unfit.CODE


def _code(entered: str) -> str:
    """The id as it came, if it is one of a vocabulary of what people have; else ""."""
    found = _CODE.fullmatch(entered.strip())
    return entered.strip() if found and found[1].upper() in VOCABULARIES else ""


def _unfit(words: str, is_word: IsWord) -> Unfit | None:
    parts = words.split()
    if not SHORTEST <= len(words) <= LONGEST or len(parts) > MOST_WORDS:
        return Unfit.LENGTH
    if not words[0].isalnum() or not all(map(_is_allowed, words)):
        return Unfit.MARKS
    if _UNSEEN.search(words) or _has_heaped_accents(words):
        return Unfit.MARKS
    said = {part.strip("-–'’(),/").casefold() for part in parts}
    has_number = any(each.isdigit() for each in words)
    if _NUMBERS.search(words) or (has_number and said & _MONTHS):
        return Unfit.NUMBERS
    if said & _OF_A_PERSON or _is_like_a_name(parts, is_word):
        return Unfit.NAMES
    return None


def _is_allowed(sign: str) -> bool:
    kind = unicodedata.category(sign)
    return kind[0] in "LM" or sign in _MARKS or (kind == "Nd" and sign.isascii())


def _has_heaped_accents(words: str) -> bool:
    """Whether a letter has more accents than any script needs."""
    kinds = "".join(unicodedata.category(sign)[0] for sign in words)
    return "M" * (MOST_ACCENTS + 1) in kinds


def _is_like_a_name(parts: list[str], is_word: IsWord) -> bool:
    """Whether all words begin with a capital, as in a name, and not all are in names of terms.

    Some systems write everything in capitals: of more than two such words, none is.
    """
    if len(parts) < 2 or not all(part[:1].isupper() for part in parts):
        return False
    known = sum(map(is_word, parts))
    is_said_loud = len(parts) > 2 and "".join(parts).isupper()
    return known == 0 if is_said_loud else known < len(parts)
