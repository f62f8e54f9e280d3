"""What a case says, whatever names it says it by: for telling the same patient again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from matcher.case import Case, Variant
from matcher.readers.mme_contacts import mail_addresses
from ontologies import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Terms and genes of a case by their current ids, and the addresses of its contact."""

    observed: frozenset[str]
    excluded: frozenset[str]
    genes: frozenset[str]
    addresses: frozenset[str]

    def is_like(self, other: Profile) -> bool:
        """Whether both say the same of the patient; excluded terms are often left out."""
        return (self.observed, self.genes) == (other.observed, other.genes)

    def shares_address(self, other: Profile) -> bool:
        """Whether somebody answers for both."""
        return bool(self.addresses & other.addresses)


def profile_of(case: Case, release: Release) -> Profile:
    """The profile of a case. A term or gene that the release lacks stands for itself."""
    href = case.contact.href if case.contact else ""
    addresses = (each.casefold() for each in mail_addresses(href))
    return Profile(
        observed=frozenset(_term(each, release) for each in case.observed),
        excluded=frozenset(_term(each, release) for each in case.excluded),
        genes=frozenset(_gene(each, release) for each in case.genes),
        addresses=frozenset(addresses),
    )


def content_sha256(case: Case, profile: Profile, release: Release) -> str:
    """A digest of all that bears on a match; labels, names and contacts do not."""
    variants = {
        json.dumps(_alleles(feature.variant))
        for feature in case.genomic_features
        if feature.variant
    }
    onset = case.onset
    content = [
        sorted(profile.observed),
        sorted(profile.excluded),
        sorted(profile.genes),
        sorted(variants),
        sorted({release.diseases.normalise(d.disease_id) for d in case.diseases}),
        sorted({_term(each, release) for each in case.inheritance}),
        [onset.years, onset.term_id] if onset else None,
        case.species,
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _term(entered: str, release: Release) -> str:
    return release.ontology.resolve(entered).term_id or entered


def _gene(entered: str, release: Release) -> str:
    found = release.genes.resolve(entered).gene
    return found.hgnc_id if found else entered


def _alleles(variant: Variant) -> list[object]:
    return [
        variant.assembly,
        variant.chromosome,
        variant.start,
        variant.end,
        variant.reference,
        variant.alternate,
        variant.zygosity,
        variant.structural_type,
    ]
