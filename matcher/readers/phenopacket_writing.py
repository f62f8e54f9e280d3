"""A case as a Phenopacket, version 2.

What the format has no room for is left out: site, sharing, contact, test and simulated
marks, exposures, and the free-text note, which never leaves the site. Inheritance stands
among the phenotypic features, as is usual. Uncertain findings and those of relatives never do:
see `phenopacket_asides`.
"""

from __future__ import annotations

from matcher.case import (
    Case,
    Death,
    Disease,
    DiseaseStatus,
    GenomicFeature,
    Measurement,
    Onset,
    PhenotypicFeature,
    Sex,
    Treatment,
    Variant,
    Zygosity,
)
from matcher.readers.ages import duration
from matcher.readers.medical import ACTIONS
from matcher.readers.phenopacket_asides import asides_to_json

Json = dict[str, object]

# MONDO's root: says that something began, and leaves open what
ANY_DISEASE = "MONDO:0000001"

_SEXES = {
    Sex.FEMALE: "FEMALE",
    Sex.MALE: "MALE",
    Sex.OTHER: "OTHER_SEX",
    Sex.UNKNOWN: "UNKNOWN_SEX",
}
_ALLELIC_STATES = {
    Zygosity.HETEROZYGOUS: "GENO:0000135",
    Zygosity.HOMOZYGOUS: "GENO:0000136",
    Zygosity.HEMIZYGOUS: "GENO:0000134",
}


def to_json(case: Case) -> Json:
    """The packet of one case; `from_json` reads it back without loss of what it can carry."""
    packet: Json = {
        "id": case.case_id,
        "subject": _subject(case),
        "phenotypicFeatures": [_feature(feature) for feature in case.features]
        + [{"type": _term(term_id)} for term_id in case.inheritance],
        "measurements": [_measurement(m) for m in case.measurements],
        "diseases": _diseases(case),
        "interpretations": _interpretations(case),
        "medicalActions": [_medical_action(t) for t in case.treatments],
        "metaData": _meta_data(case),
    }
    return _filled(packet)


def _filled(values: Json) -> Json:
    return {k: v for k, v in values.items() if v not in (None, "", [], {})}


def _term(term_id: str, label: str = "") -> Json:
    return {"id": term_id, "label": label}


def _subject(case: Case) -> Json:
    age = None
    if case.age_years is not None:
        age = {"age": {"iso8601duration": duration(case.age_years)}}
    return _filled(
        {
            "id": case.label or case.case_id,
            "sex": _SEXES[case.sex],
            "timeAtLastEncounter": age,
            "vitalStatus": _vital_status(case.death),
            "taxonomy": _term(case.species),
        }
    )


def _vital_status(death: Death | None) -> Json:
    if death is None:
        return {}
    return _filled(
        {
            "status": "DECEASED",
            "timeOfDeath": _onset(Onset(years=death.years)),
            "causeOfDeath": (
                _term(death.cause_id, death.cause) if death.cause_id else None
            ),
        }
    )


def _onset(onset: Onset | None) -> Json:
    if onset is None:
        return {}
    element: Json = {}
    if onset.years is not None:
        element["age"] = {"iso8601duration": duration(onset.years)}
    if onset.term_id is not None:
        element["ontologyClass"] = _term(onset.term_id)
    return element


def _feature(feature: PhenotypicFeature) -> Json:
    return _filled(
        {
            "type": _term(feature.term_id, feature.label),
            "excluded": feature.excluded or None,
            "onset": _onset(feature.onset),
            "severity": _term(feature.severity) if feature.severity else None,
            "modifiers": [_term(term_id) for term_id in feature.modifiers],
        }
    )


def _diseases(case: Case) -> list[Json]:
    stated = [_disease(d) for d in case.diseases if d.status != DiseaseStatus.CANDIDATE]
    first = next(
        (
            d.onset
            for d in case.diseases
            if d.status == DiseaseStatus.CONFIRMED and d.onset
        ),
        None,
    )
    if case.onset and case.onset != first:
        stated.insert(
            0, {"term": _term(ANY_DISEASE, "disease"), "onset": _onset(case.onset)}
        )
    return stated


def _disease(disease: Disease) -> Json:
    return _filled(
        {
            "term": _term(disease.disease_id, disease.label),
            "excluded": disease.status == DiseaseStatus.EXCLUDED or None,
            "onset": _onset(disease.onset),
        }
    )


def _interpretations(case: Case) -> list[Json]:
    genomic = [_genomic_interpretation(case, g) for g in case.genomic_features]
    candidates = [d for d in case.diseases if d.status == DiseaseStatus.CANDIDATE]
    confirmed = [d for d in case.diseases if d.status == DiseaseStatus.CONFIRMED]
    found = []
    if case.solved:
        found.append(_interpretation(case, "SOLVED", confirmed[:1], genomic))
    elif genomic or candidates:
        found.append(_interpretation(case, "IN_PROGRESS", candidates[:1], genomic))
        candidates = candidates[1:]
    for candidate in candidates:
        found.append(_interpretation(case, "IN_PROGRESS", [candidate], []))
    return [
        {"id": f"{case.case_id}-{number}", **interpretation}
        for number, interpretation in enumerate(found, start=1)
    ]


def _interpretation(
    case: Case, status: str, diseases: list[Disease], genomic: list[Json]
) -> Json:
    disease = _term(diseases[0].disease_id, diseases[0].label) if diseases else None
    diagnosis = _filled({"disease": disease, "genomicInterpretations": genomic})
    return _filled({"progressStatus": status, "diagnosis": diagnosis})


def _genomic_interpretation(case: Case, feature: GenomicFeature) -> Json:
    status = "CAUSATIVE" if case.solved else "CANDIDATE"
    gene = _filled({"valueId": feature.gene, "symbol": feature.gene_label})
    found: Json = {
        "subjectOrBiosampleId": case.label or case.case_id,
        "interpretationStatus": "REJECTED" if feature.excluded else status,
    }
    if feature.variant is None:
        return {**found, "gene": gene}
    return {**found, "variantInterpretation": _variant(feature.variant, gene)}


def _variant(variant: Variant, gene: Json) -> Json:
    extensions = {
        "consequence": variant.consequence,
        "origin": variant.origin,
        "shareable": None if variant.shareable else "false",
    }
    zygosity = variant.zygosity
    descriptor: Json = {
        "label": variant.label,
        "geneContext": gene,
        "vcfRecord": _vcf_record(variant),
        "expressions": [{"syntax": "hgvs", "value": text} for text in variant.hgvs],
        "allelicState": (
            _term(_ALLELIC_STATES[zygosity], zygosity.value) if zygosity else None
        ),
        "structuralType": (
            _term(variant.structural_type) if variant.structural_type else None
        ),
        "extensions": [{"name": k, "value": v} for k, v in extensions.items() if v],
        "moleculeContext": "genomic",
    }
    acmg = variant.classification
    return _filled(
        {
            "acmgPathogenicityClassification": (
                acmg.upper().replace(" ", "_") if acmg else None
            ),
            "variationDescriptor": _filled(descriptor),
        }
    )


def _vcf_record(variant: Variant) -> Json:
    return _filled(
        {
            "genomeAssembly": variant.assembly,
            "chrom": variant.chromosome,
            "pos": None if variant.start is None else str(variant.start),
            "ref": variant.reference,
            "alt": variant.alternate,
            "info": None if variant.end is None else f"END={variant.end}",
        }
    )


def _measurement(measurement: Measurement) -> Json:
    unit = _term(measurement.unit) if measurement.unit else None
    limits = _filled({"unit": unit, "low": measurement.low, "high": measurement.high})
    if measurement.low is None and measurement.high is None:
        limits = {}
    quantity = _filled(
        {"unit": unit, "value": measurement.value, "referenceRange": limits}
    )
    value_id = measurement.value_id
    value = _filled(
        {"quantity": quantity, "ontologyClass": _term(value_id) if value_id else None}
    )
    return _filled(
        {"assay": _term(measurement.assay_id, measurement.label), "value": value}
    )


def _medical_action(treatment: Treatment) -> Json:
    names = {action: (name, coded) for name, (coded, action) in ACTIONS.items()}
    name, coded = names.get(treatment.action, ("treatment", "agent"))
    response_id = treatment.response_id or ""
    response = None
    if response_id or treatment.response:
        response = _term(response_id, treatment.response)
    return _filled(
        {
            name: {coded: _term(treatment.agent_id, treatment.label)},
            "responseToTreatment": response,
            "treatmentTarget": (
                _term("", treatment.reason) if treatment.reason else None
            ),
        }
    )


def _meta_data(case: Case) -> Json:
    return _filled(
        {
            "submittedBy": case.submitter,
            "createdBy": "Secondcase",
            "externalReferences": [
                *({"id": pmid} for pmid in case.publications),
                *asides_to_json(case),
            ],
            "phenopacketSchemaVersion": "2.0",
        }
    )
