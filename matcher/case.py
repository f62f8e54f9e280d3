"""What a case is: one affected person as a clinician or a peer describes her.

Every value is kept as it was entered. Ids are resolved through an `ontologies.Release` at the
moment of matching, so that no ontology update ever rewrites a stored case.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Sex(enum.StrEnum):
    """Sex of the proband, as Phenopackets and MME can say it."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


class Sharing(enum.StrEnum):
    """Who may see a case, from nobody else to everything the exchange allows."""

    PRIVATE = "private"
    SITE = "site"
    NETWORK = "network"
    EXCHANGE_1 = "exchange-1"
    EXCHANGE_2 = "exchange-2"


class Zygosity(enum.StrEnum):
    """Allelic state of a variant."""

    HETEROZYGOUS = "heterozygous"
    HOMOZYGOUS = "homozygous"
    HEMIZYGOUS = "hemizygous"


@dataclass(frozen=True, slots=True, kw_only=True)
class Onset:
    """When something began: an age in years (>= 0), an HPO onset term, or both."""

    years: float | None = None
    term_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhenotypicFeature:
    """An HPO term that was observed or, if `excluded`, looked for and not found."""

    term_id: str
    label: str = ""
    excluded: bool = False
    onset: Onset | None = None
    modifiers: tuple[str, ...] = ()
    severity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One allele. Positions are 1-based and inclusive, as in VCF.

    Structural variants have no `alternate`; then `end` and `structural_type` (a Sequence
    Ontology id) say what they are. `shareable` is the depositor's own word on this variant.
    """

    assembly: str | None = None
    chromosome: str | None = None
    start: int | None = None
    end: int | None = None
    reference: str | None = None
    alternate: str | None = None
    zygosity: Zygosity | None = None
    consequence: str | None = None
    structural_type: str | None = None
    hgvs: tuple[str, ...] = ()
    label: str = ""
    origin: str | None = None
    classification: str | None = None
    shareable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class GenomicFeature:
    """A candidate gene, a variant, or both. `gene` is any name or id, as entered."""

    gene: str | None = None
    gene_label: str = ""
    variant: Variant | None = None
    excluded: bool = False


class Relation(enum.StrEnum):
    """What a relative is to the proband."""

    MOTHER = "mother"
    FATHER = "father"
    SISTER = "sister"
    BROTHER = "brother"
    SIBLING = "sibling"
    HALF_SISTER = "half-sister"
    HALF_BROTHER = "half-brother"
    HALF_SIBLING = "half-sibling"
    DAUGHTER = "daughter"
    SON = "son"
    CHILD = "child"
    GRANDPARENT = "grandparent"
    AUNT = "aunt"
    UNCLE = "uncle"
    COUSIN = "cousin"
    RELATIVE = "relative"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """What is known of a relative, by relation and never by name.

    `affected` says whether she has the disorder of the proband, None where that is not known;
    `features` are her own, of which term, label and exclusion count.
    """

    relation: Relation
    affected: bool | None = None
    features: tuple[PhenotypicFeature, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """That the proband has died: at what age in years (>= 0) and, coded, of what."""

    years: float | None = None
    cause_id: str | None = None
    cause: str = ""


class DiseaseStatus(enum.StrEnum):
    """How sure a diagnosis is."""

    CONFIRMED = "confirmed"
    CANDIDATE = "candidate"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disease:
    """A diagnosis that was made, is considered, or was ruled out."""

    disease_id: str
    label: str = ""
    status: DiseaseStatus = DiseaseStatus.CONFIRMED
    onset: Onset | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Who answers for the case. `href` is `mailto:` or a web address."""

    name: str = ""
    href: str = ""
    institution: str = ""
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A quantity measured, such as a laboratory value, with its unit and reference range."""

    assay_id: str
    label: str = ""
    value: float | None = None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    value_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """A treatment tried, and how the person responded."""

    agent_id: str
    label: str = ""
    action: str = "treatment"
    response_id: str | None = None
    response: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """An environmental exposure or a fact of lifestyle, coded."""

    exposure_id: str
    label: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One affected person. Valid once built; readers report what they could not map.

    `case_id` is unique within its source. `site` and `submitter` say where it came from and
    who deposited it, `family` links cases of one family, `publications` are PMIDs.
    `age_years` is the age at the last encounter. `uncertain` are findings that may be, of which
    term and label count; like those of `relatives` they are compared with nothing and told to
    nobody outside of the site. `note` is free text and never leaves the site.
    """

    case_id: str
    label: str = ""
    features: tuple[PhenotypicFeature, ...] = ()
    genomic_features: tuple[GenomicFeature, ...] = ()
    diseases: tuple[Disease, ...] = ()
    sex: Sex = Sex.UNKNOWN
    age_years: float | None = None
    onset: Onset | None = None
    inheritance: tuple[str, ...] = ()
    species: str = "NCBITaxon:9606"
    family: str | None = None
    contact: Contact | None = None
    site: str | None = None
    submitter: str | None = None
    sharing: Sharing = Sharing.PRIVATE
    test: bool = False
    simulated: bool = False
    solved: bool = False
    publications: tuple[str, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    treatments: tuple[Treatment, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    uncertain: tuple[PhenotypicFeature, ...] = ()
    relatives: tuple[Relative, ...] = ()
    death: Death | None = None
    note: str = ""

    @property
    def observed(self) -> tuple[str, ...]:
        """Term ids of the observed features, as entered, in their order."""
        return tuple(f.term_id for f in self.features if not f.excluded)

    @property
    def excluded(self) -> tuple[str, ...]:
        """Term ids of the features looked for and not found, as entered, in their order."""
        return tuple(f.term_id for f in self.features if f.excluded)

    @property
    def genes(self) -> tuple[str, ...]:
        """Candidate genes as entered, each once, in their order."""
        named = (g.gene for g in self.genomic_features if g.gene and not g.excluded)
        return tuple(dict.fromkeys(named))
