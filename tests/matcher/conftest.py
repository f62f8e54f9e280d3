"""A release small enough to draw, with real ids and labels and rarities set by hand."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from ontologies.diseases import build_diseases
from ontologies.genes import build_genes
from ontologies.information_content import InformationContent
from ontologies.ontology import build_ontology
from ontologies.terms import Term

# id, label, parents, "1 in so many diseases"
TERMS = (
    ("HP:0000001", "All", (), 1),
    ("HP:0000118", "Phenotypic abnormality", ("HP:0000001",), 1),
    ("HP:0001595", "Abnormal hair morphology", ("HP:0000118",), 5),
    ("HP:0008070", "Sparse hair", ("HP:0001595",), 28),
    ("HP:0002209", "Sparse scalp hair", ("HP:0008070",), 40),
    ("HP:0045075", "Sparse eyebrow", ("HP:0008070",), 60),
    ("HP:0000707", "Abnormality of the nervous system", ("HP:0000118",), 1.5),
    ("HP:0001263", "Global developmental delay", ("HP:0000707",), 4),
    ("HP:0011343", "Moderate global developmental delay", ("HP:0001263",), 50),
    ("HP:0011342", "Mild global developmental delay", ("HP:0001263",), 64),
    ("HP:0012469", "Infantile spasms", ("HP:0000707",), 80),
    ("HP:0000252", "Microcephaly", ("HP:0000707",), 8),
    ("HP:0005484", "Secondary microcephaly", ("HP:0000252",), 90),
    ("HP:0000478", "Abnormality of the eye", ("HP:0000118",), 2),
    ("HP:0000486", "Strabismus", ("HP:0000478",), 10),
    ("HP:0000518", "Cataract", ("HP:0000478",), 15),
    ("HP:0006237", "Prominent interphalangeal joints", ("HP:0000118",), 1077),
    ("HP:0000005", "Mode of inheritance", ("HP:0000001",), 1),
    ("HP:0034345", "Mendelian inheritance", ("HP:0000005",), 1),
    ("HP:0000006", "Autosomal dominant inheritance", ("HP:0034345",), 1),
    ("HP:0000007", "Autosomal recessive inheritance", ("HP:0034345",), 1),
    ("HP:0001417", "X-linked inheritance", ("HP:0034345",), 1),
    ("HP:0001419", "X-linked recessive inheritance", ("HP:0001417",), 1),
    ("HP:0003745", "Sporadic", ("HP:0000005",), 1),
    ("HP:0034335", "Inheritance qualifier", ("HP:0000005",), 1),
    ("HP:0003829", "Typified by incomplete penetrance", ("HP:0034335",), 1),
    ("HP:0003674", "Onset", ("HP:0000001",), 1),
    ("HP:0003577", "Congenital onset", ("HP:0003674",), 1),
    ("HP:0030674", "Antenatal onset", ("HP:0003674",), 1),
    ("HP:0011461", "Fetal onset", ("HP:0030674",), 1),
    ("HP:0410280", "Pediatric onset", ("HP:0003674",), 1),
    ("HP:0011463", "Childhood onset", ("HP:0410280",), 1),
    ("HP:0003581", "Adult onset", ("HP:0003674",), 1),
    ("HP:0011462", "Young adult onset", ("HP:0003581",), 1),
    ("HP:0025708", "Early young adult onset", ("HP:0011462",), 1),
)
RETIRED = (
    Term(
        term_id="HP:0008007",
        label="Thin hair",
        obsolete=True,
        replaced_by=("HP:0008070",),
    ),
    Term(term_id="HP:0000999", label="Vague sign", obsolete=True),
)

HGNC = """\
hgnc_id	symbol	name	alias_symbol	prev_symbol	ensembl_gene_id	entrez_id	status
HGNC:22203	PHF14	PHD finger protein 14			ENSG00000106443	9678	Approved
HGNC:6215	KARS1	lysyl-tRNA synthetase 1		KARS	ENSG00000065427	3735	Approved
HGNC:7133	KMT2D	lysine methyltransferase 2D	MLL4		ENSG00000167548	8085	Approved
HGNC:15840	KMT2B	lysine methyltransferase 2B	MLL4		ENSG00000272333	9757	Approved
"""
CAUSES = """\
ncbi_gene_id	gene_symbol	hpo_id	hpo_name	frequency	disease_id
3735	KARS1	HP:0000252	Microcephaly	-	OMIM:613641
9678	PHF14	HP:0000252	Microcephaly	-	OMIM:620000
8085	KMT2D	HP:0000252	Microcephaly	-	OMIM:147920
9757	KMT2B	HP:0000252	Microcephaly	-	OMIM:617284
"""
ORPHANET = """<?xml version="1.0" encoding="UTF-8"?>
<JDBOR><DisorderList><Disorder><OrphaCode>79113</OrphaCode>
<Name lang="en">Mandibulofacial dysostosis-microcephaly syndrome</Name><ExternalReferenceList>
<ExternalReference><Source>OMIM</Source><Reference>610536</Reference><DisorderMappingRelation>
<Name lang="en">E (Exact mapping)</Name></DisorderMappingRelation></ExternalReference>
</ExternalReferenceList></Disorder></DisorderList></JDBOR>"""
ANNOTATED = SimpleNamespace(
    disease_ids=["OMIM:610536", "OMIM:147920"],
    disease_names=[
        "Mandibulofacial dysostosis, Guion-Almeida type",
        "Kabuki syndrome 1",
    ],
)


@pytest.fixture(scope="session")
def drawn_release(tmp_path_factory):
    """As much of an `ontologies.Release` as evidence and explanation ask for; 1,077 diseases."""
    folder = tmp_path_factory.mktemp("drawn")
    (folder / "hgnc.tsv").write_text(HGNC)
    (folder / "causes.txt").write_text(CAUSES)
    (folder / "product1.xml").write_text(ORPHANET)
    terms = [Term(term_id=term_id, label=label) for term_id, label, _, _ in TERMS]
    ontology = build_ontology(
        "drawn",
        [*terms, *RETIRED],
        {term_id: parents for term_id, _, parents, _ in TERMS},
    )
    rarity = {term_id: one_in for term_id, _, _, one_in in TERMS}
    values = np.array([math.log(rarity[term_id]) for term_id in ontology.term_ids])
    return SimpleNamespace(
        ontology=ontology,
        information_content=InformationContent(ontology, values, 1077),
        genes=build_genes(folder / "hgnc.tsv", folder / "causes.txt"),
        diseases=build_diseases(folder / "product1.xml", ANNOTATED),
    )
