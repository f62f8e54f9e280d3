"""Which patients of a peer are cases of ours, deposited there as well."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from matcher.case import Case
from matcher.storage.errors import DamagedCase, UnknownCase
from matcher.storage.store import CaseStore
from ontologies import Release
from web.mme.asking.answers import PUT_ASIDE, Answer, State
from web.mme.asking.reading.profiles import Profile, profile_of
from web.mme.asking.reading.putting_aside import tried

OWN_CASE = "case of ours"

# Cases with so many terms in common with a patient are looked at one by one.
MOST_LOOKED_AT = 50
# Each is looked up in the store, and these tell cases apart.
MOST_TERMS = 10


def is_own(remote: Case, query: Case, store: CaseStore, release: Release) -> bool:
    """Whether a patient is one of our cases: the same profile under its id or contact.

    A peer that uses an id of ours for another patient hides nothing, nor does somebody else's
    patient who has the same profile.
    """
    theirs = profile_of(remote, release)
    for case in _candidates(remote, theirs, query, store, release):
        ours = profile_of(case, release)
        same_name = case.case_id == remote.case_id or ours.shares_address(theirs)
        if same_name and ours.is_like(theirs):
            return True
    return False


def without_own(
    answer: Answer, query: Case, store: CaseStore, release: Release
) -> Answer:
    """The answer without cases of ours that were deposited there as well.

    Nor with patients of whom that cannot be told.
    """
    found = [
        (tried(each.node, partial(is_own, each.case, query, store, release)), each)
        for each in answer.remotes
    ]
    own = [each for said, each in found if said]
    aside = [each for said, each in found if said is None]
    kept = answer.without(own, OWN_CASE).without(aside, PUT_ASIDE)
    is_emptied = bool(own) and not kept.remotes and not aside
    return replace(kept, state=State.EMPTY) if is_emptied else kept


def _candidates(
    remote: Case,
    profile: Profile,
    query: Case,
    store: CaseStore,
    release: Release,
) -> Iterator[Case]:
    yield query
    named = [remote.case_id] if profile.observed or profile.genes else []
    # A case without a contact in common is ours by its id alone.
    alike = _alike(remote, store, release) if profile.addresses else set()
    for case_id in [*named, *sorted(alike)[:MOST_LOOKED_AT]]:
        try:
            yield store.get(case_id).case
        except (UnknownCase, DamagedCase):
            continue


def _alike(remote: Case, store: CaseStore, release: Release) -> set[str]:
    """Ids of our cases that name the telling terms of the patient, or a gene of one without."""
    if not remote.observed:
        names = (name for gene in remote.genes for name in _names(gene, release))
        return {found for name in names for found in store.cases_with_gene(name)}
    # The most telling terms first: fewest cases name them.
    terms = sorted(
        set(remote.observed), key=lambda each: (-_information(each, release), each)
    )[:MOST_TERMS]
    found = set(store.cases_with_term(terms[0]))
    for entered in terms[1:]:
        if not found:
            break
        found &= set(store.cases_with_term(entered))
    return found


def _information(entered: str, release: Release) -> float:
    """Information content of a term; endless for one that the release lacks."""
    term_id = release.ontology.resolve(entered).term_id
    return release.information_content[term_id] if term_id else math.inf


def _names(entered: str, release: Release) -> set[str]:
    """A gene by each name that a case may have been entered with."""
    gene = release.genes.resolve(entered).gene
    known = (gene.hgnc_id, gene.symbol, gene.ensembl_id) if gene else ()
    return {entered, *(name for name in known if name)}
