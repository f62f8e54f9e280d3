"""What of a word counts when a clinician's words are compared with those of an ontology."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# A letter may be followed by its accents as code points of their own.
_LETTERS = r"(?:[^\W_][\u0300-\u036f]*)+"
_WORD = re.compile(rf"{_LETTERS}(?:['’]{_LETTERS})*")
_STOP_WORDS = frozenset(
    "a an and at by for from has have he his her in is it its of on or she some the their "
    "there to was with".split()
)
_DIPHTHONG = re.compile(r"ae(?!s?$)|oe(?!s?$|n)")
_SPELLINGS = (("our", "or"), ("'s", ""), ("’s", ""))
_IRREGULAR = {
    "feet": "foot",
    "teeth": "tooth",
    "testes": "testis",
    "phalanges": "phalanx",
    "children": "child",
    "lens": "lens",
    "lenses": "lens",
    "irides": "iris",
    "1st": "first",
    "2nd": "second",
    "3rd": "third",
    "4th": "fourth",
    "5th": "fifth",
}
_PLURALS = (
    (re.compile(r"(?<=..)ies$"), "y"),
    (re.compile(r"(?<=...)ae$"), "a"),
    (re.compile(r"(?<=[oeyi])ses$"), "sis"),
    (re.compile(r"(?<=..)(ss|x|ch|sh)es$"), r"\1"),
    (re.compile(r"(?<=...)nges$"), "nx"),
    (re.compile(r"(?<=[^aeiou]..)omata$"), "oma"),
    (re.compile(r"(?<=nev)i$"), "us"),
    (re.compile(r"(?<=..[^sui])s$"), ""),
)
_ENDINGS = re.compile(
    r"(?:(?<=...)(?:ification|ified|ability|ibility|istic|ement|ation|ature|ening|ened|ivity|"
    r"atous|ticity|able|ible|ency|ance|ence|ent|ness|ment|ism)|"
    r"(?<=....)(?:ial|ing|ity|ive|ion|ant|sis|tic|iac|ous|ed|al|at|ic|ia|(?<!y)ly|us|um|sy))$"
)
_LAST_LETTER = re.compile(r"(?<=...)(?:[ae]+|(?<=[^aeiou])y)$")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text, folded, and where it stands: [start, end) in code points."""

    text: str
    start: int
    end: int


def words(text: str) -> list[Word]:
    """The words of `text` in order, folded; hyphens separate words."""
    return [Word(fold(m[0]), *m.span()) for m in _WORD.finditer(text)]


class Spellings(dict[str, str]):
    """Words folded and singular, each worked out once, for who has many texts to take apart."""

    def __missing__(self, word: str) -> str:
        self[word] = singular(fold(word))
        return self[word]


def content(text: str, spellings: Spellings | None = None) -> list[str]:
    """The folded singular words that carry meaning; all of them where none seems to."""
    known = Spellings() if spellings is None else spellings
    written = _WORD.findall(text)
    found = [known[word] for word in written]
    kept = [
        known[word]
        for position, word in enumerate(written)
        # "Hemoglobin A" is not "a hemoglobin".
        if known[word] not in _STOP_WORDS or (word == "A" and position)
    ]
    return kept or found


def is_stop_word(word: str) -> bool:
    """Whether a folded word carries no meaning of its own."""
    return word in _STOP_WORDS


def fold(word: str) -> str:
    """The word without case and accents, in one spelling for both sides of the Atlantic."""
    if not word.isascii():
        decomposed = unicodedata.normalize("NFKD", word)
        word = "".join(c for c in decomposed if not unicodedata.combining(c))
    word = word.casefold()
    if "e" in word:
        word = _DIPHTHONG.sub("e", word)
    for spelling, folded in _SPELLINGS:
        word = word.replace(spelling, folded)
    return word


def singular(word: str) -> str:
    """The folded word in the singular, as far as endings tell."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith(("s", "i", "a", "e")) and len(word) > 3:
        for ending, replacement in _PLURALS:
            changed, count = ending.subn(replacement, word)
            if count:
                return changed
    return word


def root(word: str) -> str:
    """What adjective, noun and participle share: ataxic, ataxia -> atax; delayed -> delay."""
    for _ in range(2):
        word = _ENDINGS.sub("", word)
    return _LAST_LETTER.sub("", word)
