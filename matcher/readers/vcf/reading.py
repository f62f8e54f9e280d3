"""Which variants of a VCF lie in a gene, rare ones with an effect first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING

from matcher.case import Sex, Variant, Zygosity
from matcher.errors import UnreadableVcf
from matcher.readers import alleles
from matcher.readers.vcf.header import VcfHeader, read_header
from matcher.readers.vcf.lines import VcfLimits, lines_of

if TYPE_CHECKING:
    from ontologies.genes import GeneTable

# How often an allele may be seen in people at large and still be called rare.
RARE = 0.01
_IMPACTS = ("HIGH", "MODERATE", "LOW", "MODIFIER", "")
_STRONG = frozenset({"HIGH", "MODERATE"})
_GENE_NAMES = ("HGNC_ID", "SYMBOL", "Gene_Name", "Gene", "Gene_ID")
_FREQUENCIES = (
    "MAX_AF gnomAD_AF gnomADe_AF gnomADg_AF gnomad_AF gnomAD_exomes_AF gnomAD_genomes_AF"
    " AF_popmax ExAC_AF"
).split()
_ALLELES = frozenset("ACGTN")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinship:
    """Which samples are the person's and her parents', and her sex; empty where not known."""

    proband: str = ""
    mother: str = ""
    father: str = ""
    sex: Sex = Sex.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class VcfVariant:
    """One allele of the person in one gene. `frequency` is None where none is given."""

    gene: str
    symbol: str
    variant: Variant
    impact: str
    frequency: float | None
    is_filtered: bool

    @property
    def is_rare(self) -> bool:
        """Whether it is not known to be frequent."""
        return self.frequency is None or self.frequency <= RARE


@dataclass(frozen=True, slots=True, kw_only=True)
class VcfFindings:
    """What a VCF holds in the chosen genes, and in how many others there is something.

    `others` counts the rare variants of high or moderate impact in genes not chosen.
    """

    assembly: str | None
    sample: str
    variants: tuple[VcfVariant, ...]
    others: tuple[tuple[str, int], ...]
    is_annotated: bool
    read: int
    left_out: int


def read_vcf(
    stream: IO[bytes],
    genes: GeneTable,
    chosen: Collection[str],
    kinship: Kinship = Kinship(),
    limits: VcfLimits = VcfLimits(),
) -> VcfFindings:
    """The person's variants in the chosen genes (HGNC ids).

    Raises UnreadableVcf, also where several samples leave open which is hers; TooLarge,
    TooManyValues, NotText and BrokenArchive.
    """
    lines = lines_of(stream, limits)
    header = read_header(lines)
    places = _places(header, kinship)
    telling: list[VcfVariant] = []
    rest: list[VcfVariant] = []
    others: Counter[str] = Counter()
    read = left_out = 0
    for line in lines:
        if not line or line.startswith("#"):
            continue
        read += 1
        for each in _of_line(line, header, places, kinship, genes):
            is_telling = each.is_rare and each.impact in _STRONG
            kept = telling if is_telling else rest
            if each.gene not in chosen:
                others[each.symbol] += is_telling and not each.is_filtered
            elif len(kept) < limits.variants:
                kept.append(each)
            else:
                left_out += 1
    found = [*telling, *rest]
    left_out += len(found[limits.variants :])
    found = found[: limits.variants]
    found.sort(key=lambda each: (not each.is_rare, _IMPACTS.index(each.impact)))
    return VcfFindings(
        assembly=header.assembly,
        sample=header.samples[places[0]] if header.samples else "",
        variants=tuple(found),
        others=tuple((+others).most_common(50)),
        is_annotated=bool(header.annotations),
        read=read,
        left_out=left_out,
    )


def _places(header: VcfHeader, kinship: Kinship) -> tuple[int, int | None, int | None]:
    """The columns of the person, her mother and her father."""
    samples = list(header.samples)
    if not samples:
        raise UnreadableVcf(
            "The VCF has no sample", "one column holds the person's genotype"
        )
    for name in filter(None, (kinship.proband, kinship.mother, kinship.father)):
        if name not in samples:
            shown = ", ".join(samples[:10])
            raise UnreadableVcf(
                f"The VCF has no sample {name[:60]!r}", f"there are {shown}"
            )
    if not kinship.proband and len(samples) > 1:
        shown = ", ".join(samples[:10])
        raise UnreadableVcf(
            f"The VCF has {len(samples)} samples ({shown})",
            "name the one of this person",
        )
    mother, father = (
        samples.index(name) if name else None
        for name in (kinship.mother, kinship.father)
    )
    return samples.index(kinship.proband) if kinship.proband else 0, mother, father


def _of_line(
    line: str,
    header: VcfHeader,
    places: tuple[int, int | None, int | None],
    kinship: Kinship,
    genes: GeneTable,
) -> Iterator[VcfVariant]:
    cells = line.split("\t")
    if len(cells) < 10 or not cells[1].isascii() or not cells[1].isdigit():
        raise UnreadableVcf(
            f"A line of the VCF is no variant ({line[:60]!r})",
            "it has a chromosome, a position, alleles and a genotype, parted by tabs",
        )
    genotypes = [_genotype(cells, place) for place in places]
    info = _info(cells[7])
    for number, alternate in enumerate(cells[4].split(","), 1):
        own = genotypes[0]
        if own is None or str(number) not in own or alternate in ("*", ".", "<*>"):
            continue
        variant = _variant(
            cells, alternate, str(number), genotypes, header, kinship, info
        )
        for gene, symbol, notes in _annotated(info, header, cells[3], alternate, genes):
            yield VcfVariant(
                gene=gene,
                symbol=symbol,
                variant=_noted(variant, notes),
                impact=_impact(notes),
                frequency=_frequency(notes, info, number),
                is_filtered=cells[6] not in ("PASS", ".", ""),
            )


def _genotype(cells: Sequence[str], place: int | None) -> list[str] | None:
    """The alleles of a sample; None where there is no sample or it was not called."""
    if place is None or 9 + place >= len(cells):
        return None
    names = cells[8].split(":")
    values = cells[9 + place].split(":")
    called = dict(zip(names, values)).get("GT", "").replace("|", "/").split("/")
    return called if called and "." not in called and called != [""] else None


def _info(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";"))
    return {name: value for name, _, value in pairs}


def _variant(
    cells: Sequence[str],
    alternate: str,
    number: str,
    genotypes: Sequence[list[str] | None],
    header: VcfHeader,
    kinship: Kinship,
    info: dict[str, str],
) -> Variant:
    own = genotypes[0] or []
    reference, start = cells[3].upper(), int(cells[1])
    chromosome = alleles.chromosome(cells[0])
    structural = alleles.symbolic_type(alternate)
    is_plain = not structural and set(reference + alternate.upper()) <= _ALLELES
    end = info.get("END", "")
    ends_at = int(end) if end.isascii() and end.isdigit() and len(end) < 10 else None
    return Variant(
        assembly=header.assembly,
        chromosome=chromosome,
        start=start,
        end=ends_at or start + len(reference) - 1,
        reference=reference if is_plain else None,
        alternate=alternate.upper() if is_plain else None,
        structural_type=structural,
        zygosity=_zygosity(own, number, chromosome, kinship.sex),
        origin=_origin(number, *genotypes[1:]),
    )


def _zygosity(
    called: Sequence[str], number: str, chromosome: str | None, sex: Sex
) -> Zygosity:
    if len(called) == 1:
        return Zygosity.HEMIZYGOUS
    if set(called) != {number}:
        return Zygosity.HETEROZYGOUS
    is_single = sex is Sex.MALE and chromosome in ("X", "Y")
    return Zygosity.HEMIZYGOUS if is_single else Zygosity.HOMOZYGOUS


def _origin(
    number: str, mother: list[str] | None, father: list[str] | None
) -> str | None:
    """Where the allele came from; None where the genotypes of the parents do not tell."""
    if mother is None or father is None:
        return None
    from_mother, from_father = number in mother, number in father
    if from_mother and from_father:
        return "both parents carry it"
    if from_mother:
        return "maternal"
    return "paternal" if from_father else "de novo"


def _annotated(
    info: dict[str, str],
    header: VcfHeader,
    reference: str,
    alternate: str,
    genes: GeneTable,
) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Each gene that the annotation of an allele names, with its gravest notes."""
    best: dict[str, tuple[str, dict[str, str]]] = {}
    for name, fields in header.annotations.items():
        for entry in info.get(name, "").split(",") if info.get(name) else ():
            notes = dict(zip(fields, entry.split("|")))
            if not _is_about(notes.get("Allele", ""), reference, alternate):
                continue
            for key in _GENE_NAMES:
                gene = genes.resolve(notes[key][:60]).gene if notes.get(key) else None
                if gene is None:
                    continue
                known = best.get(gene.hgnc_id)
                if known is None or _rank(notes) < _rank(known[1]):
                    best[gene.hgnc_id] = (gene.symbol, notes)
                break
    for hgnc_id, (symbol, notes) in best.items():
        yield hgnc_id, symbol, notes


def _is_about(allele: str, reference: str, alternate: str) -> bool:
    """Whether an annotation is of this allele, as VEP or SnpEff write it."""
    if not allele or allele.upper() == alternate.upper():
        return True
    short = alternate[1:] if alternate[:1] == reference[:1] else alternate
    return allele == (short or "-") or allele.upper() in alternate.upper()


def _rank(notes: dict[str, str]) -> int:
    return _IMPACTS.index(_impact(notes))


def _impact(notes: dict[str, str]) -> str:
    impact = (notes.get("IMPACT") or notes.get("Annotation_Impact") or "").upper()
    return impact if impact in _IMPACTS else ""


def _noted(variant: Variant, notes: dict[str, str]) -> Variant:
    written = (notes.get(name, "") for name in ("HGVSc", "HGVS.c", "HGVSp", "HGVS.p"))
    feature = notes.get("Feature_ID", "")
    hgvs = [
        f"{feature}:{text}" if feature and text.startswith("c.") else text
        for text in written
        if text
    ]
    consequence = notes.get("Consequence") or notes.get("Annotation") or ""
    label = consequence.replace("_", " ").replace("&", ", ")[:200]
    return replace(variant, hgvs=tuple(each[:500] for each in hgvs), label=label)


def _frequency(
    notes: dict[str, str], info: dict[str, str], number: int
) -> float | None:
    """The highest frequency among people at large that is given."""
    written = [notes.get(name, "") for name in _FREQUENCIES]
    for name in _FREQUENCIES:
        values = info.get(name, "").split(",")
        written.append(values[number - 1] if number <= len(values) else values[0])
    found = [value for text in written if (value := _share(text)) is not None]
    return max(found, default=None)


def _share(text: str) -> float | None:
    values = []
    for part in text.split("&"):
        try:
            value = float(part)
        except ValueError:
            continue
        if 0 <= value <= 1:
            values.append(value)
    return max(values, default=None)
