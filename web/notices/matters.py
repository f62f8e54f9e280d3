"""What there is to tell of a case, and when it is the same as what was told before."""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from matcher.case import Case, GenomicFeature, PhenotypicFeature
from matcher.storage import codec

LONGEST = 80


class Kind(enum.StrEnum):
    """What happened to a case."""

    ASKED = "asked"
    COMPARED = "compared"
    NEW_MATCH = "new match"
    CHANGED_MATCH = "changed match"
    WITHDRAWN_MATCH = "withdrawn match"
    MESSAGE = "message"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REMINDER = "reminder"
    WITHDRAWN_CASE = "withdrawn case"
    FEATURE_WAITS = "feature waits"
    HANDED_OVER = "handed over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """Something that happened to a case of ours.

    `pair` is what is one thing to its reader: until she has read of it, news of the same pair
    replaces what was said of it. The same `content` of a pair is told once, ever. `facts` are
    shown with it.
    """

    kind: Kind
    case_id: str
    pair: tuple[str, ...]
    content: str
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def pair_digest(self) -> str:
        """The pair as it is kept."""
        return _digest(self.pair)

    @property
    def digest(self) -> str:
        """What it is told once by."""
        return _digest((self.kind, *self.pair, self.content))


def asked(node: str, question: Case, case_ids: Iterable[str]) -> list[Matter]:
    """A peer was shown these cases, as candidates for its patient."""
    content = content_digest(question)
    facts = {"node": node, "remote": question.case_id[:LONGEST]}
    pair = ("asked", node, question.case_id)
    return [
        Matter(
            kind=Kind.ASKED, case_id=case_id, pair=pair, content=content, facts=facts
        )
        for case_id in case_ids
    ]


def compared(case_id: str, site: str, query: str) -> Matter:
    """Somebody of another site set the case beside one of theirs."""
    return Matter(
        kind=Kind.COMPARED,
        case_id=case_id,
        pair=("compared", site, query),
        content="",
        facts={"site": site},
    )


def handed_over(case_id: str, leaver: str, cases: str, at: str) -> Matter:
    """Cases of a colleague became the reader's; told with one of them, once for each time."""
    return Matter(
        kind=Kind.HANDED_OVER,
        case_id=case_id,
        pair=("handed over", leaver),
        content=at,
        facts={"leaver": leaver, "cases": cases},
    )


def conversed(
    kind: Kind, case_id: str, *, link: str, other_site: str, content: str
) -> Matter:
    """Something happened in the conversation about a case of ours and one of another side."""
    return Matter(
        kind=kind,
        case_id=case_id,
        pair=("conversation", link),
        content=content,
        facts={"site": other_site, "conversation": link},
    )


def waiting_feature(case_id: str, *, content: str, version: str) -> Matter:
    """A feature of a case of ours stands for no single term of an HPO version.

    All of a case are one thing to its reader; `content` is the feature and what is offered.
    """
    return Matter(
        kind=Kind.FEATURE_WAITS,
        case_id=case_id,
        pair=("feature waits",),
        content=content,
        facts={"version": version},
    )


def content_digest(question: Case) -> str:
    """What a patient is described by: the same for another order, label, contact or id."""
    described = Case(
        case_id="",
        features=tuple(sorted(_bare(question), key=repr)),
        genomic_features=tuple(
            sorted((_unlabelled(g) for g in question.genomic_features), key=repr)
        ),
        diseases=tuple(
            sorted((replace(d, label="") for d in question.diseases), key=repr)
        ),
        sex=question.sex,
        onset=question.onset,
        inheritance=tuple(sorted(question.inheritance)),
        species=question.species,
    )
    return _digest((codec.encode(described),))


def _bare(question: Case) -> Iterator[PhenotypicFeature]:
    return (replace(feature, label="") for feature in question.features)


def _unlabelled(gene: GenomicFeature) -> GenomicFeature:
    variant = replace(gene.variant, label="") if gene.variant else None
    return replace(gene, gene_label="", variant=variant)


def _digest(parts: tuple[str, ...]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
