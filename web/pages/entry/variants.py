"""Genes and variants of a saved case from a VCF or a list of genes: shown, added by a click."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature

from matcher.case import Case, GenomicFeature
from matcher.errors import MatcherError
from matcher.storage.database import write_transaction
from matcher.storage.store import StoredCase
from web.accounts.people import Person
from web.db import connection, store
from web.pages.admission import the_clinician
from web.pages.cases import profile
from web.pages.cases.head import head_values, opened
from web.pages.entry.found import Found, Seal, offered, read_sent
from web.pages.words import counted, sentence
from web.security import accepts_upload
from web.service import service

blueprint = Blueprint("variants", __name__)


@blueprint.get("/cases/<case_id:case_id>/genes")
def show(case_id: str) -> ResponseReturnValue:
    """Where a VCF is chosen and genes are named."""
    person = the_clinician()
    return _page(person, opened(person, case_id))


@blueprint.post("/cases/<case_id:case_id>/genes")
@accepts_upload
def look(case_id: str) -> ResponseReturnValue:
    """Show what the list and the file hold; nothing is saved."""
    person = the_clinician()
    stored = opened(person, case_id)
    try:
        return _page(person, stored, found=read_sent(stored.case))
    except MatcherError as error:
        return _page(person, stored, problem=sentence(str(error))), 422


@blueprint.post("/cases/<case_id:case_id>/genes/add")
def add(case_id: str) -> ResponseReturnValue:
    """Add what was ticked to the case, as its next version."""
    person = the_clinician()
    stored = opened(person, case_id)
    seal = Seal(person, case_id)
    try:
        wanted = [seal.opened(token) for token in request.form.getlist("add")]
    except (BadSignature, TypeError, ValueError):
        message = "What was sent is not what was found; read the file again."
        return _page(person, stored, problem=message), 422
    if not wanted:
        message = "Tick at least one gene or variant to add."
        return _page(person, stored, problem=message), 422
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


def _with(case: Case, wanted: Iterable[GenomicFeature]) -> Case:
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
    gene = service().release.genes.resolve(feature.gene or "").gene
    return gene.hgnc_id if gene else feature.gene


def _page(
    person: Person,
    stored: StoredCase,
    *,
    found: Found | None = None,
    problem: str = "",
) -> str:
    return render_template(
        "cases/genes.html",
        **head_values(stored),
        **offered(found, Seal(person, stored.case.case_id)),
        own_genes=profile.gene_names(stored.case, service().release),
        problems=[("vcf", "File", problem)] if problem else [],
    )
