"""Rules over the terms of a case: what each is, and whether they can be true together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from matcher.case import Case, PhenotypicFeature
from matcher.validation.issues import Issue, Rule, Severity
from matcher.placement import INHERITANCE, ONSET

if TYPE_CHECKING:
    from ontologies import Ontology
    from ontologies.ontology import Resolution

_LISTED = 5


class TermRules:
    """The rules for one ontology. Ancestors are looked up once for many cases."""

    def __init__(self, ontology: Ontology) -> None:
        self._ontology = ontology
        self._ancestors: dict[str, frozenset[str]] = {}

    def check(self, case: Case) -> Iterator[Issue]:
        """Everything about the terms of a case: features, then inheritance and onset."""
        observed = self.usable(f for f in case.features if not f.excluded)
        excluded = self.usable(f for f in case.features if f.excluded)
        entered = [feature.term_id for feature in case.features]
        for term_id in dict.fromkeys(entered):
            yield from self._resolution(term_id, "features")
            yield from self._feature_branch(term_id)
        yield from self._repeated(observed, "observed")
        yield from self._repeated(excluded, "excluded")
        yield from self._contradictions(case)
        yield from self._implied_observed(set(observed))
        yield from self._implied_excluded(set(excluded))
        for mode in case.inheritance:
            yield from self._belongs(mode, "inheritance", INHERITANCE)
        yield from self._onsets(case)

    def usable(self, features: Iterable[PhenotypicFeature]) -> list[str]:
        """The live phenotype terms that features stand for, in their order."""
        ids = (self._ontology.resolve(f.term_id).term_id for f in features)
        return [i for i in ids if i and self._ontology.is_phenotype(i)]

    def _resolution(self, entered: str, field: str) -> Iterator[Issue]:
        resolution = self._ontology.resolve(entered)
        problem = self._problem(resolution)
        if problem:
            severity, rule, message = problem
            yield Issue(severity, rule, field, message)

    def _problem(self, found: Resolution) -> tuple[Severity, Rule, str] | None:
        entered, version = found.entered, self._ontology.version
        choices = self._listed(found.candidates)
        match found.status.value:
            case "unknown":
                return (
                    Severity.WARNING,
                    Rule.UNKNOWN_TERM,
                    f"{entered!r} is not a term of HPO {version} and does not count; "
                    "correct the id, or update the ontology.",
                )
            case "malformed":
                return (
                    Severity.WARNING,
                    Rule.MALFORMED_TERM,
                    f"{entered!r} is not an HPO id and does not count; "
                    "an id looks like HP:0001250.",
                )
            case "obsolete":
                advice = f"consider {choices}" if choices else "choose another term"
                return (
                    Severity.WARNING,
                    Rule.OBSOLETE_TERM,
                    f"{entered} is obsolete without a successor and does not count; {advice}.",
                )
            case "ambiguous":
                return (
                    Severity.WARNING,
                    Rule.AMBIGUOUS_TERM,
                    f"{entered} was split and does not count; choose {choices}.",
                )
            case "alternative" | "replaced":
                return (
                    Severity.NOTE,
                    Rule.REPLACED_TERM,
                    f"{entered} is an earlier id and counts as {choices}.",
                )
        return None

    def _listed(self, term_ids: Iterable[str]) -> str:
        named = [self._named(term_id) for term_id in term_ids]
        rest = len(named) - _LISTED
        return ", ".join(named[:_LISTED]) + (f" and {rest} more" if rest > 0 else "")

    def _named(self, term_id: str) -> str:
        return f"{term_id} ({self._ontology.label(term_id)})"

    def _feature_branch(self, entered: str) -> Iterator[Issue]:
        term_id = self._ontology.resolve(entered).term_id
        if term_id is None or self._ontology.is_phenotype(term_id):
            return
        branch = self._ontology.branch(term_id)
        named = self._named(term_id)
        if branch in (INHERITANCE, ONSET):
            place = "inheritance" if branch == INHERITANCE else "the age of onset"
            severity = Severity.NOTE
            message = f"{named} stands among the features and counts as {place}."
        else:
            severity = Severity.WARNING
            message = (
                f"{named} is no phenotypic abnormality and does not count among the "
                "features; choose a term below HP:0000118."
            )
        yield Issue(severity, Rule.WRONG_BRANCH, "features", message)

    def _repeated(self, term_ids: list[str], how: str) -> Iterator[Issue]:
        for term_id, number in Counter(term_ids).items():
            if number > 1:
                message = (
                    f"{self._named(term_id)} is {how} {number} times and counts once."
                )
                yield Issue(Severity.NOTE, Rule.REPEATED_TERM, "features", message)

    def _contradictions(self, case: Case) -> Iterator[Issue]:
        """What is observed and excluded at once; an observed term implies its ancestors.

        Features with an onset may differ because they tell of different ages.
        """
        excluded = self._with_onset(f for f in case.features if f.excluded)
        observed = self._with_onset(f for f in case.features if not f.excluded)
        for term_id, aged in observed.items():
            for denied in sorted(self.ancestors(term_id) & excluded.keys()):
                if aged or excluded[denied]:
                    severity = Severity.WARNING
                    advice = "check whether they tell of different ages"
                else:
                    severity = Severity.ERROR
                    advice = "remove one of them"
                message = f"{self._named(term_id)} is both observed and excluded"
                if denied != term_id:
                    message = (
                        f"{self._named(term_id)} is observed, but {self._named(denied)}, "
                        "which it is a kind of, is excluded"
                    )
                yield Issue(
                    severity, Rule.CONTRADICTION, "features", f"{message}; {advice}."
                )

    def _with_onset(self, features: Iterable[PhenotypicFeature]) -> dict[str, bool]:
        """The usable terms, each with whether every statement of it has an onset."""
        found: dict[str, bool] = {}
        for feature in features:
            for term_id in self.usable([feature]):
                aged = feature.onset is not None
                found[term_id] = found.get(term_id, True) and aged
        return found

    def _implied_observed(self, observed: set[str]) -> Iterator[Issue]:
        implied = (
            (broader, term_id)
            for term_id in sorted(observed)
            for broader in sorted(self.ancestors(term_id) & observed)
            if broader != term_id
        )
        for broader, term_id in dict(implied).items():
            message = (
                f"{self._named(broader)} is implied by {self._named(term_id)} "
                "and adds nothing."
            )
            yield Issue(Severity.NOTE, Rule.IMPLIED_TERM, "features", message)

    def _implied_excluded(self, excluded: set[str]) -> Iterator[Issue]:
        for term_id in sorted(excluded):
            broader = sorted((self.ancestors(term_id) & excluded) - {term_id})
            if broader:
                message = (
                    f"Excluding {self._named(term_id)} is implied by excluding "
                    f"{self._named(broader[0])} and adds nothing."
                )
                yield Issue(Severity.NOTE, Rule.IMPLIED_TERM, "features", message)

    def ancestors(self, term_id: str) -> frozenset[str]:
        """The ancestors of a live term, itself included."""
        found = self._ancestors.get(term_id)
        if found is None:
            found = self._ancestors[term_id] = self._ontology.ancestors(term_id)
        return found

    def _belongs(self, entered: str, field: str, top: str) -> Iterator[Issue]:
        yield from self._resolution(entered, field)
        term_id = self._ontology.resolve(entered).term_id
        if term_id and top not in self.ancestors(term_id):
            message = (
                f"{self._named(term_id)} does not count as {field}; "
                f"choose a term below {self._named(top)}."
            )
            yield Issue(Severity.WARNING, Rule.WRONG_BRANCH, field, message)

    def _onsets(self, case: Case) -> Iterator[Issue]:
        stated = [("onset", case.onset)]
        stated += [("features.onset", feature.onset) for feature in case.features]
        stated += [("diseases.onset", disease.onset) for disease in case.diseases]
        named = ((field, onset.term_id) for field, onset in stated if onset)
        for field, term_id in dict.fromkeys(named):
            if term_id:
                yield from self._belongs(term_id, field, ONSET)
