"""What of a peer's patient is asked, and whether it is enough to ask at all."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

from matcher.case import Case
from ontologies import Release

FEWEST_TERMS = 3
MOST_FEATURES = 200
MOST_GENES = 100
MOST_NAMED = 10
SHOWN = 40
# Terms seen in more than one of two diseases say next to nothing about a patient.
LEAST_INFORMATION = math.log(2)


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
