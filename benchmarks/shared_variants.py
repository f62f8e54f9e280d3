"""How often two published people with a gene in common have the same variant of it.

    python benchmarks/shared_variants.py PATH

A pair is two cases from different publications that list the gene. Every gene and disease, and
every gene with pairs of different diseases, weighs the same. Prints the two constants of the
variant evidence, each with the number of groups and of pairs it is a mean over, and how often
both of two alleles are shared where one is.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

if not __package__:
    # Started as a file, whose folder is then searched for packages instead of the one above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from matcher import Case, read_cases
from matcher.case import DiseaseStatus
from matcher.evidence import EvidenceSettings, prepare
from matcher.evidence.variants import Allele, compare_variants
from ontologies import Release, open_release


@dataclass(frozen=True, slots=True)
class Carrier:
    """One published case with its alleles of one gene."""

    publications: frozenset[str]
    diseases: frozenset[str]
    alleles: tuple[Allele, ...]

    @property
    def copies(self) -> int:
        """How many alleles they are, homozygous ones twice."""
        return sum(allele.copies for allele in self.alleles)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people with a gene in common: their share of common alleles, and how many there are."""

    share: float
    copies: int


Groups = dict[tuple[str, ...], list[Pair]]


def carriers(case: Case, release: Release) -> Iterator[tuple[str, Carrier]]:
    """The case under each gene of which it names a variant."""
    diseases = frozenset(
        disease.disease_id
        for disease in case.diseases
        if disease.status is DiseaseStatus.CONFIRMED
    )
    alleles = prepare(case, release, EvidenceSettings()).alleles
    for gene, group in itertools.groupby(alleles, key=lambda allele: allele.gene):
        if gene and diseases:
            yield gene, Carrier(frozenset(case.publications), diseases, tuple(group))


def pairs_by_group(by_gene: dict[str, list[Carrier]], *, same_disease: bool) -> Groups:
    """The comparable pairs of each gene, or of each gene and disease if that is the same."""
    settings = EvidenceSettings()
    found: Groups = defaultdict(list)
    for gene, people in by_gene.items():
        for one, other in itertools.combinations(people, 2):
            shared = one.diseases & other.diseases
            if bool(shared) != same_disease or one.publications & other.publications:
                continue
            compared = compare_variants(
                one.alleles,
                other.alleles,
                tolerance=settings.position_tolerance,
                overlap=settings.reciprocal_overlap,
            )
            if compared:
                pair = Pair(compared[0].share, max(one.copies, other.copies))
                found[(gene, *sorted(shared))].append(pair)
    return found


def described(name: str, groups: Groups) -> str:
    """One constant as a line."""
    if not groups:
        return f"{name}: no pair of such cases"
    means = [sum(p.share > 0 for p in pairs) / len(pairs) for pairs in groups.values()]
    pairs = sum(len(group) for group in groups.values())
    mean = sum(means) / len(means)
    return f"{name}: {mean:.4f}   over {len(groups)} groups, {pairs} pairs"


def both_alleles(groups: Groups) -> str:
    """How often two people who share one of two alleles share the other, too."""
    found = [p for group in groups.values() for p in group if p.copies == 2 and p.share]
    both = sum(pair.share == 1 for pair in found)
    return f"both of two alleles, where one is shared: {both} of {len(found)} pairs"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print both constants for the cases of a path."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", type=Path, help="Phenopackets with publications")
    path = parser.parse_args(arguments).path
    release = open_release()
    by_gene: dict[str, list[Carrier]] = defaultdict(list)
    for case in read_cases(path):
        for gene, carrier in carriers(case, release):
            by_gene[gene].append(carrier)
    same = pairs_by_group(by_gene, same_disease=True)
    different = pairs_by_group(by_gene, same_disease=False)
    print(described("same variant, same disease (s)", same))
    print(described("same variant, different diseases (b)", different))
    print(both_alleles(same))


if __name__ == "__main__":
    main()
