"""How much candidate gene lists help to find the other cases of a disease.

    python benchmarks/genes.py PATH

Published cases name their one causal gene, which would give the answer away. So every case gets
a list instead: its gene with chance .7, and genes drawn uniformly from all with a known disease
until they are ten. Gallery and hits are those of `retrieval.py`, queries at most ten of each
disease, scores those of `Matcher`. Prints the figures of both halves of the diseases, too.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

if not __package__:
    # Started as a file, whose folder is then searched for packages instead of the one above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.calibration import QUERIES_PER_DISEASE, half_of
from benchmarks.collection import Collection, Positions, membership
from benchmarks.product import NAME, PHENOTYPE_ONLY, Floats, ProductScores
from benchmarks.ranking import METRICS, paired_bootstrap
from benchmarks.retrieval import Outcome, evaluate
from matcher import Case, Matcher, read_cases
from matcher.case import GenomicFeature
from matcher.evidence import EvidenceKind, EvidenceSettings, prepare
from ontologies import Release, open_release

PHENOTYPE, BOTH = "phenotype only", "phenotype + gene"
GENE = frozenset({EvidenceKind.GENE})
KINDS: Mapping[str, frozenset[EvidenceKind]] = {
    PHENOTYPE: PHENOTYPE_ONLY,
    "gene only": GENE,
    BOTH: PHENOTYPE_ONLY | GENE,
}
SHARED_FIRST = "shared genes first"
MRR = METRICS.index("MRR")


def annotated_genes(release: Release) -> list[str]:
    """Ids of the genes known to cause an annotated disease, in order."""
    diseases = release.annotations.disease_ids
    return sorted({gene for each in diseases for gene in release.genes.genes_of(each)})


def causal_genes(cases: Iterable[Case], release: Release) -> list[str | None]:
    """The gene that each published case names; None if it names none that is known."""
    settings = EvidenceSettings()
    return [next(iter(prepare(each, release, settings).genes), None) for each in cases]


def gene_lists(
    causal: Iterable[str | None],
    genes: Sequence[str],
    *,
    chance: float,
    length: int,
    seed: int,
) -> list[tuple[str, ...]]:
    """One list for each case: its own gene with that chance, then others up to the length."""
    random = np.random.default_rng(seed)
    lists = []
    for own in causal:
        listed = {own} if own and random.random() < chance else set()
        while len(listed) < length:
            listed.add(genes[int(random.integers(len(genes)))])
        lists.append(tuple(sorted(listed)))
    return lists


def with_genes(case: Case, genes: Iterable[str]) -> Case:
    """The case with these candidate genes in place of its own, and without its variants."""
    features = tuple(GenomicFeature(gene=gene) for gene in genes)
    return dataclasses.replace(case, genomic_features=features)


class Rankings:
    """Scores of queries against all cases by each set of evidence, and by the naive order.

    The naive order is the number of genes in common, then the phenotype.
    """

    def __init__(
        self, release: Release, cases: Sequence[Case], lists: Sequence[Sequence[str]]
    ) -> None:
        listing = [with_genes(*each) for each in zip(cases, lists, strict=True)]
        matcher = Matcher(release, listing)
        self._scores = {
            name: ProductScores(matcher, listing, kinds)
            for name, kinds in KINDS.items()
        }
        self._listed = membership(lists)

    def __call__(self, queries: Positions) -> dict[str, Floats]:
        found = {name: scores(queries)[NAME] for name, scores in self._scores.items()}
        shared = (self._listed[queries] @ self._listed.T).toarray()
        # No total comes near a thousand nats.
        found[SHARED_FIRST] = 1000.0 * shared + found[PHENOTYPE]
        return found


def outcomes_of(
    collection: Collection, release: Release, asked: argparse.Namespace
) -> dict[str, Outcome]:
    """The outcome of each way to rank."""
    genes = annotated_genes(release)
    causal = causal_genes(collection.source, release)
    if asked.annotated_only:
        causal = [gene if gene in genes else None for gene in causal]
    lists = gene_lists(
        causal,
        genes,
        chance=asked.chance,
        length=asked.length,
        seed=asked.seed,
    )
    queries = collection.queries(asked.queries_per_disease, 0)
    rankings = Rankings(release, collection.source, lists)
    return evaluate(collection, queries, rankings)


def halves(outcome: Outcome, collection: Collection) -> tuple[float, ...]:
    """Macro MRR of the two halves of the diseases."""
    diseases = [collection.cases[query].diseases[0] for query in outcome.queries]
    sides = np.array([half_of(disease) for disease in diseases])
    return tuple(
        float(outcome.only(outcome.queries[sides == side]).macro[MRR])
        for side in (0, 1)
    )


def outcome_table(outcomes: Mapping[str, Outcome], collection: Collection) -> Table:
    """Macro means of every way to rank."""
    table = Table(title="Rank of the best hit, macro")
    for heading in ("ranked by", *METRICS, "MRR, halves of the diseases"):
        table.add_column(heading, no_wrap=True)
    for name, outcome in outcomes.items():
        cells = [f"{value:.3f}" for value in outcome.macro]
        both = " / ".join(f"{value:.3f}" for value in halves(outcome, collection))
        table.add_row(name, *cells, both)
    return table


def difference_table(outcomes: Mapping[str, Outcome], seed: int) -> Table:
    """How much better both kinds of evidence are together, with 95% intervals."""
    table = Table(title=f"{BOTH} minus the other, macro, 95% interval")
    for heading in ("other", *METRICS):
        table.add_column(heading, no_wrap=True)
    best = outcomes[BOTH].of_diseases
    for name, outcome in outcomes.items():
        if name != BOTH:
            row = paired_bootstrap(best, outcome.of_diseases, seed)
            cells = (f"{i.mean:+.3f} [{i.low:+.3f}, {i.high:+.3f}]" for i in row)
            table.add_row(name, *cells)
    return table


def main(argv: list[str] | None = None) -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("path", type=Path, help="published cases, as Phenopackets")
    parser.add_argument(
        "--chance",
        type=float,
        default=0.7,
        help="that a list holds the causal gene; default %(default)s",
    )
    parser.add_argument(
        "--length", type=int, default=10, help="genes on a list; default %(default)s"
    )
    parser.add_argument(
        "--annotated-only",
        action="store_true",
        help="never list a causal gene that the annotations of the release do not know yet",
    )
    parser.add_argument(
        "--queries-per-disease",
        type=int,
        metavar="N",
        default=QUERIES_PER_DISEASE,
        help="at most so many queries of each disease; default %(default)s",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the lists")
    asked = parser.parse_args(argv)
    release = open_release()
    collection = Collection.of(read_cases(asked.path), release.ontology)
    with Console(stderr=True).status("Ranking"):
        outcomes = outcomes_of(collection, release, asked)
    asked_for = outcomes[BOTH]
    console = Console(width=120)
    console.print(
        f"{len(collection)} cases, {len(asked_for.queries)} queries of "
        f"{len(asked_for.of_diseases)} diseases, lists of {asked.length} genes that hold "
        f"the causal one with chance {asked.chance}, seed {asked.seed}, "
        f"release {release.release_id}"
    )
    console.print(outcome_table(outcomes, collection))
    console.print(difference_table(outcomes, asked.seed))


if __name__ == "__main__":
    main()
