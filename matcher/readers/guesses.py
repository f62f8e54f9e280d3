"""What was written in words and may stand for a coded entry: offered with its score."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from matcher.case import Case, Disease, PhenotypicFeature
from matcher.readers.report import CaseRecord

if TYPE_CHECKING:
    from ontologies import Release

LONGEST = 200
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
        return f"{self.coded_id}|{' '.join(self.entered.casefold().split())}"


class Guesser:
    """Looks words up in a release. Without one, words stand for nothing."""

    def __init__(self, release: Release | None = None) -> None:
        self._release = release
        self.guesses: list[Guess] = []

    def is_name(self, words: str) -> bool:
        """Whether the words as a whole are a name of an HPO term."""
        hits = self._release.lookup.search(words[:LONGEST], 1) if self._release else []
        return bool(hits) and hits[0].matched.casefold() == words.strip().casefold()

    def feature(
        self, record: CaseRecord, field: str, entered: str, like: PhenotypicFeature
    ) -> PhenotypicFeature | None:
        """`like` with the term whose label was written; else None, and the best guess is kept."""
        words = entered.strip()[:LONGEST]
        hits = self._release.lookup.search(words, 1) if self._release else []
        if not hits or not hits[0].is_close:
            _drop(record, field, entered, "no HPO id, and like the name of no HPO term")
            return None
        hit = hits[0]
        found = replace(like, term_id=hit.term_id, label=hit.label)
        if hit.label.casefold() == words.casefold():
            record.changed(field, entered, f"{entered!r} was read as {hit.term_id}.")
            return found
        self._keep(record, field, entered, found, hit.label, hit.score)
        return None

    def disease(
        self, record: CaseRecord, field: str, entered: str, like: Disease
    ) -> Disease | None:
        """The same for the name of a disease."""
        words = entered.strip()[:LONGEST]
        hits = self._release.diseases.search(words, 1) if self._release else []
        if not hits or hits[0].score < _CLOSE_DISEASE:
            _drop(record, field, entered, "no disease id, and like no disease's name")
            return None
        hit = hits[0]
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
    return replace(
        case,
        features=tuple(features.values()) if added else case.features,
        diseases=(
            tuple(diseases.values())
            if len(diseases) > len({d.disease_id for d in case.diseases})
            else case.diseases
        ),
    )


def _drop(record: CaseRecord, field: str, entered: str, what: str) -> None:
    record.dropped(field, entered, f"{entered[:LONGEST]!r} is {what}; it was left out.")
