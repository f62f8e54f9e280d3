"""How assemblies, chromosomes, alleles and zygosity are written, in one shape each."""

from __future__ import annotations

import re

from matcher.case import Zygosity

# Sequence Ontology: kinds of structural variant, by the symbolic allele of VCF 4.3
SYMBOLIC_ALLELES = {
    "DEL": "SO:0000159",
    "DUP": "SO:1000035",
    "DUP:TANDEM": "SO:1000173",
    "INS": "SO:0000667",
    "INV": "SO:1000036",
    "CNV": "SO:0001019",
    "BND": "SO:0001873",
}
STRUCTURAL_TYPES = frozenset(SYMBOLIC_ALLELES.values()) | {
    "SO:0001742",  # copy_number_gain
    "SO:0001743",  # copy_number_loss
    "SO:0000199",  # translocation
    "SO:0001785",  # structural_alteration
    "SO:0001059",  # sequence_alteration
    "SO:1000029",  # chromosomal_deletion
    "SO:1000037",  # chromosomal_duplication
    "SO:1000044",  # chromosomal_translocation
    "SO:1000030",  # chromosomal_inversion
    "SO:1000183",  # chromosome_structure_variation
}

_ASSEMBLY = re.compile(
    r"(?:grch|hg|b|hs|build|ncbi|ncbi build)?\s*(18|19|36|37|38)(?:d5)?(?:[.\s_-]*p\d+)?",
    re.IGNORECASE,
)
_BUILDS = {
    "18": "NCBI36",
    "36": "NCBI36",
    "19": "GRCh37",
    "37": "GRCh37",
    "38": "GRCh38",
}
_CHROMOSOME = re.compile(r"(?:chromosome|chrom|chr)?[ _]?([0-9]{1,2}|X|Y|M|MT)", re.I)
_REFSEQ = re.compile(r"NC_0*(\d{1,5})\.\d+", re.IGNORECASE)
_CHROMOSOME_NAMES = {"M": "MT", "23": "X", "24": "Y", "12920": "MT"}
_NO_BASES = frozenset({"", "-", ".", "*"})
_ZYGOSITIES = {
    "1": Zygosity.HETEROZYGOUS,
    "2": Zygosity.HOMOZYGOUS,
    "het": Zygosity.HETEROZYGOUS,
    "heterozygous": Zygosity.HETEROZYGOUS,
    "compound heterozygous": Zygosity.HETEROZYGOUS,
    "hom": Zygosity.HOMOZYGOUS,
    "homozygous": Zygosity.HOMOZYGOUS,
    "hemi": Zygosity.HEMIZYGOUS,
    "hemizygous": Zygosity.HEMIZYGOUS,
    "geno:0000135": Zygosity.HETEROZYGOUS,
    "geno:0000402": Zygosity.HETEROZYGOUS,
    "geno:0000458": Zygosity.HETEROZYGOUS,
    "geno:0000136": Zygosity.HOMOZYGOUS,
    "geno:0000134": Zygosity.HEMIZYGOUS,
    "geno:0000604": Zygosity.HEMIZYGOUS,
    "geno:0000605": Zygosity.HEMIZYGOUS,
}


def assembly(text: str) -> str | None:
    """`hg19`, `b37`, `37`, `GRCh37.p13` as `GRCh37`; other names as they are."""
    entered = text.strip()
    match = _ASSEMBLY.fullmatch(entered)
    return _BUILDS[match[1]] if match else entered or None


def chromosome(text: str) -> str | None:
    """`chr17`, `M`, `23`, `NC_000017.11` as `17`, `MT`, `X`, `17`; other names as they are."""
    entered = text.strip()
    match = _CHROMOSOME.fullmatch(entered) or _REFSEQ.fullmatch(entered)
    if not match:
        return entered or None
    name = match[1].upper()
    short = name.lstrip("0") or name
    return _CHROMOSOME_NAMES.get(short, short)


def zygosity(text: str) -> Zygosity | None:
    """Zygosity from MME numbers, words or GENO ids; None where it is none of them."""
    return _ZYGOSITIES.get(text.strip().casefold())


def bases(text: str) -> str | None:
    """An allele in capitals; None for the ways to write that there is none."""
    entered = text.strip().upper()
    return None if entered in _NO_BASES or symbolic_type(entered) else entered


def symbolic_type(text: str) -> str | None:
    """The Sequence Ontology id of an allele such as `<DEL>`, `DEL` or `G]17:198982]`.

    A symbol in angle brackets that VCF does not define is some structural alteration.
    """
    symbol = text.strip().upper().strip("<>")
    found = SYMBOLIC_ALLELES.get(symbol) or SYMBOLIC_ALLELES.get(symbol.split(":")[0])
    if found:
        return found
    if "[" in symbol or "]" in symbol:
        return SYMBOLIC_ALLELES["BND"]
    return "SO:0001785" if text.strip().startswith("<") else None
