"""The document of the API (OpenAPI 3.1): what is said of each call, and how a call is checked."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.info import Info
from flask_openapi3.models.schema import Schema
from flask_openapi3.openapi import OpenAPI as OpenAPI
from flask_openapi3.types import ResponseDict

import matcher
from web.api.bodies import BUNDLE, JSON, PATIENT, PHENOPACKET
from web.api.admission import know_the_system
from web.api.errors import BadParameters
from web.api.formats import Bundle, PatientEnvelope, Phenopacket
from web.api.schemas import Body, Problem, ValidationError, faults_of
from web.problems import MEDIA_TYPE

PREFIX = "/api/v1"
TOKEN = "token"
REFERENCE = "#/components/schemas/"
MODELS: Mapping[str, type[Body]] = {
    PHENOPACKET: Phenopacket,
    PATIENT: PatientEnvelope,
    BUNDLE: Bundle,
}
SECURITY: list[dict[str, list[str]]] = [{TOKEN: []}]
DESCRIPTION = """\
For systems that submit cases: seqr, Scout, a bridge of an electronic health record. A token is \
for one site and for submitting, matching, or both; the operator of the site makes it with \
`secondcase token add`. What is not there and what is not yours are answered alike, with 404. \
Every error is `application/problem+json` (RFC 9457) and names each field that is wrong."""
SEIZURE = {"id": "HP:0001250", "label": "Seizure"}
TEETH = {"id": "HP:0000677", "label": "Oligodontia"}
JOINTS = {"id": "HP:0006237", "label": "Prominent interphalangeal joints"}
EXAMPLES: Mapping[str, dict[str, Any]] = {
    PHENOPACKET: {
        "id": "I000123",
        "subject": {"id": "I000123", "sex": "FEMALE"},
        "phenotypicFeatures": [
            {"type": SEIZURE},
            {"type": TEETH},
            {
                "type": {"id": "HP:0000252", "label": "Microcephaly"},
                "excluded": True,
            },
        ],
        "interpretations": [
            {
                "id": "I000123-1",
                "diagnosis": {
                    "genomicInterpretations": [
                        {
                            "subjectOrBiosampleId": "I000123",
                            "interpretationStatus": "CANDIDATE",
                            "gene": {"valueId": "HGNC:22203", "symbol": "PHF14"},
                        }
                    ]
                },
            }
        ],
        "metaData": {"phenopacketSchemaVersion": "2.0"},
    },
    PATIENT: {
        "patient": {
            "id": "I000123",
            "contact": {
                "name": "Dr Example",
                "href": "mailto:genetics@hospital.example",
            },
            "features": [
                {**SEIZURE, "observed": "yes"},
                {**TEETH, "observed": "yes"},
                {"id": "HP:0000252", "label": "Microcephaly", "observed": "no"},
            ],
            "genomicFeatures": [{"gene": {"id": "PHF14"}}],
        }
    },
    BUNDLE: {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"resource": {"resourceType": "Patient", "id": "p1", "gender": "female"}},
            *(
                {
                    "resource": {
                        "resourceType": "Observation",
                        "status": "final",
                        "subject": {"reference": "Patient/p1"},
                        "code": {
                            "coding": [
                                {
                                    "system": "http://purl.obolibrary.org/obo/hp.owl",
                                    "code": term["id"],
                                    "display": term["label"],
                                }
                            ]
                        },
                        "valueBoolean": True,
                    }
                }
                for term in (SEIZURE, TEETH, JOINTS)
            ),
        ],
    },
}


def application(import_name: str) -> OpenAPI:
    """The Flask application, able to write the document of what is registered with it."""
    return OpenAPI(
        import_name,
        info=Info(
            title="Secondcase deposit API",
            version=matcher.__version__,
            description=DESCRIPTION,
        ),
        security_schemes={TOKEN: {"type": "http", "scheme": "bearer"}},
        validation_error_model=Problem,
        validation_error_callback=_refuse,
        # Its own pages fetch scripts from elsewhere, and it serves the document twice.
        doc_ui=False,
    )


def blueprint(name: str, import_name: str) -> APIBlueprint:
    """Routes below the prefix of the API, all of them with a token."""
    made = APIBlueprint(
        name,
        import_name,
        url_prefix=PREFIX,
        abp_security=SECURITY,
        abp_responses={status: failure(status) for status in (401, 404, 422, 503)},
    )
    made.before_request(know_the_system)
    for model in MODELS.values():
        _describe(made, model)
    return made


def _describe(made: APIBlueprint, model: type[Body]) -> None:
    schema = model.model_json_schema(ref_template=REFERENCE + "{model}")
    parts = schema.pop("$defs", {})
    for name, part in {**parts, model.__name__: schema}.items():
        made.components_schemas[name] = Schema(**part)


def failure(status: int) -> dict[str, Any]:
    """How the document says that a call may fail."""
    schema = {"$ref": REFERENCE + Problem.__name__}
    return {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": schema}},
    }


def responses(
    success: dict[str | int, type[Body] | None], *failing: int
) -> ResponseDict:
    """How a call may end."""
    failed: ResponseDict = {str(status): failure(status) for status in failing}
    return {**success, **failed}


def case_body() -> dict[str, Any]:
    """What the document says of a body with a case in it."""
    content: dict[str, Any] = {
        name: {
            "schema": {"$ref": REFERENCE + model.__name__},
            "example": EXAMPLES[name],
        }
        for name, model in MODELS.items()
    }
    content[JSON] = {
        "schema": {"anyOf": [each["schema"] for each in content.values()]},
        "examples": {
            "phenopacket": {"value": EXAMPLES[PHENOPACKET]},
            "patient": {"value": EXAMPLES[PATIENT]},
            "bundle": {"value": EXAMPLES[BUNDLE]},
        },
    }
    said = (
        "One case: a Phenopacket (version 2), a Matchmaker Exchange patient, or a FHIR R4 "
        "bundle about one person, told apart by the content type or, as application/json, by "
        "what stands in it. Of a bundle no name, identifier, address or date of birth is kept. "
        "Reading is liberal: "
        "the report says what was guessed or dropped."
    )
    return {"requestBody": {"required": True, "description": said, "content": content}}


def _refuse(error: ValidationError) -> Response:
    place = "path" if error.title.endswith("Path") else "query"
    raise BadParameters(faults_of(error, place))
