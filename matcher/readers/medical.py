"""What a Phenopacket says of measurements made and treatments tried."""

from __future__ import annotations

from collections.abc import Iterator

from matcher.case import Measurement, Treatment
from matcher.readers.fields import Fields

# Phenopacket field -> (its coded part, the word a case uses)
ACTIONS = {
    "treatment": ("agent", "treatment"),
    "procedure": ("code", "procedure"),
    "radiationTherapy": ("modality", "radiation therapy"),
    "therapeuticRegimen": ("ontologyClass", "therapeutic regimen"),
}


def read_measurements(packet: Fields) -> Iterator[Measurement]:
    """The measurements of a packet; one made of several quantities gives one for each."""
    for fields in packet.children("measurements"):
        assay_id, label = fields.term("assay")
        if not assay_id:
            fields.misfit("assay", label, "a coded assay")
            continue
        simple = fields.child("value")
        parts = fields.child("complexValue").children("typedQuantities")
        if simple:
            yield _measured(assay_id, label, simple)
        for part in parts:
            type_id, type_label = part.term("type")
            name = f"{label}: {type_label}" if type_label else label
            yield _measured(type_id or assay_id, name, part)
        if not simple and not parts:
            yield Measurement(assay_id=assay_id, label=label)
        packet.record.mapped("measurements")


def _measured(assay_id: str, label: str, value: Fields) -> Measurement:
    quantity = value.child("quantity")
    limits = quantity.child("referenceRange")
    unit_id, unit_label = quantity.term("unit")
    return Measurement(
        assay_id=assay_id,
        label=label,
        value=quantity.number("value"),
        unit=unit_id or unit_label,
        low=limits.number("low"),
        high=limits.number("high"),
        value_id=value.term("ontologyClass")[0] or None,
    )


def read_treatments(packet: Fields) -> Iterator[Treatment]:
    """The medical actions of a packet, each with the response to it."""
    for fields in packet.children("medicalActions"):
        treatment = _treatment(fields)
        if treatment:
            packet.record.mapped("medicalActions")
            yield treatment
        else:
            packet.record.dropped(
                "medicalActions",
                ", ".join(sorted(fields.data)),
                "A medical action without a coded treatment was left out.",
            )


def _treatment(fields: Fields) -> Treatment | None:
    for name, (coded, action) in ACTIONS.items():
        agent_id, label = fields.child(name).term(coded)
        if agent_id:
            response_id, response = fields.term("responseToTreatment")
            target_id, target = fields.term("treatmentTarget")
            return Treatment(
                agent_id=agent_id,
                label=label,
                action=action,
                response_id=response_id or None,
                response=response,
                reason=target or target_id,
            )
    return None
