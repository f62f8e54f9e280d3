"""What is sent to a peer about a case of ours: what its sharing level grants, in the peer's way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from matcher.case import Case
from matcher.readers import mme
from ontologies import Release
from web.mme.asking.errors import NotAskable
from web.mme.disclosing.consent import disclosed, is_exchanged
from web.mme.nodes import Node
from web.mme.nodes.quirks import GeneIds

Json = dict[str, Any]


def require_askable(case: Case, release: Release) -> None:
    """Refuse a case of which peers may not be told, or of whom too little is told to answer.

    Raises `NotAskable`.
    """
    if not is_exchanged(case):
        raise NotAskable(
            case.case_id,
            f"it is shared as {case.sharing}; its owner must share it with the exchange "
            "(level exchange-1 or exchange-2) first",
        )
    patient = mme.to_json(disclosed(case), release=release)
    if not patient.get("features") and not patient.get("genomicFeatures"):
        raise NotAskable(
            case.case_id,
            "it has neither an HPO term nor a gene that this release knows; add one",
        )
    if case.contact is None or not case.contact.href:
        raise NotAskable(
            case.case_id,
            "it names no contact with an e-mail or web address, which every peer requires; "
            "add one",
        )


def patient_for(node: Node, case: Case, release: Release) -> Json:
    """The patient that goes to this peer. Raises ValueError for a case not shared."""
    told = disclosed(case)
    contact = told.contact
    if contact and not contact.name:
        told = replace(
            told, contact=replace(contact, name=contact.institution or "the submitter")
        )
    quirks = node.quirks
    patient: Json = mme.to_json(
        told,
        release=release,
        gene_symbols=quirks.gene_ids is GeneIds.SYMBOL,
        coordinate_base=quirks.coordinates.written,
    )
    if not quirks.plain_labels:
        return patient
    plain = {key: _plain(value) for key, value in patient.items()}
    return {**plain, **_decodable_contact(patient)}


def body_of(patient: Mapping[str, Any], query: Mapping[str, Any] = {}) -> bytes:
    """The request about a patient, in ASCII so that no peer reads it in another encoding.

    `query` is what is asked for beside it.
    """
    said = {"patient": patient} | ({"_query": query} if query else {})
    return json.dumps(said, allow_nan=False).encode("ascii")


def _plain(value: Any) -> Any:
    """A value without % and + in any of its texts."""
    if isinstance(value, str):
        return " ".join(value.replace("%", " percent ").replace("+", " plus ").split())
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _decodable_contact(patient: Mapping[str, Any]) -> Json:
    """The contact, its address such that decoding it once more changes nothing of use.

    Between the two signs an e-mail address cannot do without either.
    """
    contact = patient.get("contact")
    if not contact:
        return {}
    href = str(contact.get("href", "")).replace("%", "%25").replace("+", "%2B")
    return {"contact": {**_plain(contact), "href": href}}
