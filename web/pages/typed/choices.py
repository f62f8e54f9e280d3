"""What the case form offers to choose from: onset classes, modes, sexes, levels and the rest."""

from __future__ import annotations

from matcher.case import DiseaseStatus, Sex, Sharing, Zygosity

ONSETS = (
    ("HP:0030674", "before birth"),
    ("HP:0003577", "at birth"),
    ("HP:0003623", "first 28 days"),
    ("HP:0003593", "first year"),
    ("HP:0011463", "1 to 5 years"),
    ("HP:0003621", "5 to 15 years"),
    ("HP:0011462", "16 to 40 years"),
    ("HP:0003596", "40 to 60 years"),
    ("HP:0003584", "after 60 years"),
)

INHERITANCE = (
    ("HP:0000006", "autosomal dominant"),
    ("HP:0000007", "autosomal recessive"),
    ("HP:0001417", "X-linked"),
    ("HP:0001427", "mitochondrial"),
    ("HP:0003745", "sporadic"),
)

SEVERITIES = (
    ("HP:0012827", "borderline"),
    ("HP:0012825", "mild"),
    ("HP:0012826", "moderate"),
    ("HP:0012828", "severe"),
    ("HP:0012829", "profound"),
)

SIDES = (
    ("HP:0012835", "left"),
    ("HP:0012834", "right"),
    ("HP:0012832", "both sides"),
    ("HP:0012833", "one side"),
)

COURSES = (
    ("HP:0011009", "acute"),
    ("HP:0011010", "chronic"),
    ("HP:0025303", "episodic"),
    ("HP:0031796", "recurrent"),
    ("HP:0003680", "not progressive"),
    ("HP:0003677", "slowly progressive"),
    ("HP:0003676", "progressive"),
    ("HP:0003678", "rapidly progressive"),
    ("HP:0031375", "refractory"),
)

ZYGOSITIES = tuple((each.value, each.value) for each in Zygosity)

ASSEMBLIES = (("GRCh38", "GRCh38"), ("GRCh37", "GRCh37"))

ORIGINS = (
    ("de novo", "de novo"),
    ("maternal", "from the mother"),
    ("paternal", "from the father"),
    ("biparental", "from both parents"),
    ("mosaic", "mosaic"),
)

CLASSES = tuple(
    (name, name)
    for name in (
        "pathogenic",
        "likely pathogenic",
        "uncertain significance",
        "likely benign",
        "benign",
    )
)

DIAGNOSES = (
    (DiseaseStatus.CANDIDATE.value, "candidate"),
    (DiseaseStatus.CONFIRMED.value, "final diagnosis"),
    (DiseaseStatus.EXCLUDED.value, "ruled out"),
)

SEXES = (
    (Sex.UNKNOWN.value, "not stated"),
    (Sex.FEMALE.value, "female"),
    (Sex.MALE.value, "male"),
    (Sex.OTHER.value, "other"),
)

SHARING = (
    (Sharing.PRIVATE.value, "Nobody", "You alone see it."),
    (Sharing.SITE.value, "Own site", "Colleagues at {site} see it."),
    (
        Sharing.NETWORK.value,
        "Own site and network",
        "Clinicians at other sites see its features, genes, your institution, and whether it has "
        "a diagnosis.",
    ),
    (
        Sharing.EXCHANGE_1.value,
        "Exchange, level 1",
        "Connected exchanges as well: features, disease and gene names.",
    ),
    (
        Sharing.EXCHANGE_2.value,
        "Exchange, level 2",
        "Variants as well. This needs the consent of the person or the family.",
    ),
)


def sharing_levels(site: str) -> list[tuple[str, str, str]]:
    """Each level with its name and who sees what at it."""
    return [(value, name, text.format(site=site)) for value, name, text in SHARING]


def sharing_explained(level: Sharing, site: str) -> str:
    """Who sees what at this level."""
    return next(text for value, _, text in sharing_levels(site) if value == level.value)
