"""What a search box of the case form is answered: terms, genes and diseases, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from matcher.labels import lowered
from matcher.wording import rarity
from ontologies import Release
from ontologies.genes import Gene
from ontologies.diseases import DiseaseHit
from ontologies.lookup import TermHit, TermLookup
from web.db import connection
from web.pages.admission import the_clinician
from web.service import service

blueprint = Blueprint("terms", __name__)

LONGEST_QUERY = 200
OFFERED = 8
PATH_LENGTH = 3
LONGEST_DEFINITION = 220
CLOSE_DISEASE = 0.6
SAME_SHOWN = 3
PHENOTYPE = "HP:0000118"

Part = tuple[str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One line under a search box. Parts are runs of text with whether they matched.

    What is not `close` is a guess: offered, never chosen beforehand.
    """

    id: str
    label: str
    label_parts: tuple[Part, ...]
    lower: str = ""
    close: bool = True
    also: str = ""
    also_parts: tuple[Part, ...] = ()
    fact: str = ""
    rarity: float = 0.0
    definition: str = ""
    path: tuple[str, ...] = ()
    narrower: str = ""


@blueprint.get("/terms")
def search() -> ResponseReturnValue:
    """HPO terms for what was typed, best first."""
    the_clinician()
    typed = request.args.get("q", "")[:LONGEST_QUERY]
    options = term_options(typed, service().release, site_lookup())
    return jsonify(options=[asdict(o) for o in options])


def site_lookup() -> TermLookup:
    """The search over names with the abbreviations of the site."""
    return service().words.lookup(connection())


@blueprint.get("/diseases")
def diseases() -> ResponseReturnValue:
    """Diseases of Orphanet and OMIM for what was typed, best first."""
    the_clinician()
    typed = request.args.get("q", "")[:LONGEST_QUERY]
    options = disease_options(typed, service().release)
    return jsonify(options=[asdict(o) for o in options])


@blueprint.get("/genes")
def genes() -> ResponseReturnValue:
    """Genes of that name: one, or several where the name is ambiguous."""
    the_clinician()
    typed = request.args.get("q", "")[:LONGEST_QUERY]
    return jsonify(options=[asdict(o) for o in gene_options(typed, service().release)])


def term_options(typed: str, release: Release, lookup: TermLookup) -> list[Option]:
    """The best few phenotypic terms for what was typed."""
    if not typed.strip():
        return []
    hits = lookup.search(typed, limit=3 * OFFERED)
    found = [hit for hit in hits if release.ontology.is_phenotype(hit.term_id)]
    return [_term_option(hit, release) for hit in found[:OFFERED]]


def _term_option(hit: TermHit, release: Release) -> Option:
    term_id, matched = hit.term_id, hit.matched
    term = release.ontology.term(term_id)
    is_label = matched == term.label
    parts = marked(matched, hit.spans)
    one_in = release.information_content.rarity(term_id)
    return Option(
        id=term_id,
        label=term.label,
        label_parts=parts if is_label else ((term.label, False),),
        lower=lowered(term.label),
        close=hit.is_close,
        also="" if is_label else matched,
        also_parts=() if is_label else parts,
        fact=rarity(one_in),
        rarity=one_in,
        definition=shortened(term.definition),
        path=_path(term_id, release),
        narrower=_narrower(term_id, release),
    )


def shortened(definition: str) -> str:
    """The first sentence of a definition; not more than fits beside the list."""
    first, stop, _ = definition.partition(". ")
    text = first + stop.strip()
    return (
        text
        if len(text) <= LONGEST_DEFINITION
        else text[:LONGEST_DEFINITION].rstrip() + "…"
    )


def _path(term_id: str, release: Release) -> tuple[str, ...]:
    """Labels of the closest few broader terms, broadest first, by the rarest parent each time."""
    labels: list[str] = []
    current = term_id
    while len(labels) < PATH_LENGTH:
        parents = [p for p in release.ontology.parents(current) if p != PHENOTYPE]
        if not parents:
            break
        current = max(parents, key=lambda p: (release.information_content[p], p))
        if not release.ontology.is_phenotype(current):
            break
        labels.append(release.ontology.label(current))
    return tuple(reversed(labels))


def _narrower(term_id: str, release: Release) -> str:
    children = release.ontology.children(term_id)
    if not children:
        return ""
    few = ", ".join(lowered(release.ontology.label(child)) for child in children[:3])
    return f"{len(children)} narrower: {few}{' …' if len(children) > 3 else ''}"


def marked(text: str, spans: Iterable[tuple[int, int]]) -> tuple[Part, ...]:
    """The text cut into runs, with whether each run lies in one of the spans."""
    parts: list[Part] = []
    done = 0
    for start, end in sorted(spans):
        start = max(start, done)
        if start > done:
            parts.append((text[done:start], False))
        if end > start:
            parts.append((text[start:end], True))
            done = end
    if done < len(text):
        parts.append((text[done:], False))
    return tuple(parts)


def disease_options(typed: str, release: Release) -> list[Option]:
    """The best few diseases for what was typed."""
    if not typed.strip():
        return []
    hits = release.diseases.search(typed, limit=3 * OFFERED)
    found = [_disease_option(hit, release) for hit in _each_once(hits, release)]
    return found[:OFFERED]


def _each_once(hits: Iterable[DiseaseHit], release: Release) -> Iterator[DiseaseHit]:
    """The hits without those that say of another vocabulary what an earlier one says."""
    seen: set[str] = set()
    for hit in hits:
        if hit.disease_id not in seen:
            yield hit
        seen.update((hit.disease_id, *release.diseases.equivalents(hit.disease_id)))


def _disease_option(hit: DiseaseHit, release: Release) -> Option:
    is_label = hit.matched == hit.label
    parts = marked(hit.matched, hit.spans)
    same = ", ".join(release.diseases.equivalents(hit.disease_id)[:SAME_SHOWN])
    return Option(
        id=hit.disease_id,
        label=hit.label or hit.disease_id,
        label_parts=(
            parts if is_label and parts else ((hit.label or hit.disease_id, False),)
        ),
        close=hit.score >= CLOSE_DISEASE,
        also="" if is_label else hit.matched,
        also_parts=() if is_label else parts,
        fact=hit.disease_id,
        definition=f"The same as {same}." if same else "",
    )


def gene_options(typed: str, release: Release) -> list[Option]:
    """The gene of that name, or all that it may stand for."""
    resolution = release.genes.resolve(typed)
    found = [resolution.gene] if resolution.gene else list(resolution.candidates)
    return [_gene_option(gene, typed.strip(), resolution.via) for gene in found]


def _gene_option(gene: Gene, typed: str, via: str) -> Option:
    other_name = typed.casefold() != gene.symbol.casefold()
    return Option(
        id=gene.hgnc_id,
        label=gene.symbol,
        label_parts=((gene.symbol, not other_name),),
        also=typed if other_name else "",
        also_parts=((typed, True),) if other_name else (),
        fact=via if other_name else "",
        definition=gene.name,
    )
