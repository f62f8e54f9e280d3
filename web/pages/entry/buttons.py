"""The buttons of the case form that do not save: search, add, turn, remove.

With the script none of them reaches the server; without it each is one round trip that keeps
everything typed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from matcher.case import Case, PhenotypicFeature
from matcher.errors import MatcherError
from ontologies import Release
from web.pages.entry.checks import Problem, gene_problem
from web.pages.entry.drafts import Draft
from web.pages.entry.found import Found, read_sent
from web.pages.entry.terms import (
    Option,
    disease_options,
    gene_options,
    site_lookup,
    term_options,
)
from web.pages.words import sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The form after a button: the draft, what was found, and what could not be done.

    `found` is None where no term was searched, and empty where nothing was found.
    """

    draft: Draft
    found: list[Option] | None = None
    genes_found: list[Option] | None = None
    diseases_found: list[Option] | None = None
    from_file: Found | None = None
    dismissed: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def answer(draft: Draft, form: MultiDict[str, str], release: Release) -> Answer | None:
    """What the pressed button asks for; None if the case is to be saved."""
    pressed = _answer(draft, form, release)
    if pressed is None:
        return None
    left = (*form.getlist("dismissed"), *form.getlist("dismiss"))
    return dataclasses.replace(pressed, dismissed=tuple(dict.fromkeys(left)))


def _answer(draft: Draft, form: MultiDict[str, str], release: Release) -> Answer | None:
    match form.get("action"):
        case "search":
            found = term_options(draft.search, release, site_lookup())
            return Answer(draft=draft, found=found)
        case "gene":
            return with_typed_gene(draft, release)
        case "disease":
            found = disease_options(draft.disease_search, release)
            return Answer(draft=draft, diseases_found=found)
        case "read_genes":
            return _read_file(draft)
        case "read" | "advise" | "add_found":
            return Answer(draft=draft)
    for button, change in _changes(draft, release).items():
        if button in form:
            return Answer(draft=change(form[button]))
    return None


def _read_file(draft: Draft) -> Answer:
    """What the list and the file of this request hold, beside the genes of the draft."""
    try:
        found = read_sent(draft.case(Case(case_id="")))
    except MatcherError as error:
        problem = Problem("vcf", "File", sentence(str(error)))
        return Answer(draft=draft, problems=(problem,))
    return Answer(draft=draft, from_file=found)


def _changes(draft: Draft, release: Release) -> dict[str, Callable[[str], Draft]]:
    """What each button makes of the draft, given its value."""
    return {
        "observe": lambda i: draft.with_feature(PhenotypicFeature(term_id=i)),
        "exclude": lambda i: draft.with_feature(
            PhenotypicFeature(term_id=i, excluded=True)
        ),
        "turn": draft.turned,
        "doubt": draft.doubted,
        "pass_over": draft.passed_over,
        "remove": draft.without_feature,
        "drop": draft.without_gene,
        "choose_gene": lambda i: _with_gene(draft, i, release),
        "add_variant": draft.with_variant,
        "drop_variant": draft.without_variant,
        "choose_disease": lambda i: _with_disease(draft, i, release),
        "drop_disease": draft.without_disease,
        "dismiss": lambda i: draft,
    }


def unfinished(draft: Draft, problems: Iterable[Problem], release: Release) -> Answer:
    """A form that cannot be saved yet, with what its search boxes find."""
    found = genes_found = diseases_found = None
    if draft.search:
        found = term_options(draft.search, release, site_lookup())
    if draft.gene_search:
        genes_found = gene_options(draft.gene_search, release)
    if draft.disease_search:
        diseases_found = disease_options(draft.disease_search, release)
    return Answer(
        draft=draft,
        found=found,
        genes_found=genes_found,
        diseases_found=diseases_found,
        problems=tuple(problems),
    )


def with_typed_gene(draft: Draft, release: Release) -> Answer:
    """The draft with the gene that was typed, or the genes that it may mean."""
    if not draft.gene_search:
        return Answer(draft=draft)
    resolution = release.genes.resolve(draft.gene_search)
    if resolution.gene:
        return Answer(draft=_with_gene(draft, resolution.gene.hgnc_id, release))
    return Answer(
        draft=draft,
        genes_found=gene_options(draft.gene_search, release),
        problems=(gene_problem(draft.gene_search, release),),
    )


def _with_gene(draft: Draft, hgnc_id: str, release: Release) -> Draft:
    gene = release.genes.resolve(hgnc_id).gene
    if gene is None:
        return dataclasses.replace(draft, gene_search=hgnc_id)
    return draft.with_gene(gene.hgnc_id, gene.symbol)


def _with_disease(draft: Draft, disease_id: str, release: Release) -> Draft:
    if disease_id not in release.diseases:
        return dataclasses.replace(draft, disease_search=disease_id)
    canonical = release.diseases.normalise(disease_id)
    return draft.with_disease(canonical, release.diseases.name(canonical))
