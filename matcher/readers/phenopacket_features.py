"""Which phenotypic features a Phenopacket observed, and which it looked for and did not find."""

from __future__ import annotations

from collections.abc import Iterator

from matcher.case import PhenotypicFeature
from matcher.readers.fields import Fields, flag
from matcher.readers.identifiers import clean_term, hpo_id
from matcher.readers.time_elements import read_onset

_FEATURE = frozenset({"type", "excluded", "onset", "severity", "modifiers"})


def read_features(packet: Fields) -> Iterator[PhenotypicFeature]:
    """The features of a packet, observed unless excluded, in their order."""
    for fields in packet.children("phenotypicFeatures"):
        feature = _feature(fields)
        if feature:
            fields.record.mapped("phenotypicFeatures")
            yield feature


def _feature(fields: Fields) -> PhenotypicFeature | None:
    record = fields.record
    fields.ignore_but(_FEATURE)
    entered, label = fields.term("type")
    if not entered:
        record.uncoded(label)
        record.dropped(
            "phenotypicFeatures.type",
            label,
            f"A feature ({label or 'without a label'}) has no term id and was left out.",
        )
        return None
    excluded = fields.get("excluded")
    is_excluded = False if excluded is None or excluded == "" else flag(excluded)
    if is_excluded is None:
        record.dropped(
            "phenotypicFeatures.excluded",
            excluded,
            f"Whether {entered} was excluded cannot be told from {excluded!r}; left out.",
        )
        return None
    return PhenotypicFeature(
        term_id=clean_term(entered, record, "phenotypicFeatures.type"),
        label=label,
        excluded=is_excluded,
        onset=read_onset(fields, "onset"),
        modifiers=_modifiers(fields),
        severity=_severity(fields),
    )


def _modifiers(fields: Fields) -> tuple[str, ...]:
    if fields.get("modifiers") is None:
        return ()
    ids = (modifier.text("id") for modifier in fields.children("modifiers"))
    return tuple(hpo_id(term_id) for term_id in ids if term_id)


def _severity(fields: Fields) -> str | None:
    if fields.get("severity") is None:
        return None
    return hpo_id(fields.term("severity")[0]) or None
