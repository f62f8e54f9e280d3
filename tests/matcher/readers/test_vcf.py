"""VCF: the person's variants in chosen genes, and files that mean no good."""

from __future__ import annotations

import gzip
import io

import pytest

from matcher.case import Sex, Zygosity
from matcher.errors import (
    BrokenArchive,
    NotText,
    TooLarge,
    TooManyValues,
    UnreadableInput,
    UnreadableVcf,
)
from matcher.readers.vcf import Kinship, VcfFindings, VcfLimits, read_vcf
from ontologies import Release

PHF14 = "HGNC:22203"
KIF7 = "HGNC:30497"
CSQ = (
    '##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequence annotations from Ensembl VEP. '
    'Format: Allele|Consequence|IMPACT|SYMBOL|Gene|HGNC_ID|HGVSc|HGVSp|MAX_AF">'
)
ANN = "##INFO=<ID=ANN,Number=.,Type=String,Description=\"Functional annotations: 'Allele'\">"
GRCH38 = "##contig=<ID=chr1,length=248956422>"


def vcf(*rows: str, samples: str = "child", header: str = f"{GRCH38}\n{CSQ}") -> bytes:
    names = "\t".join(samples.split())
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT"
    lines = ["##fileformat=VCFv4.2", header, f"{columns}\t{names}", *rows]
    return ("\n".join(lines) + "\n").encode()


def row(
    info: str,
    genotypes: str = "0/1",
    *,
    chromosome: str = "chr7",
    alleles: str = "A G",
    passed: str = "PASS",
) -> str:
    reference, alternate = alleles.split()
    cells = [
        chromosome,
        "11012974",
        ".",
        reference,
        alternate,
        "50",
        passed,
        info,
        "GT",
    ]
    return "\t".join([*cells, *genotypes.split()])


MISSENSE = "CSQ=G|missense_variant|MODERATE|PHF14|ENSG1|HGNC:22203|NM_1:c.1A>G|NP_1:p.K1E|0.0001"


def read(
    data: bytes,
    release: Release,
    *chosen: str,
    kinship: Kinship = Kinship(),
    limits: VcfLimits = VcfLimits(),
) -> VcfFindings:
    return read_vcf(
        io.BytesIO(data), release.genes, chosen or (PHF14,), kinship, limits
    )


@pytest.mark.parametrize("packed", [False, True])
def test_a_variant_of_a_chosen_gene_is_found(release: Release, packed: bool) -> None:
    data = vcf(row(MISSENSE))
    found = read(gzip.compress(data) if packed else data, release)

    [one] = found.variants
    assert found.assembly == "GRCh38" and found.sample == "child" and found.read == 1
    assert (one.gene, one.symbol, one.impact) == (PHF14, "PHF14", "MODERATE")
    assert (one.variant.chromosome, one.variant.start) == ("7", 11012974)
    assert (one.variant.reference, one.variant.alternate) == ("A", "G")
    assert one.variant.hgvs == ("NM_1:c.1A>G", "NP_1:p.K1E")
    assert one.variant.zygosity is Zygosity.HETEROZYGOUS
    assert one.frequency == 0.0001 and one.is_rare


def test_genes_that_were_not_chosen_are_only_counted(release: Release) -> None:
    found = read(vcf(row(MISSENSE), row(MISSENSE)), release, KIF7)

    assert found.variants == () and found.others == (("PHF14", 2),)


def test_rare_variants_with_an_effect_come_first(release: Release) -> None:
    common = MISSENSE.replace("0.0001", "0.3")
    silent = MISSENSE.replace("MODERATE", "LOW")
    high = MISSENSE.replace("MODERATE", "HIGH")
    found = read(vcf(row(common), row(silent), row(MISSENSE), row(high)), release)

    assert [(v.is_rare, v.impact) for v in found.variants] == [
        (True, "HIGH"),
        (True, "MODERATE"),
        (True, "LOW"),
        (False, "MODERATE"),
    ]


def test_annotations_of_snpeff_are_read(release: Release) -> None:
    info = (
        "ANN=G|stop_gained|HIGH|PHF14|ENSG1|transcript|NM_1.2|coding|1/2|c.1A>G|p.K1*"
    )
    found = read(vcf(row(info), header=f"{GRCH38}\n{ANN}"), release)

    assert found.variants[0].impact == "HIGH"
    assert found.variants[0].variant.hgvs == ("NM_1.2:c.1A>G", "p.K1*")


@pytest.mark.parametrize(
    "genotypes, zygosity, origin",
    [
        ("0/1 0/1 0/0", Zygosity.HETEROZYGOUS, "maternal"),
        ("0|1 0/0 0/1", Zygosity.HETEROZYGOUS, "paternal"),
        ("0/1 0/0 0/0", Zygosity.HETEROZYGOUS, "de novo"),
        ("1/1 0/1 0/1", Zygosity.HOMOZYGOUS, "both parents carry it"),
        ("1 0/1 0", Zygosity.HEMIZYGOUS, "maternal"),
        ("0/1 ./. 0/0", Zygosity.HETEROZYGOUS, None),
    ],
)
def test_zygosity_and_origin_come_from_the_genotypes(
    release: Release, genotypes: str, zygosity: Zygosity, origin: str | None
) -> None:
    data = vcf(row(MISSENSE, genotypes), samples="child mum dad")
    kinship = Kinship(proband="child", mother="mum", father="dad")

    [one] = read(data, release, kinship=kinship).variants

    assert (one.variant.zygosity, one.variant.origin) == (zygosity, origin)


def test_two_alleles_on_the_one_x_of_a_boy_are_hemizygous(release: Release) -> None:
    data = vcf(row(MISSENSE, "1/1", chromosome="X"))

    [one] = read(data, release, kinship=Kinship(sex=Sex.MALE)).variants

    assert one.variant.zygosity is Zygosity.HEMIZYGOUS


@pytest.mark.parametrize("genotype", ["0/0", "./.", "."])
def test_what_the_person_does_not_carry_is_not_hers(
    release: Release, genotype: str
) -> None:
    assert read(vcf(row(MISSENSE, genotype)), release).variants == ()


def test_each_allele_has_the_annotation_of_its_own(release: Release) -> None:
    info = (
        "CSQ=G|missense_variant|MODERATE|PHF14||HGNC:22203|NM_1:c.1A>G||,"
        "T|stop_gained|HIGH|PHF14||HGNC:22203|NM_1:c.1A>T||"
    )
    data = vcf(row(info, "1/2", alleles="A G,T"))

    found = {v.variant.alternate: v.impact for v in read(data, release).variants}

    assert found == {"G": "MODERATE", "T": "HIGH"}


@pytest.mark.parametrize(
    "header, assembly",
    [
        ("##reference=file:///data/hg19.fa", "GRCh37"),
        ("##contig=<ID=1,length=249250621,assembly=b37>", "GRCh37"),
        ("##contig=<ID=1,length=5,assembly=GRCh38>", "GRCh38"),
        ("##source=x", None),
    ],
)
def test_the_assembly_is_told_by_the_header(
    release: Release, header: str, assembly: str | None
) -> None:
    assert read(vcf(row(MISSENSE), header=header), release).assembly == assembly


def test_a_file_without_annotation_says_so(release: Release) -> None:
    found = read(vcf(row("DP=9"), header=GRCH38), release)

    assert not found.is_annotated and found.variants == ()


@pytest.mark.parametrize(
    "data, error",
    [
        (b"", UnreadableVcf),
        (b"\x89PNG\r\n", UnreadableVcf),
        (b"##fileformat=VCFv4.2\nno header\n", UnreadableVcf),
        (vcf("no variant"), UnreadableVcf),
        (vcf("chr1\tx\t.\tA\tG\t.\t.\t.\tGT\t0/1"), UnreadableVcf),
        (vcf(row(MISSENSE), samples="a b"), UnreadableVcf),
        (b"\x1f\x8bno gzip", BrokenArchive),
        (gzip.compress(vcf(row(MISSENSE)))[:-20], BrokenArchive),
        (gzip.compress(b"##fileformat=VCFv4.2\n" + b"#\n" * 200_000), TooManyValues),
        (gzip.compress(b"##fileformat=VCFv4.2\n" + b"#" * 200_000), TooLarge),
        (gzip.compress(vcf(*[row(MISSENSE)] * 400)), TooLarge),
        (vcf("chr1\xff").replace(b"\xc3\xbf", b"\xff"), NotText),
    ],
)
def test_hostile_files_are_refused_by_name(
    release: Release, data: bytes, error: type[UnreadableInput]
) -> None:
    limits = VcfLimits(decompressed=40_000, lines=9_000, line=5_000)

    with pytest.raises(error):
        read(data, release, limits=limits)


def test_a_sample_that_is_not_there_is_named(release: Release) -> None:
    with pytest.raises(UnreadableVcf, match="no sample 'mum'.*child"):
        read(vcf(row(MISSENSE)), release, kinship=Kinship(mother="mum"))


def test_only_so_many_variants_are_kept(release: Release) -> None:
    found = read(vcf(*[row(MISSENSE)] * 5), release, limits=VcfLimits(variants=2))

    assert len(found.variants) == 2 and found.left_out == 3
