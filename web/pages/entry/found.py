"""What a VCF or a list of genes holds for a case: read as it stands in memory, and offered.

The file is gone with the request. What was found goes to the browser sealed, so that what comes
back is what was found.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from flask import request
from itsdangerous import BadSignature, URLSafeSerializer

from matcher.case import Case, GenomicFeature, Variant, Zygosity
from matcher.readers.gene_lists import GeneList, read_gene_list
from matcher.readers.pedigrees import read_pedigree
from matcher.readers.vcf import Kinship, VcfFindings, VcfLimits, VcfVariant, read_vcf
from ontologies.genes import Gene
from web.accounts.people import Person
from web.pages.cases import profile
from web.service import service

MOST_SHOWN = 100
MOST_AMBIGUOUS = 20
MOST_UNKNOWN = 50
LONGEST_LIST = 40_000
FIELDS = ("genes", "proband", "mother", "father")
_LIMITS = VcfLimits(lines=2_000_000, variants=MOST_SHOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A gene or variant that may be added; `token` is itself, sealed."""

    token: str
    label: str
    said: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was read. `variants` is None where no VCF was sent."""

    listed: GeneList
    variants: VcfFindings | None


class Seal:
    """Seals what one person found for one case, and opens it again for her and it alone."""

    def __init__(self, person: Person, case_id: str) -> None:
        salt = f"variant {person.person_id} {case_id}"
        self._serializer = URLSafeSerializer(service().settings.secret_key, salt=salt)

    def closed(self, feature: GenomicFeature) -> str:
        """The feature as a token."""
        sealed = self._serializer.dumps(dataclasses.asdict(feature))
        return sealed if isinstance(sealed, str) else sealed.decode()

    def opened(self, token: str) -> GenomicFeature:
        """What was sealed. Raises `itsdangerous.BadSignature` for anything else."""
        told: dict[str, Any] = self._serializer.loads(token)
        variant = told.pop("variant")
        if variant is not None:
            zygosity = variant["zygosity"]
            variant["zygosity"] = Zygosity(zygosity) if zygosity else None
            variant["hgvs"] = tuple(variant["hgvs"])
            variant = Variant(**variant)
        return GenomicFeature(variant=variant, **told)


def ticked(seal: Seal, tokens: Iterable[str]) -> Iterator[GenomicFeature]:
    """What the tokens stand for; what is none of ours stands for nothing."""
    for token in tokens:
        try:
            yield seal.opened(token)
        except (BadSignature, TypeError, ValueError):
            continue


def entered() -> dict[str, str]:
    """The list and the names of samples as this request brings them."""
    return {name: request.form.get(name, "") for name in FIELDS}


def read_sent(case: Case) -> Found:
    """Read the list and the file of this request for a case. Raises `MatcherError`."""
    listed = read_gene_list(entered()["genes"][:LONGEST_LIST], service().release)
    sent = request.files.get("vcf")
    if sent is None or not sent.filename:
        return Found(listed=listed, variants=None)
    return Found(listed=listed, variants=_read(sent.stream, case, listed.genes))


def _read(stream: IO[bytes], case: Case, listed: Iterable[Gene]) -> VcfFindings:
    genes = service().release.genes
    own = (genes.resolve(name).gene for name in case.genes)
    chosen = {gene.hgnc_id for gene in (*listed, *own) if gene}
    return read_vcf(stream, genes, chosen, _kinship(case), _LIMITS)


def _kinship(case: Case) -> Kinship:
    """Whose the samples are: as the pedigree says, or as they were named."""
    named = {role: entered()[role].strip() for role in ("proband", "mother", "father")}
    pedigree = request.files.get("pedigree")
    if pedigree is not None and pedigree.filename:
        members = read_pedigree(pedigree.read())
        affected = [each for each in members if each.affected]
        wanted = [each for each in members if each.person == named["proband"]]
        if len(wanted or affected) == 1:
            [own] = wanted or affected
            named = {
                "proband": own.person,
                "mother": named["mother"] or own.mother,
                "father": named["father"] or own.father,
            }
    return Kinship(sex=case.sex, **named)


def offered(found: Found | None, seal: Seal) -> dict[str, Any]:
    """What `cases/_found.html` shows of what was read, and of nothing before that."""
    variants = found.variants if found else None
    listed = found.listed if found else None
    return {
        "was_read": found is not None,
        "vcf": variants,
        "offers": _offers(found, seal) if found else [],
        "ambiguous": [
            (each.entered, [_gene_offer(gene, seal) for gene in each.candidates])
            for each in (listed.ambiguous if listed else ())[:MOST_AMBIGUOUS]
        ],
        "unknown": listed.unknown[:MOST_UNKNOWN] if listed else (),
        "entered": entered(),
        "limit": service().settings.upload_limit // 1_000_000,
    }


def _offers(found: Found, seal: Seal) -> list[Offer]:
    variants = found.variants.variants if found.variants else ()
    covered = {each.gene for each in variants}
    genes = [each for each in found.listed.genes if each.hgnc_id not in covered]
    return [
        *(_variant_offer(each, seal) for each in variants),
        *(_gene_offer(each, seal) for each in genes[: MOST_SHOWN * 2]),
    ]


def _gene_offer(gene: Gene, seal: Seal) -> Offer:
    feature = GenomicFeature(gene=gene.hgnc_id, gene_label=gene.symbol)
    return Offer(token=seal.closed(feature), label=gene.symbol, said=gene.name)


def _variant_offer(found: VcfVariant, seal: Seal) -> Offer:
    variant = found.variant
    feature = GenomicFeature(gene=found.gene, gene_label=found.symbol, variant=variant)
    said = [variant.label, variant.zygosity, variant.origin]
    tags = [f"{found.impact.lower()} impact"] if found.impact else []
    if found.frequency is not None:
        tags.append("rare" if found.is_rare else "frequent")
    if found.is_filtered:
        tags.append("did not pass the caller’s filter")
    return Offer(
        token=seal.closed(feature),
        label=f"{found.symbol} {profile.variant_words(variant)}",
        said=", ".join(str(each) for each in said if each),
        tags=tuple(tags),
    )
