"""What a peer asks: the patient of its message, and whether it is enough to ask at all."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from matcher.case import Case
from matcher.errors import TooLarge, UnreadableInput
from matcher.readers import Report, mme
from matcher.readers.fields import as_object, flag
from matcher.readers.mme import ItemLimits
from matcher.readers.report import CaseRecord
from matcher.readers.strict_json import parse_json
from ontologies import Release
from web.errors import WebError

FEWEST_TERMS = 3
MOST_FEATURES = 200
MOST_GENES = 100
MOST_NAMED = 10
SHOWN = 40
# So many items of each list of a message are read, some of which may say the same.
READ = ItemLimits(features=500, genomic_features=200, disorders=50)
# Terms seen in more than one of two diseases say next to nothing about a patient.
LEAST_INFORMATION = math.log(2)
# Which item of a list it was, and where in the bytes.
_NUMBERS = re.compile(r"\[\d+\]|(?<=^byte) \d+")


class BadMessage(WebError):
    """A body that is not the JSON of a match request."""


class UnusableProfile(WebError):
    """A patient of whom too little could be read to look for anybody.

    `warnings` say what was left aside or guessed before.
    """

    def __init__(self, message: str, warnings: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.warnings = list(warnings)


def message_of(body: bytes, report: Report) -> Mapping[str, object]:
    """The body of a request, empty if it is JSON but no object.

    Raises `BadMessage`, or `TooLarge` above a megabyte.
    """
    try:
        return as_object(parse_json(body, report=report)) or {}
    except TooLarge:
        raise
    except UnreadableInput as error:
        raise BadMessage(str(error)) from error


def patient_of(message: Mapping[str, object], report: Report, source: str) -> Case:
    """The patient of a message. Raises `BadMessage` or `UnusableProfile`."""
    patient = as_object(message.get("patient"))
    if patient is None:
        raise BadMessage("The body must be an object with a 'patient' in it.")
    try:
        case = mme.from_json(message, report, source, limits=READ)
    except UnreadableInput as error:
        raise UnusableProfile(str(error), report.warnings) from error
    if not case.observed and not case.genes:
        raise UnusableProfile(
            f"The patient {case.case_id!r} has neither a usable feature nor a gene; "
            "give at least three HPO terms, or a candidate gene.",
            report.warnings,
        )
    if case.test or not any(map(_may_be_test, (message, patient))):
        return case
    CaseRecord(report, source, case.case_id).guessed(
        "test",
        None,
        "What marks a test is not true or false in the patient, so nobody was disturbed: the "
        "question was answered as a test.",
        place="patient.test",
        right="true or false",
    )
    return replace(case, test=True)


def _may_be_test(said: Mapping[str, object]) -> bool:
    """Whether something marks a test, however it is written."""
    mark = said.get("test")
    return mark not in (None, "") and flag(mark) is not False


def in_part(report: Report) -> dict[str, Any]:
    """For the audit: how often each field was not taken as it stood, if any was.

    Names of fields alone: neither which item of a list it was, nor what stood there.
    """
    names = Counter(_NUMBERS.sub("", each.place) for each in report.troubles)
    return {"in_part": dict(sorted(names.items()))} if names else {}


def bounded(query: Case, warnings: list[str]) -> Case:
    """The query with at most `MOST_FEATURES` features and `MOST_GENES` genes, each once.

    The work of an answer grows with both, and no clinician describes a patient by more.
    """
    features = tuple({(f.term_id, f.excluded): f for f in query.features}.values())
    genes = tuple(dict.fromkeys(query.genomic_features))
    for name, given, most in (
        ("features", len(features), MOST_FEATURES),
        ("genomicFeatures", len(genes), MOST_GENES),
    ):
        if given > most:
            warnings.append(
                f"Of {given:,} different {name} the first {most} were used."
            )
    return replace(
        query, features=features[:MOST_FEATURES], genomic_features=genes[:MOST_GENES]
    )


def unknown(query: Case, release: Release) -> Iterator[str]:
    """A sentence about the features, and one about the genes, that stand for nothing here."""
    ontology, genes = release.ontology, release.genes
    terms = (f.term_id for f in query.features)
    for what, entered in (
        ("features", [t for t in terms if ontology.resolve(t).term_id is None]),
        ("genes", [g for g in query.genes if genes.resolve(g).gene is None]),
    ):
        if entered:
            named = ", ".join(each[:SHOWN] for each in entered[:MOST_NAMED])
            more = f" and {len(entered) - MOST_NAMED} more"
            yield (
                f"These {what} are not known here and were not compared: "
                f"{named}{more if len(entered) > MOST_NAMED else ''}."
            )


def too_little(query: Case, release: Release) -> str:
    """Why the profile would only probe the node, "" if it is enough.

    Enough is a candidate gene that the release knows, or three terms that say something each:
    phenotypes, none an ancestor of another, none seen in more than half of the diseases.
    """
    if any(release.genes.resolve(gene).gene for gene in query.genes):
        return ""
    usable = informative_terms(query.observed, release)
    if len(usable) >= FEWEST_TERMS:
        return ""
    return (
        f"Only {len(usable)} of the features count as phenotype terms (known here, none an "
        "ancestor of another, none too general); without a candidate gene known here at "
        f"least {FEWEST_TERMS} are needed, so nothing was searched."
    )


def informative_terms(entered: Iterable[str], release: Release) -> frozenset[str]:
    """Phenotype terms that say something each, by their current ids."""
    ontology, information = release.ontology, release.information_content
    resolved = {ontology.resolve(term_id).term_id for term_id in entered}
    terms = {t for t in resolved if t and ontology.is_phenotype(t)}
    implied = {above for t in terms for above in ontology.ancestors(t) - {t}}
    return frozenset(t for t in terms - implied if information[t] >= LEAST_INFORMATION)
