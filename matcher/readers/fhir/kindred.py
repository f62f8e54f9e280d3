"""What a FamilyMemberHistory says of a relative: the relation, and the findings with HPO terms.

Codes of relations: http://terminology.hl7.org/CodeSystem/v3-RoleCode.
"""

from __future__ import annotations

from matcher.case import PhenotypicFeature, Relation, Relative
from matcher.readers.fhir.coding import Concept, concept
from matcher.readers.fields import Fields

_MOST_CONDITIONS = 200
_MOST_NAMED = 5
_RELATIONS = {
    **dict.fromkeys(("mth", "nmth", "gestm"), Relation.MOTHER),
    **dict.fromkeys(("fth", "nfth"), Relation.FATHER),
    **dict.fromkeys(
        ("sis", "nsis", "twinsis", "ftwinsis", "itwinsis"), Relation.SISTER
    ),
    **dict.fromkeys(
        ("bro", "nbro", "twinbro", "ftwinbro", "itwinbro"), Relation.BROTHER
    ),
    **dict.fromkeys(("sib", "nsib", "twin", "ftwin", "itwin"), Relation.SIBLING),
    "hsis": Relation.HALF_SISTER,
    "hbro": Relation.HALF_BROTHER,
    "hsib": Relation.HALF_SIBLING,
    **dict.fromkeys(("dau", "dauc", "ndau"), Relation.DAUGHTER),
    **dict.fromkeys(("son", "sonc"), Relation.SON),
    **dict.fromkeys(("child", "nchild"), Relation.CHILD),
    **dict.fromkeys(
        ("grprn", "grmth", "grfth", "mgrmth", "mgrfth", "pgrmth", "pgrfth"),
        Relation.GRANDPARENT,
    ),
    **dict.fromkeys(("aunt", "maunt", "paunt"), Relation.AUNT),
    **dict.fromkeys(("uncle", "muncle", "puncle"), Relation.UNCLE),
    **dict.fromkeys(("cousn", "mcousn", "pcousn"), Relation.COUSIN),
    **{relation.value: relation for relation in Relation},
}


def read_relative(history: Fields) -> Relative:
    """The relative; conditions without an HPO term are told as left out."""
    relation = _relation(concept(history, "relationship"))
    features, unread = [], []
    for condition in history.children("condition", most=_MOST_CONDITIONS):
        code = concept(condition, "code")
        term_id, label = code.hpo()
        if term_id:
            features.append(
                PhenotypicFeature(term_id=term_id, label=label or code.words)
            )
        else:
            unread.append(code.words[:60])
    history.record.mapped("FamilyMemberHistory")
    if unread:
        named = (
            ", ".join(each for each in unread[:_MOST_NAMED] if each) or "a condition"
        )
        history.record.dropped(
            "FamilyMemberHistory",
            relation.value,
            f"Of the {relation}: {named} has no HPO term; it was left out.",
        )
    return Relative(relation=relation, features=tuple(dict.fromkeys(features)))


def _relation(relationship: Concept) -> Relation:
    said = [code.casefold() for _, code, _ in relationship.codes()]
    said.append(relationship.words.strip().casefold())
    found = (_RELATIONS.get(each) for each in said)
    return next((each for each in found if each), Relation.RELATIVE)
