import gzip

import pytest

from ontologies.genes import GeneStatus, GeneTable, build_genes

HGNC = """\
hgnc_id	symbol	name	alias_symbol	prev_symbol	ensembl_gene_id	entrez_id	status
HGNC:6215	KARS1	lysyl-tRNA synthetase 1	KARS2	DFNB89|KARS	ENSG00000065427	3735	Approved
HGNC:4162	GARS1	glycyl-tRNA synthetase 1	GlyRS|SMAD1	CMT2D|GARS	ENSG00000106105	2617	Approved
HGNC:25088	SGO1	shugoshin 1	NY-BR-85	SGOL1	ENSG00000129810	151648	Approved
HGNC:6767	SMAD1	SMAD family member 1		MADH1	ENSG00000170365	4086	Approved
HGNC:7133	KMT2D	lysine methyltransferase 2D	MLL4|ALR	MLL2	ENSG00000167548	8085	Approved
HGNC:15840	KMT2B	lysine methyltransferase 2B	MLL4|MLL2		ENSG00000272333	9757	Approved
HGNC:1	OLDA	twin A		SPLIT			Approved
HGNC:2	OLDB	twin B		SPLIT			Approved
HGNC:3	GONE	withdrawn gene				99	Entry Withdrawn
"""
CAUSES = """\
ncbi_gene_id	gene_symbol	hpo_id	hpo_name	frequency	disease_id
3735	KARS1	HP:0000007	Autosomal recessive inheritance	-	OMIM:613641
3735	KARS1	HP:0000365	Hearing impairment	-	OMIM:613641
3735	KARS1	HP:0000365	Hearing impairment	-	ORPHA:3240
8085	KMT2D	HP:0001249	Intellectual disability	-	ORPHA:3240
99	GONE	HP:0001249	Intellectual disability	-	OMIM:100000
"""


@pytest.fixture(scope="module")
def genes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("genes")
    hgnc, causes = folder / "hgnc.tsv.gz", folder / "genes_to_phenotype.txt"
    hgnc.write_bytes(gzip.compress(HGNC.encode()))
    causes.write_text(CAUSES)
    build_genes(hgnc, causes).save(folder / "compiled")
    return GeneTable.open(folder / "compiled")


@pytest.mark.parametrize(
    ("entered", "symbol", "via"),
    [
        ("KARS1", "KARS1", "symbol"),
        ("kars1", "KARS1", "symbol"),
        (" KARS 1\n", "KARS1", "symbol"),
        ("KARS", "KARS1", "previous symbol"),
        ("GARS", "GARS1", "previous symbol"),
        ("SGOL1", "SGO1", "previous symbol"),
        ("glyrs", "GARS1", "alias"),
        ("ENSG00000065427", "KARS1", "ensembl"),
        ("ENSG00000065427.14", "KARS1", "ensembl"),
        ("ensembl:ENSG00000065427", "KARS1", "ensembl"),
        ("3735", "KARS1", "entrez"),
        ("NCBIGene:3735", "KARS1", "entrez"),
        ("HGNC:6215", "KARS1", "hgnc"),
        ("hgnc:hgnc:6215", "KARS1", "hgnc"),
    ],
)
def test_gene_is_recognised_by_any_name_or_id(genes, entered, symbol, via):
    resolution = genes.resolve(entered)

    assert resolution.is_resolved
    assert (resolution.gene.symbol, resolution.via) == (symbol, via)
    assert resolution.entered == entered


def test_approved_symbol_wins_over_the_alias_of_another_gene(genes):
    assert genes.resolve("SMAD1").gene.hgnc_id == "HGNC:6767"


def test_previous_symbol_wins_over_the_alias_of_another_gene(genes):
    assert genes.resolve("MLL2").gene.symbol == "KMT2D"


@pytest.mark.parametrize(
    ("entered", "symbols"),
    [("MLL4", ["KMT2B", "KMT2D"]), ("SPLIT", ["OLDA", "OLDB"])],
)
def test_name_of_several_genes_is_reported_with_the_choices(genes, entered, symbols):
    resolution = genes.resolve(entered)

    assert resolution.status is GeneStatus.AMBIGUOUS
    assert resolution.gene is None
    assert [gene.symbol for gene in resolution.candidates] == symbols


@pytest.mark.parametrize(
    "entered", ["", "  ", "NOSUCHGENE", "HGNC:", "HGNC:3", "GONE", "99", "ENSG0000"]
)
def test_unknown_gene_is_reported_and_never_raised(genes, entered):
    resolution = genes.resolve(entered)

    assert resolution.status is GeneStatus.UNKNOWN
    assert (resolution.gene, resolution.candidates) == (None, ())


def test_gene_is_had_by_its_hgnc_id(genes):
    gene = genes["HGNC:4162"]

    assert (gene.symbol, gene.ensembl_id, gene.entrez_id) == (
        "GARS1",
        "ENSG00000106105",
        "2617",
    )


def test_unapproved_hgnc_id_is_no_key(genes):
    with pytest.raises(KeyError, match="HGNC:3"):
        genes["HGNC:3"]


def test_gene_knows_its_diseases_once_and_a_disease_its_genes(genes):
    assert genes.diseases_of("HGNC:6215") == ("OMIM:613641", "ORPHA:3240")
    assert genes.genes_of("ORPHA:3240") == ("HGNC:6215", "HGNC:7133")


def test_gene_without_disease_has_none(genes):
    assert genes.diseases_of("HGNC:6767") == ()
    assert genes.genes_of("OMIM:100000") == ()


def test_genes_with_a_disease_are_counted_once(genes):
    assert (genes.annotated, len(genes)) == (2, 8)
