"""Genes and variants of a case from a VCF or a list of genes: read, shown, added by a click.

The file is read as it stands in memory and is gone with the request. What was found goes to the
browser sealed, so that what comes back is what was found.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import IO, Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeSerializer

from matcher.case import Case, GenomicFeature, Variant, Zygosity
from matcher.errors import MatcherError
from matcher.readers.gene_lists import GeneList, read_gene_list
from matcher.readers.pedigrees import read_pedigree
from matcher.readers.vcf import Kinship, VcfFindings, VcfLimits, VcfVariant, read_vcf
from matcher.storage.database import write_transaction
from matcher.storage.store import StoredCase
from ontologies import Release
from ontologies.genes import Gene
from web.accounts.people import Person
from web.db import connection, store
from web.pages.admission import the_clinician
from web.pages.cases import profile
from web.pages.cases.head import head_values, opened
from web.pages.words import counted, sentence
from web.security import accepts_upload
from web.service import service

blueprint = Blueprint("variants", __name__)

MOST_SHOWN = 100
LONGEST_LIST = 40_000
_LIMITS = VcfLimits(lines=2_000_000, variants=MOST_SHOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A gene or variant that may be added; `token` is itself, sealed."""

    token: str
    label: str
    said: str
    tags: tuple[str, ...] = ()


@blueprint.get("/cases/<case_id:case_id>/genes")
def show(case_id: str) -> ResponseReturnValue:
    """Where a VCF is chosen and genes are named."""
    stored = opened(the_clinician(), case_id)
    return _page(stored)


@blueprint.post("/cases/<case_id:case_id>/genes")
@accepts_upload
def look(case_id: str) -> ResponseReturnValue:
    """Show what the list and the file hold; nothing is saved."""
    person = the_clinician()
    stored = opened(person, case_id)
    try:
        listed = read_gene_list(
            request.form.get("genes", "")[:LONGEST_LIST], _release()
        )
        sent = request.files.get("vcf")
        if sent is None or not sent.filename:
            return _page(stored, person=person, listed=listed)
        found = _read(sent.stream, stored.case, listed)
    except MatcherError as error:
        return _page(stored, problem=sentence(str(error))), 422
    return _page(stored, person=person, listed=listed, found=found)


@blueprint.post("/cases/<case_id:case_id>/genes/add")
def add(case_id: str) -> ResponseReturnValue:
    """Add what was ticked to the case, as its next version."""
    person = the_clinician()
    stored = opened(person, case_id)
    ticked = request.form.getlist("add")
    try:
        wanted = [_unsealed(person, stored, token) for token in ticked]
    except (BadSignature, TypeError, ValueError):
        message = "What was sent is not what was found; read the file again."
        return _page(stored, problem=message), 422
    if not wanted:
        return _page(stored, problem="Tick at least one gene or variant to add."), 422
    with write_transaction(connection()):
        now = opened(person, case_id)
        case = _with(now.case, wanted)
        more = len(case.genomic_features) - len(now.case.genomic_features)
        if case != now.case:
            store().put(case, actor=person.name, expected_version=now.version)
    flash(
        f"{sentence(counted(max(more, 0), 'gene or variant', 'genes and variants'))} added.",
        "good",
    )
    return redirect(url_for("pages.cases.show", case_id=case_id), 303)


def _with(case: Case, wanted: list[GenomicFeature]) -> Case:
    """The case with what it does not have; a variant takes the place of its gene alone."""
    genomic = list(case.genomic_features)
    for feature in wanted:
        known = [each for each in genomic if _gene_of(each) == feature.gene]
        if feature.variant is None and known:
            continue
        bare = next((each for each in known if each.variant is None), None)
        if feature.variant is not None and bare is not None and not bare.excluded:
            genomic[genomic.index(bare)] = feature
        elif all(each.variant != feature.variant for each in known):
            genomic.append(feature)
    return dataclasses.replace(case, genomic_features=tuple(genomic))


def _gene_of(feature: GenomicFeature) -> str | None:
    gene = _release().genes.resolve(feature.gene or "").gene
    return gene.hgnc_id if gene else feature.gene


def _read(stream: IO[bytes], case: Case, listed: GeneList) -> VcfFindings:
    genes = _release().genes
    own = (genes.resolve(name).gene for name in case.genes)
    chosen = {gene.hgnc_id for gene in (*listed.genes, *own) if gene}
    return read_vcf(stream, genes, chosen, _kinship(case), _LIMITS)


def _kinship(case: Case) -> Kinship:
    """Whose the samples are: as the pedigree says, or as they were named."""
    named = {
        role: request.form.get(role, "").strip()
        for role in ("proband", "mother", "father")
    }
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


def _page(
    stored: StoredCase,
    *,
    person: Person | None = None,
    listed: GeneList | None = None,
    found: VcfFindings | None = None,
    problem: str = "",
) -> str:
    return render_template(
        "cases/genes.html",
        **head_values(stored),
        entered={
            name: request.form.get(name, "")
            for name in ("genes", "proband", "mother", "father")
        },
        offers=_offers(person, stored, listed, found) if person else [],
        ambiguous=_ambiguous(person, stored, listed) if person and listed else [],
        unknown=listed.unknown[:50] if listed else (),
        found=found,
        was_read=person is not None,
        own_genes=profile.gene_names(stored.case, _release()),
        problems=[("vcf", "File", problem)] if problem else [],
        limit=service().settings.upload_limit // 1_000_000,
    )


def _offers(
    person: Person,
    stored: StoredCase,
    listed: GeneList | None,
    found: VcfFindings | None,
) -> list[Offer]:
    offers = (
        [_variant_offer(person, stored, each) for each in found.variants]
        if found
        else []
    )
    covered = {each.gene for each in found.variants} if found else set()
    return (
        offers
        + [
            _gene_offer(person, stored, gene)
            for gene in (listed.genes if listed else ())
            if gene.hgnc_id not in covered
        ][: MOST_SHOWN * 2]
    )


def _ambiguous(
    person: Person, stored: StoredCase, listed: GeneList
) -> list[tuple[str, list[Offer]]]:
    return [
        (each.entered, [_gene_offer(person, stored, gene) for gene in each.candidates])
        for each in listed.ambiguous[:20]
    ]


def _gene_offer(person: Person, stored: StoredCase, gene: Gene) -> Offer:
    feature = GenomicFeature(gene=gene.hgnc_id, gene_label=gene.symbol)
    return Offer(
        token=_sealed(person, stored, feature), label=gene.symbol, said=gene.name
    )


def _variant_offer(person: Person, stored: StoredCase, found: VcfVariant) -> Offer:
    variant = found.variant
    feature = GenomicFeature(gene=found.gene, gene_label=found.symbol, variant=variant)
    said = [variant.label, variant.zygosity, variant.origin]
    tags = [f"{found.impact.lower()} impact"] if found.impact else []
    if found.frequency is not None:
        tags.append("rare" if found.is_rare else "frequent")
    if found.is_filtered:
        tags.append("did not pass the caller’s filter")
    return Offer(
        token=_sealed(person, stored, feature),
        label=f"{found.symbol} {profile.variant_words(variant)}",
        said=", ".join(str(each) for each in said if each),
        tags=tuple(tags),
    )


def _serializer(person: Person, stored: StoredCase) -> URLSafeSerializer:
    salt = f"variant {person.person_id} {stored.case.case_id}"
    return URLSafeSerializer(service().settings.secret_key, salt=salt)


def _sealed(person: Person, stored: StoredCase, feature: GenomicFeature) -> str:
    sealed = _serializer(person, stored).dumps(dataclasses.asdict(feature))
    return sealed if isinstance(sealed, str) else sealed.decode()


def _unsealed(person: Person, stored: StoredCase, token: str) -> GenomicFeature:
    """What was offered. Raises `BadSignature` for anything else."""
    told: dict[str, Any] = _serializer(person, stored).loads(token)
    variant = told.pop("variant")
    if variant is not None:
        zygosity = variant["zygosity"]
        variant["zygosity"] = Zygosity(zygosity) if zygosity else None
        variant["hgvs"] = tuple(variant["hgvs"])
        variant = Variant(**variant)
    return GenomicFeature(variant=variant, **told)


def _release() -> Release:
    return service().release
