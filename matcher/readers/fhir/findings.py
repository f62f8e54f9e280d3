"""Which phenotypic features Observations and Conditions say, in the four spellings of FHIR.

A Condition with an HPO code; an Observation with an HPO code and a value of presence; one with
a general code and an HPO term as its value; and one whose components are either of these.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, replace

from matcher.case import Onset, PhenotypicFeature
from matcher.readers.fhir.coding import (
    INTERPRETATIONS,
    PRESENCE,
    Concept,
    concept,
    concepts,
)
from matcher.readers.fhir.times import extended_onset, read_onset
from matcher.readers.fields import Fields, flag
from matcher.readers.guesses import Guesser

# SNOMED CT and what people write -> HPO's terms for severity and for the side of the body
_SEVERITIES = {
    **dict.fromkeys(("255604002", "mild"), "HP:0012825"),
    **dict.fromkeys(("6736007", "371923003", "moderate"), "HP:0012826"),
    **dict.fromkeys(("24484000", "severe"), "HP:0012828"),
}
_SIDES = {
    **dict.fromkeys(("7771000", "left"), "HP:0012835"),
    **dict.fromkeys(("24028007", "right"), "HP:0012834"),
    **dict.fromkeys(("51440002", "bilateral", "both sides"), "HP:0012832"),
    **dict.fromkeys(("66459002", "unilateral"), "HP:0012833"),
}
_UNCERTAIN = frozenset({"provisional", "differential", "unconfirmed"})
_NOT_FINAL = frozenset({"registered", "preliminary", "unknown"})


class Presence(enum.Enum):
    """What a resource says of its finding."""

    OBSERVED = enum.auto()
    EXCLUDED = enum.auto()
    UNCERTAIN = enum.auto()
    UNSAID = enum.auto()


@dataclass(frozen=True, slots=True)
class Finding:
    """A feature as a resource says it, and whether it is sure of it."""

    feature: PhenotypicFeature
    is_uncertain: bool = False


def of_condition(condition: Fields, birth: str, guesser: Guesser) -> Iterator[Finding]:
    """The feature of a Condition; of words without a code, a guess."""
    code = concept(condition, "code")
    term_id, label = code.hpo()
    presence = _verified(condition)
    if presence is Presence.UNCERTAIN:
        yield from _doubted(condition, term_id, label or code.words)
        return
    feature = PhenotypicFeature(
        term_id=term_id,
        label=label or code.words,
        excluded=presence is Presence.EXCLUDED,
    )
    yield from _coded(
        condition, _described(condition, feature, birth), code.words, guesser
    )


def _verified(condition: Fields) -> Presence:
    status = concept(condition, "verificationStatus")
    if status.has(*_UNCERTAIN):
        return Presence.UNCERTAIN
    return Presence.EXCLUDED if status.has("refuted") else Presence.OBSERVED


def of_observation(
    observation: Fields, birth: str, guesser: Guesser
) -> Iterator[Finding]:
    """The features of an Observation: of itself, and of each of its components."""
    is_final = observation.text("status").casefold() not in _NOT_FINAL
    yield from _of_one(observation, birth, guesser, is_final)
    for component in observation.children("component"):
        yield from _of_one(component, birth, guesser, is_final)


def is_finding(observation: Fields) -> bool:
    """Whether an Observation, or a component of it, names an HPO term."""
    parts = [observation, *observation.children("component")]
    return any(
        concept(part, "code").names_hpo
        or concept(part, "valueCodeableConcept").names_hpo
        for part in parts
    )


def _of_one(
    part: Fields, birth: str, guesser: Guesser, is_final: bool
) -> Iterator[Finding]:
    code, value = concept(part, "code"), concept(part, "valueCodeableConcept")
    term_id, label = code.hpo()
    named = code
    if term_id:
        presence = _valued(part, value)
    else:
        term_id, label = value.hpo()
        named, presence = value, _interpreted(part)
    if not term_id:
        return
    if presence is Presence.UNSAID:
        part.record.dropped(
            part.path,
            term_id,
            f"{label or term_id} has no value, only a reason why there is none; left out.",
        )
        return
    if presence is Presence.UNCERTAIN or not is_final:
        yield from _doubted(part, term_id, label or named.words)
        return
    feature = PhenotypicFeature(
        term_id=term_id,
        label=label or named.words,
        excluded=presence is Presence.EXCLUDED,
    )
    yield from _coded(part, _described(part, feature, birth), named.words, guesser)


def _coded(
    part: Fields, feature: PhenotypicFeature, words: str, guesser: Guesser
) -> Iterator[Finding]:
    if feature.term_id:
        part.record.mapped(part.path)
        yield Finding(feature)
    elif words:
        found = guesser.feature(part.record, part.path, words, feature)
        if found is not None:
            yield Finding(found)


def _doubted(part: Fields, term_id: str, label: str) -> Iterator[Finding]:
    """A finding that may be; one without a code is told as left out."""
    if not term_id:
        part.record.dropped(
            part.path,
            label,
            f"{label!r} is uncertain and has no HPO term; it was left out.",
        )
        return
    name = label or term_id
    part.record.changed(
        part.path, name, f"{name!r} is uncertain; it is kept so, and not as observed."
    )
    yield Finding(PhenotypicFeature(term_id=term_id, label=label), is_uncertain=True)


def _valued(part: Fields, value: Concept) -> Presence:
    """What stands beside an HPO code: a value of presence, an interpretation, or nothing."""
    found = _said(part, value)
    if found is not None:
        return Presence.OBSERVED if found else Presence.EXCLUDED
    if value or any(
        part.get(name) is not None for name in ("valueString", "valueInteger")
    ):
        entered = value.words or part.text("valueString") or part.text("valueInteger")
        part.record.guessed(
            part.at("value"),
            entered,
            f"{entered[:60]!r} says neither present nor absent; it was taken as uncertain.",
        )
        return Presence.UNCERTAIN
    return _interpreted(part)


def _said(part: Fields, value: Concept) -> bool | None:
    if part.get("valueBoolean") is not None:
        return flag(part.get("valueBoolean"))
    if value and (found := value.meaning(PRESENCE)) is not None:
        return found
    for name in ("valueString", "valueInteger"):
        if part.get(name) is not None:
            return PRESENCE.get(part.text(name).casefold(), flag(part.get(name)))
    return None


def _interpreted(part: Fields) -> Presence:
    """Observed unless an interpretation, an extension or a missing value says otherwise."""
    for name in ("modifierExtension", "extension"):
        for extension in part.children(name, most=100):
            is_negation = _tail(extension) in ("excluded", "negated", "absent")
            if is_negation and flag(extension.get("valueBoolean")) is True:
                return Presence.EXCLUDED
    said = [each.meaning(INTERPRETATIONS) for each in concepts(part, "interpretation")]
    told = next((each for each in said if each is not None), None)
    if told is not None:
        return Presence.OBSERVED if told else Presence.EXCLUDED
    if said:
        return Presence.UNCERTAIN
    if part.get("dataAbsentReason") is not None:
        return Presence.UNSAID
    return Presence.OBSERVED


def _described(
    part: Fields, feature: PhenotypicFeature, birth: str
) -> PhenotypicFeature:
    """The feature with its onset, severity, side of the body and other modifiers."""
    onset: Onset | None = read_onset(part, birth)
    severity = _term(concept(part, "severity"), _SEVERITIES)
    modifiers = [_term(site, _SIDES) for site in concepts(part, "bodySite")]
    for extension in part.children("extension", most=100):
        what = _tail(extension)
        held = concept(extension, "valueCodeableConcept") or concept(
            extension, "valueCoding"
        )
        if what.endswith("onset"):
            onset = onset or extended_onset(extension, birth)
        elif what.endswith("severity"):
            severity = severity or _term(held, _SEVERITIES)
        elif what.endswith(("modifier", "laterality")):
            modifiers.append(_term(held, _SIDES))
    found = [each for each in modifiers if each]
    return replace(
        feature,
        onset=onset,
        severity=severity or None,
        modifiers=tuple(dict.fromkeys(found)),
    )


def _term(held: Concept, meanings: dict[str, str]) -> str:
    """The HPO term of a concept, by its own code or by what another code or word means."""
    if not held:
        return ""
    if term_id := held.hpo()[0]:
        return term_id
    said = [code for _, code, _ in held.codes()]
    words = f" {held.words.casefold()} "
    by_code = next((meanings[code] for code in said if code in meanings), "")
    return by_code or next(
        (term for word, term in meanings.items() if f" {word} " in words), ""
    )


def _tail(extension: Fields) -> str:
    """The last word of an extension's address, in small letters."""
    return extension.text("url").rstrip("/").rpartition("/")[2].casefold()
