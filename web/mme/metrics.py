"""The public numbers of a node: https://github.com/ga4gh/mme-apis, metrics."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import structlog

from matcher.storage.errors import DamagedCase
from matcher.storage.store import CaseStore
from ontologies import Release
from web.mme.consent import is_exchanged

log = structlog.get_logger(__name__)


def metrics_of(store: CaseStore, release: Release) -> dict[str, Any]:
    """Counts over the cases that are shared with the exchange, test cases left out."""
    cases = [
        stored.case
        for stored in store.cases(on_damage=_leave_out)
        if is_exchanged(stored.case) and not stored.case.test
    ]
    genes = [gene for case in cases for gene in case.genes]
    variants = [g.variant for case in cases for g in case.genomic_features if g.variant]
    terms = [term_id for case in cases for term_id in case.observed]
    number = len(cases) or 1
    return {
        "numberOfCases": len(cases),
        "numberOfSubmitters": len({case.submitter for case in cases if case.submitter}),
        "numberOfGenes": len(genes),
        "numberOfUniqueGenes": len({_gene(gene, release) for gene in genes}),
        "numberOfVariants": len(variants),
        "numberOfUniqueVariants": len(set(variants)),
        "numberOfFeatures": len(terms),
        "numberOfUniqueFeatures": len({_term(term_id, release) for term_id in terms}),
        "numberOfCasesWithDiagnosis": sum(bool(case.diseases) for case in cases),
        "meanNumberOfGenesPerCase": round(len(genes) / number, 2),
        "meanNumberOfVariantsPerCase": round(len(variants) / number, 2),
        "meanNumberOfPhenotypesPerCase": round(len(terms) / number, 2),
        "dateGenerated": datetime.now(UTC).date().isoformat(),
    }


def _leave_out(error: DamagedCase) -> None:
    log.error("damaged case left out", case_id=error.case_id, revision=error.revision)


def _gene(entered: str, release: Release) -> str:
    gene = release.genes.resolve(entered).gene
    return gene.hgnc_id if gene else entered


def _term(entered: str, release: Release) -> str:
    return release.ontology.resolve(entered).term_id or entered
