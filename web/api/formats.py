"""What the document of the API says of the three formats of a case.

Only the fields that matter most are named: the readers know more of them, and take what is
merely put otherwise, so nothing is refused for not looking like this.
"""

from __future__ import annotations

from web.api.schemas import Body


class OntologyClass(Body):
    """A term with its id, such as HP:0001250."""

    id: str
    label: str = ""


class PhenopacketFeature(Body):
    """A sign that was observed or, if excluded, looked for and not found."""

    type: OntologyClass
    excluded: bool = False


class Individual(Body):
    """The affected person."""

    id: str
    sex: str = "UNKNOWN_SEX"


class PhenopacketDisease(Body):
    """A diagnosis that was made or, if excluded, ruled out."""

    term: OntologyClass
    excluded: bool = False


class Phenopacket(Body):
    """A Phenopacket, version 2 (https://phenopacket-schema.readthedocs.io)."""

    id: str
    subject: Individual
    phenotypicFeatures: list[PhenopacketFeature] = []
    interpretations: list[dict[str, object]] = []
    diseases: list[PhenopacketDisease] = []
    metaData: dict[str, object]


class PatientContact(Body):
    """Who answers for the case."""

    name: str
    href: str
    institution: str = ""


class PatientFeature(Body):
    """A sign that was observed or, with "no", looked for and not found."""

    id: str
    label: str = ""
    observed: str = "yes"


class PatientGene(Body):
    """A gene by its HGNC symbol, or its HGNC, Ensembl or Entrez id."""

    id: str


class PatientGenomicFeature(Body):
    """A candidate gene, with a variant if one is known."""

    gene: PatientGene
    variant: dict[str, object] | None = None


class Patient(Body):
    """A patient of the Matchmaker Exchange API 1.1 (https://github.com/ga4gh/mme-apis)."""

    id: str
    contact: PatientContact
    features: list[PatientFeature] = []
    genomicFeatures: list[PatientGenomicFeature] = []
    disorders: list[OntologyClass] = []


class PatientEnvelope(Body):
    """A patient as it stands in a request; without the envelope it is taken as well."""

    patient: Patient


class Resource(Body):
    """A resource: the Patient, or what is said of her (Condition, Observation and others)."""

    resourceType: str


class BundleEntry(Body):
    """One resource of a bundle."""

    resource: Resource


class Bundle(Body):
    """A FHIR R4 Bundle about one person (https://hl7.org/fhir/R4/bundle.html).

    Names, identifiers, addresses and dates of birth in it are read past and never kept.
    """

    resourceType: str = "Bundle"
    entry: list[BundleEntry] = []
