"""What the header of a VCF says: the assembly, the samples, and how genes are annotated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from matcher.errors import UnreadableVcf
from matcher.readers.alleles import assembly

# Length of chromosome 1, by which assemblies are told apart; Genome Reference Consortium
_CHROMOSOME_1 = {"249250621": "GRCh37", "248956422": "GRCh38", "247249719": "NCBI36"}
_NAMED = re.compile(r"(grch3[78]|hg19|hg38|b37|hs37|b38|hs38)", re.IGNORECASE)
_FORMAT = re.compile(r"Format:\s*([^\">]+)", re.IGNORECASE)
_ANN = (
    "Allele|Annotation|Annotation_Impact|Gene_Name|Gene_ID|Feature_Type|Feature_ID"
    "|Transcript_BioType|Rank|HGVS.c|HGVS.p"
).split("|")
_FIXED = 9
_MOST_LINES = 20_000


@dataclass(slots=True)
class VcfHeader:
    """What is known before the first variant."""

    assembly: str | None = None
    samples: tuple[str, ...] = ()
    annotations: dict[str, list[str]] = field(default_factory=dict)


def read_header(lines: Iterator[str]) -> VcfHeader:
    """The header; the lines go on behind it. Raises UnreadableVcf where there is none."""
    header = VcfHeader()
    for number, line in enumerate(lines):
        if number == 0 and not line.startswith("##fileformat=VCF"):
            break
        if number > _MOST_LINES:
            break
        if line.startswith("#CHROM"):
            header.samples = tuple(line.split("\t")[_FIXED:])
            return header
        _read(header, line)
    raise UnreadableVcf(
        "This is no VCF", "it begins with ##fileformat=VCF and has a #CHROM line"
    )


def _read(header: VcfHeader, line: str) -> None:
    if line.startswith(("##reference=", "##assembly=")):
        header.assembly = header.assembly or _named(line)
    elif line.startswith("##contig=") and header.assembly is None:
        length = re.search(r"length=(\d+)", line)
        known = _CHROMOSOME_1.get(length[1]) if length else None
        stated = re.search(r"assembly=\"?([^,\">]+)", line)
        header.assembly = known or (_named(stated[1]) if stated else None)
    elif line.startswith(("##INFO=<ID=CSQ,", "##INFO=<ID=ANN,")):
        name = line[len("##INFO=<ID=") :][:3]
        said = _FORMAT.search(line)
        header.annotations[name] = [
            each.strip(" '") for each in (said[1].split("|") if said else _ANN)
        ]


def _named(text: str) -> str | None:
    found = _NAMED.search(text)
    return assembly(found[1]) if found else None
