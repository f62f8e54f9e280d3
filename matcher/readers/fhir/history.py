"""What was tried and what the person was exposed to or measured, as a bundle says it."""

from __future__ import annotations

from matcher.case import Exposure, Measurement, Treatment
from matcher.readers.fhir.coding import concept, concepts
from matcher.readers.fields import Fields

LONGEST_NOTE = 300
MEDICATIONS = frozenset(
    {"MedicationStatement", "MedicationRequest", "MedicationAdministration"}
)
_NOT_DONE = frozenset({"not-taken", "not-done", "cancelled", "draft", "stopped-before"})


def read_treatment(resource: Fields, kind: str) -> Treatment | None:
    """A medication or a procedure with what came of it; None where it was not done."""
    if resource.text("status").casefold() in _NOT_DONE:
        resource.record.dropped(kind, None, f"A {kind} that was not carried out.")
        return None
    name = "code" if kind == "Procedure" else "medicationCodeableConcept"
    agent_id, label = concept(resource, name).coded()
    if not agent_id:
        resource.record.dropped(
            resource.at(name),
            label,
            f"A {kind} without a coded treatment was left out.",
        )
        return None
    reasons = [each.words for each in concepts(resource, "reasonCode")]
    outcome = concept(resource, "outcome")
    response_id = outcome.coded()[0] if outcome else ""
    resource.record.mapped(kind)
    return Treatment(
        agent_id=agent_id,
        label=label,
        action="procedure" if kind == "Procedure" else "treatment",
        response_id=response_id or None,
        response=outcome.words if outcome else "",
        reason=next((each for each in reasons if each), "")[:LONGEST_NOTE],
    )


def read_exposure(observation: Fields) -> Exposure | None:
    """A coded fact of lifestyle or surroundings; None where it is not coded."""
    exposure_id, label = concept(observation, "code").coded()
    if not exposure_id:
        observation.record.dropped(
            observation.at("code"), label, "An exposure without a code was left out."
        )
        return None
    value = concept(observation, "valueCodeableConcept")
    quantity = observation.child("valueQuantity")
    number = quantity.text("value") if quantity else ""
    said = (
        value.words
        or observation.text("valueString")
        or f"{number} {quantity.text('unit') if quantity else ''}".strip()
    )
    observation.record.mapped("Observation.social-history")
    return Exposure(exposure_id=exposure_id, label=label, note=said[:LONGEST_NOTE])


def read_measurement(observation: Fields) -> Measurement | None:
    """A quantity that was measured, if the Observation is one with a code."""
    quantity = observation.child("valueQuantity")
    assay_id, label = concept(observation, "code").coded()
    value = quantity.number("value") if quantity else None
    if value is None or not assay_id:
        return None
    limits = [*observation.children("referenceRange", most=10)][:1]
    low, high = (
        (
            limits[0].child(end).number("value")
            if limits and limits[0].child(end)
            else None
        )
        for end in ("low", "high")
    )
    observation.record.mapped("Observation.quantity")
    return Measurement(
        assay_id=assay_id,
        label=label,
        value=value,
        unit=quantity.text("unit") or quantity.text("code"),
        low=low,
        high=high,
    )
