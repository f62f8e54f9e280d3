"""Whether two people carry the same variant, however each was written down."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from matcher.case import Variant, Zygosity

_ASSEMBLIES: Mapping[str, str] = MappingProxyType(
    {"37": "GRCh37", "19": "GRCh37", "38": "GRCh38", "36": "NCBI36", "18": "NCBI36"}
)
# Sequence Ontology ids that say the same of a stretch of DNA: lost, or there too often.
_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "SO:0000159": "loss",
        "SO:0001743": "loss",
        "SO:0001879": "loss",
        "SO:0001742": "gain",
        "SO:1000035": "gain",
        "SO:1000173": "gain",
        "SO:0001889": "gain",
    }
)
# The symbolic alleles of VCF that mean the same.
_SYMBOLS: Mapping[str, str] = MappingProxyType({"DEL": "loss", "DUP": "gain"})
_HGVS = re.compile(
    r"(?P<sequence>[A-Z]+_?\d+)(?P<version>\.\d+)?(?:\([^)]*\))?"
    r":(?P<level>[cgmn])\.(?P<change>[^?=]+)"
)
# Longer runs of bases are counted when a variant is named by its place.
_SPELT_OUT = 12


class Chain(Protocol):
    """Translates positions between assemblies, as a UCSC chain file does."""

    def lift(self, chromosome: str, position: int) -> int | None:
        """The GRCh38 position of a GRCh37 one, on the same chromosome; None if there is none."""


class Comparison(enum.Enum):
    """What two descriptions of an allele say about each other."""

    SAME = "same"
    DIFFERENT = "different"
    INCOMPARABLE = "incomparable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allele:
    """A variant in one spelling: trimmed, plain chromosome name, named assembly.

    A structural variant has a `kind` ("loss", "gain" or its Sequence Ontology id) and an `end`.
    `gene` is the HGNC id it was given with, empty if none; `copies` is 2 where homozygous.
    `label` and the HGVS `expression` are as entered, to name it by.
    """

    gene: str = ""
    assembly: str = ""
    chromosome: str = ""
    start: int | None = None
    end: int | None = None
    reference: str = ""
    alternate: str = ""
    kind: str = ""
    hgvs: frozenset[str] = frozenset()
    copies: int = 1
    label: str = field(default="", compare=False)
    expression: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """What to call it: its HGVS name, else its depositor's label and its place."""
        if self.expression:
            return self.expression
        return " ".join(filter(None, (self.label, self.place))) or "unnamed variant"

    @property
    def place(self) -> str:
        """Where it is and what changes; "" if that is not known."""
        if not self.is_placed:
            return ""
        if self.kind:
            return f"{self.kind} {self.chromosome}:{self.start:,}-{self.end or self.start:,}"
        change = f"{_spelt(self.reference)}>{_spelt(self.alternate)}"
        return f"{self.chromosome}:{self.start:,} {change} ({self.assembly or 'assembly unknown'})"

    @property
    def is_placed(self) -> bool:
        """Whether it is known where on the genome what changes."""
        says_what = bool(self.reference or self.alternate or self.kind)
        return says_what and bool(self.chromosome) and self.start is not None


def _spelt(bases: str) -> str:
    return f"{len(bases):,} bases" if len(bases) > _SPELT_OUT else bases or "-"


def normalised(variant: Variant, gene: str = "", chain: Chain | None = None) -> Allele:
    """`variant` in one spelling; on GRCh38 if it is on GRCh37 and a chain file was given."""
    kind = _structural_kind(variant)
    reference, alternate, start = ("", "", variant.start) if kind else _trimmed(variant)
    assembly = assembly_name(variant.assembly)
    chromosome = chromosome_name(variant.chromosome)
    end = variant.end
    if chain is not None and assembly == "GRCh37" and start is not None:
        lifted = chain.lift(chromosome, start)
        if lifted is not None:
            end = None if end is None else chain.lift(chromosome, end)
            assembly, start = "GRCh38", lifted
    return Allele(
        gene=gene,
        assembly=assembly,
        chromosome=chromosome,
        start=start,
        end=end,
        reference=reference,
        alternate=alternate,
        kind=kind,
        hgvs=_expressions(variant),
        copies=2 if variant.zygosity is Zygosity.HOMOZYGOUS else 1,
        label=variant.label,
        expression=next(iter(variant.hgvs), ""),
    )


def assembly_name(assembly: str | None) -> str:
    """GRCh37 for GRCh37.p13, hg19, b37 or 37; GRCh38 likewise; "" for none; others as given."""
    text = (assembly or "").strip()
    found = re.fullmatch(
        r"(?:GRCh|hg|b|NCBI|build)?\s*(\d\d)(?:\.p\d+)?", text, re.IGNORECASE
    )
    return _ASSEMBLIES.get(found[1], text) if found else text


def chromosome_name(chromosome: str | None) -> str:
    """1 to 22, X, Y or MT for any usual spelling: chr17, 23, M, NC_000017.11; "" for none."""
    text = re.sub(
        r"^chr(omosome)?_?", "", (chromosome or "").strip(), flags=re.IGNORECASE
    )
    accession = re.fullmatch(r"NC_0*(\d+)(?:\.\d+)?", text, re.IGNORECASE)
    if accession:
        text = "MT" if accession[1] == "12920" else accession[1]
    return {"23": "X", "24": "Y", "25": "MT", "M": "MT"}.get(text.upper(), text.upper())


def _trimmed(variant: Variant) -> tuple[str, str, int | None]:
    """Reference, alternate and start without the bases both alleles share.

    Shifting an indel within a repeat would need the reference sequence, which is not at hand:
    two spellings of one indel that differ by such a shift do not agree.
    """
    reference, alternate = _bases(variant.reference), _bases(variant.alternate)
    if reference is None or alternate is None:
        return "", "", variant.start
    start = variant.start
    while reference and alternate and reference[-1] == alternate[-1]:
        reference, alternate = reference[:-1], alternate[:-1]
    while reference and alternate and reference[0] == alternate[0]:
        reference, alternate = reference[1:], alternate[1:]
        start = None if start is None else start + 1
    return reference, alternate, start


def _bases(text: str | None) -> str | None:
    """Bases in capitals, "" for a dash or a dot; None for anything that is not bases."""
    bases = "" if text is None else text.strip().upper().strip("-.")
    return bases if text is not None and re.fullmatch("[ACGTN]*", bases) else None


def _structural_kind(variant: Variant) -> str:
    """What happened to a stretch of DNA; "" for a variant whose bases are written out."""
    if _bases(variant.alternate):
        return ""
    symbol = _SYMBOLS.get(
        (variant.alternate or "").strip("<>").partition(":")[0].upper(), ""
    )
    found = variant.structural_type or variant.consequence or ""
    return _KINDS.get(found, "") or symbol or (variant.structural_type or "")


def _expressions(variant: Variant) -> frozenset[str]:
    """The HGVS expressions that single out one change of the DNA, each in one spelling.

    What is said of the protein does not, `p.?` least of all. The version of a transcript
    seldom moves its numbering and is dropped; that of a chromosome is the assembly and stays.
    """
    found = (_HGVS.fullmatch(text.replace(" ", "")) for text in variant.hgvs)
    return frozenset(
        f"{match['sequence']}{'' if match['level'] in 'cn' else match['version'] or ''}"
        f":{match['level']}.{match['change']}"
        for match in found
        if match is not None
    )


def compare(
    query: Allele, candidate: Allele, *, tolerance: int, overlap: float
) -> Comparison:
    """Whether two alleles are the same.

    Small ones agree if reference and alternate are equal and the positions differ by at most
    `tolerance`, for some peers count from 0 and some from 1. Structural ones agree if they are
    of one kind and each covers at least `overlap` of the other. Positions on different or
    unnamed assemblies show nothing unless they agree; equal HGVS expressions always do.
    """
    if query.hgvs & candidate.hgvs:
        return Comparison.SAME
    if not (query.is_placed and candidate.is_placed):
        return _compare_expressions(query, candidate)
    if query.assembly and candidate.assembly and query.assembly != candidate.assembly:
        return _compare_expressions(query, candidate)
    if _is_same_place(query, candidate, tolerance, overlap):
        return Comparison.SAME
    if query.assembly and candidate.assembly:
        return Comparison.DIFFERENT
    return Comparison.INCOMPARABLE


def _compare_expressions(query: Allele, candidate: Allele) -> Comparison:
    """Unequal expressions differ only on one sequence, of which each allele has one name."""
    ours, theirs = coding_sequences(query), coding_sequences(candidate)
    return Comparison.DIFFERENT if ours & theirs else Comparison.INCOMPARABLE


def coding_sequences(allele: Allele) -> frozenset[str]:
    """Transcripts, by accession, on which the allele has a coding name."""
    return frozenset(text.partition(":")[0] for text in allele.hgvs if ":c." in text)


def _is_same_place(
    query: Allele, candidate: Allele, tolerance: int, overlap: float
) -> bool:
    assert query.start is not None and candidate.start is not None
    if query.chromosome != candidate.chromosome or bool(query.kind) != bool(
        candidate.kind
    ):
        return False
    if query.kind:
        return (
            query.kind == candidate.kind
            and reciprocal_overlap(query, candidate) >= overlap
        )
    if not (query.reference or query.alternate):
        return False
    spelling = (query.reference, query.alternate) == (
        candidate.reference,
        candidate.alternate,
    )
    return spelling and abs(query.start - candidate.start) <= tolerance


def reciprocal_overlap(query: Allele, candidate: Allele) -> float:
    """The overlap of two stretches as a share of the longer one, 0 to 1. No end: one base."""
    assert query.start is not None and candidate.start is not None
    query_end = max(query.start, query.end or query.start)
    candidate_end = max(candidate.start, candidate.end or candidate.start)
    both = min(query_end, candidate_end) - max(query.start, candidate.start) + 1
    longer = max(query_end - query.start, candidate_end - candidate.start) + 1
    return max(0, both) / longer


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedVariants:
    """How far the alleles of one gene agree. `gene` is "" where a side named no gene.

    `share` is the part of the alleles in common, 0 to 1; `same` holds the agreeing ones.
    """

    gene: str
    share: float
    same: tuple[tuple[Allele, Allele], ...] = ()


def compare_variants(
    query: Sequence[Allele],
    candidate: Sequence[Allele],
    *,
    tolerance: int,
    overlap: float,
) -> tuple[SharedVariants, ...]:
    """For each gene of both sides how far its alleles agree, by gene; symmetric in the sides.

    A gene whose alleles cannot be compared is left out. Two heterozygous alleles of a gene are
    compared with two: one in common is a share of a half, and so is one homozygous allele
    against one of two. Alleles of which either side names no gene count only if they agree.
    """
    found = []
    for gene in sorted({a.gene for a in query} & {a.gene for a in candidate} - {""}):
        shared = _of_gene(gene, query, candidate, tolerance, overlap)
        if shared is not None:
            found.append(shared)
    unnamed = _agreeing(query, candidate, tolerance, overlap, without_gene=True)
    if unnamed:
        most = sum(max(a.copies, b.copies) for a, b in unnamed)
        found.append(
            SharedVariants(gene="", share=_common(unnamed) / most, same=unnamed)
        )
    return tuple(found)


def _of_gene(
    gene: str,
    query: Sequence[Allele],
    candidate: Sequence[Allele],
    tolerance: int,
    overlap: float,
) -> SharedVariants | None:
    """None if not one pair of alleles can be compared."""
    ours = [a for a in query if a.gene == gene]
    theirs = [a for a in candidate if a.gene == gene]
    results = {
        compare(a, b, tolerance=tolerance, overlap=overlap)
        for a in ours
        for b in theirs
    }
    if results <= {Comparison.INCOMPARABLE}:
        return None
    same = _agreeing(ours, theirs, tolerance, overlap)
    alleles = max(sum(a.copies for a in ours), sum(a.copies for a in theirs))
    return SharedVariants(gene=gene, share=_common(same) / alleles, same=same)


def _agreeing(
    query: Sequence[Allele],
    candidate: Sequence[Allele],
    tolerance: int,
    overlap: float,
    without_gene: bool = False,
) -> tuple[tuple[Allele, Allele], ...]:
    """Pairs of alleles that agree, each allele in one pair at most."""
    left = list(candidate)
    pairs: list[tuple[Allele, Allele]] = []
    for allele in query:
        for other in left:
            if without_gene and allele.gene and other.gene:
                continue
            result = compare(allele, other, tolerance=tolerance, overlap=overlap)
            if result is Comparison.SAME:
                pairs.append((allele, other))
                left.remove(other)
                break
    return tuple(pairs)


def _common(pairs: Sequence[tuple[Allele, Allele]]) -> int:
    return sum(min(a.copies, b.copies) for a, b in pairs)
