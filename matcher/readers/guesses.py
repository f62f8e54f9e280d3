"""What was written in words and may stand for a coded entry: offered with its score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from matcher.case import Case, Disease, PhenotypicFeature
from matcher.readers.doubts import settled
from matcher.readers.report import CaseRecord

if TYPE_CHECKING:
    from ontologies import Release
    from ontologies.diseases import DiseaseHit
    from ontologies.lookup import TermHit, TermLookup

LONGEST = 200
# A search takes ten milliseconds and more, and a file may hold any number of words.
MOST_SEARCHES = 2_000
_CLOSE_DISEASE = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """Words of a case and the entry that they may mean; the case has it once it is confirmed.

    The score lies in [0, 1]; higher is more alike.
    """

    case_id: str
    field: str
    entered: str
    part: PhenotypicFeature | Disease
    score: float

    @property
    def coded_id(self) -> str:
        """The id of the term or disease that is guessed."""
        part = self.part
        return part.term_id if isinstance(part, PhenotypicFeature) else part.disease_id

    @property
    def key(self) -> str:
        """The same wherever the same words were read as the same entry."""
        return f"{self.coded_id}|{folded(self.entered)}"


def folded(words: str) -> str:
    """Words as they compare: in lower case, with single blanks."""
    return " ".join(words.casefold().split())


class Guesser:
    """Looks words up in a release. Without one, words stand for nothing."""

    def __init__(
        self,
        release: Release | None = None,
        most: int = MOST_SEARCHES,
        *,
        lookup: TermLookup | None = None,
        stand_for: Mapping[str, str] | None = None,
    ) -> None:
        """At most so many different words are looked up; labels of terms do not count.

        A site has a `lookup` of its own, and terms that folded words `stand_for`, by decision of
        its curators; of both only those count that the release knows.
        """
        self._release = release
        self._most = most
        self._lookup = lookup or (release.lookup if release else None)
        self._stand_for = stand_for or {}
        self._terms: dict[str, TermHit | None] = {}
        self._diseases: dict[str, DiseaseHit | None] = {}
        self.guesses: list[Guess] = []

    def is_name(self, words: str) -> bool:
        """Whether the words as a whole are a name of an HPO term."""
        hit = self._term(words)
        return hit is not None and hit.matched.casefold() == words.strip().casefold()

    def _term(self, words: str) -> TermHit | None:
        """The term most like the words; None also once too many were looked up."""
        key = words.strip()[:LONGEST]
        if key.casefold() in self._labels:
            return self._labels[key.casefold()]
        if decided := self._decided(key):
            return decided
        if key not in self._terms and self._lookup and self._may_search():
            hits = self._lookup.search(key, 1)
            self._terms[key] = hits[0] if hits and hits[0].is_close else None
        return self._terms.get(key)

    def _decided(self, words: str) -> TermHit | None:
        """The term that the curators of the site let the words stand for."""
        chosen = self._stand_for.get(folded(words))
        if self._release is None or chosen is None:
            return None
        ontology = self._release.ontology
        term_id = ontology.resolve(chosen).term_id
        return self._labels.get(ontology.label(term_id).casefold()) if term_id else None

    @cached_property
    def _labels(self) -> dict[str, TermHit]:
        """The phenotypic terms by their labels, as if each had been looked up."""
        if self._release is None:
            return {}
        from ontologies.lookup import TermHit  # who has a release has it loaded anyway

        ontology = self._release.ontology
        named = ((i, ontology.label(i)) for i in ontology.term_ids)
        return {
            label.casefold(): TermHit(term_id, label, label, 1.0, ())
            for term_id, label in named
            if ontology.is_phenotype(term_id)
        }

    def _disease(self, words: str) -> DiseaseHit | None:
        key = words.strip()[:LONGEST]
        if key not in self._diseases and self._release and self._may_search():
            hits = self._release.diseases.search(key, 1)
            is_close = bool(hits) and hits[0].score >= _CLOSE_DISEASE
            self._diseases[key] = hits[0] if is_close else None
        return self._diseases.get(key)

    def _may_search(self) -> bool:
        return len(self._terms) + len(self._diseases) < self._most

    def feature(
        self, record: CaseRecord, field: str, entered: str, like: PhenotypicFeature
    ) -> PhenotypicFeature | None:
        """`like` with the term whose label was written; else None, and the best guess is kept."""
        words = entered.strip()[:LONGEST]
        hit = self._term(words)
        if hit is None:
            if self._release is None or self._may_search():
                record.uncoded(words)
            self._drop(
                record, field, entered, "no HPO id, and like the name of no HPO term"
            )
            return None
        found = replace(like, term_id=hit.term_id, label=hit.label)
        if hit.label.casefold() == words.casefold():
            record.changed(field, entered, f"{entered!r} was read as {hit.term_id}.")
            return found
        if not self.is_name(words):
            record.uncoded(words)
        self._keep(record, field, entered, found, hit.label, hit.score)
        return None

    def disease(
        self, record: CaseRecord, field: str, entered: str, like: Disease
    ) -> Disease | None:
        """The same for the name of a disease."""
        words = entered.strip()[:LONGEST]
        hit = self._disease(words)
        if hit is None:
            self._drop(
                record, field, entered, "no disease id, and like no disease's name"
            )
            return None
        found = replace(like, disease_id=hit.disease_id, label=hit.label)
        if hit.label.casefold() == words.casefold():
            record.changed(field, entered, f"{entered!r} was read as {hit.disease_id}.")
            return found
        self._keep(record, field, entered, found, hit.label, min(hit.score, 1.0))
        return None

    def _keep(
        self,
        record: CaseRecord,
        field: str,
        entered: str,
        part: PhenotypicFeature | Disease,
        label: str,
        score: float,
    ) -> None:
        guess = Guess(
            case_id=record.case_id,
            field=field,
            entered=entered[:LONGEST],
            part=part,
            score=score,
        )
        self.guesses.append(guess)
        record.guessed(
            field,
            entered,
            f"{entered[:LONGEST]!r} may be {label} ({guess.coded_id}), likeness {score:.2f}; "
            "it enters the case only when confirmed.",
        )

    def _drop(self, record: CaseRecord, field: str, entered: str, what: str) -> None:
        if not self._may_search():
            what = f"no id, and {self._most:,} different words were looked up already"
        record.dropped(
            field, entered, f"{entered[:LONGEST]!r} is {what}; it was left out."
        )


def with_guesses(case: Case, guesses: Iterable[Guess]) -> Case:
    """The case with those of the guesses that are about it; what it has already stays."""
    features = {feature.term_id: feature for feature in case.features}
    diseases = {disease.disease_id: disease for disease in case.diseases}
    for guess in guesses:
        if guess.case_id != case.case_id:
            continue
        if isinstance(guess.part, PhenotypicFeature):
            features.setdefault(guess.coded_id, guess.part)
        else:
            diseases.setdefault(guess.coded_id, guess.part)
    added = len(features) > len({f.term_id for f in case.features})
    completed = replace(
        case,
        features=tuple(features.values()) if added else case.features,
        diseases=(
            tuple(diseases.values())
            if len(diseases) > len({d.disease_id for d in case.diseases})
            else case.diseases
        ),
    )
    return settled(completed)
