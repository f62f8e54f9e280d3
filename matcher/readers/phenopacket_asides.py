"""What a Phenopacket has no field for and must not show as observed: doubts, and relatives.

Both stand among the external references of the packet's metaData, each under an address of our
own, so that no other reader takes them for findings of the person:

    {"id": "HP:0001250", "reference": "urn:secondcase:uncertain", "description": "Seizure"}
    {"id": "relative-1", "reference": "urn:secondcase:relative:mother:affected", ...}
    {"id": "HP:0001250", "reference": "urn:secondcase:relative-1:observed", ...}
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from matcher.case import Case, PhenotypicFeature, Relation, Relative
from matcher.readers.fields import Fields
from matcher.readers.identifiers import clean_term

Json = dict[str, object]

_ADDRESS = "urn:secondcase:"
_UNCERTAIN = f"{_ADDRESS}uncertain"
_STATES = {True: "affected", False: "unaffected", None: "unknown"}
_SIGNS = {False: "observed", True: "excluded"}


@dataclass(slots=True)
class Asides:
    """The doubts and the relatives of one packet."""

    uncertain: list[PhenotypicFeature] = field(default_factory=list)
    relatives: list[Relative] = field(default_factory=list)


def asides_to_json(case: Case) -> Iterator[Json]:
    """The references that stand for the doubts and the relatives of a case."""
    for feature in case.uncertain:
        yield _reference(feature.term_id, _UNCERTAIN, feature.label)
    for number, relative in enumerate(case.relatives, start=1):
        name, state = f"relative-{number}", _STATES[relative.affected]
        yield _reference(name, f"{_ADDRESS}relative:{relative.relation}:{state}", "")
        for feature in relative.features:
            sign = _SIGNS[feature.excluded]
            yield _reference(feature.term_id, f"{_ADDRESS}{name}:{sign}", feature.label)


def _reference(name: str, address: str, label: str) -> Json:
    said = {"description": label} if label else {}
    return {"id": name, "reference": address, **said}


def is_aside(reference: Fields) -> bool:
    """Whether a reference is one of these, and no publication."""
    return reference.text("reference").startswith(_ADDRESS)


def read_asides(references: list[Fields]) -> Asides:
    """What such references say; one that says nothing we know is told as left out."""
    found = Asides()
    relatives: dict[str, tuple[Relative, list[PhenotypicFeature]]] = {}
    for reference in references:
        words = reference.text("reference").removeprefix(_ADDRESS).split(":")
        if not _is_read(reference, words, found, relatives):
            reference.record.dropped(
                reference.at("reference"),
                reference.text("reference")[:80],
                f"The reference {reference.text('reference')[:80]!r} says nothing that is "
                "known here; it was left out.",
            )
    found.relatives = [
        Relative(
            relation=relative.relation,
            affected=relative.affected,
            features=tuple(features),
        )
        for relative, features in relatives.values()
    ]
    return found


def _is_read(
    reference: Fields,
    words: list[str],
    found: Asides,
    relatives: dict[str, tuple[Relative, list[PhenotypicFeature]]],
) -> bool:
    states = {state: affected for affected, state in _STATES.items()}
    signs = {sign: excluded for excluded, sign in _SIGNS.items()}
    name = reference.text("id")
    match words:
        case ["uncertain"] if name:
            found.uncertain.append(_feature(reference))
        case ["relative", relation, state] if (
            name and relation in set(Relation) and state in states
        ):
            relative = Relative(relation=Relation(relation), affected=states[state])
            relatives.setdefault(name, (relative, []))
        case [owner, sign] if name and owner in relatives and sign in signs:
            relatives[owner][1].append(_feature(reference, signs[sign]))
        case _:
            return False
    reference.record.mapped("metaData.externalReferences")
    return True


def _feature(reference: Fields, excluded: bool = False) -> PhenotypicFeature:
    field_name = "metaData.externalReferences"
    return PhenotypicFeature(
        term_id=clean_term(reference.text("id"), reference.record, field_name),
        label=reference.text("description"),
        excluded=excluded,
    )
