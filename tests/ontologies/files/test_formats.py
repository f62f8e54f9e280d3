from __future__ import annotations

import gzip
import json
from xml.sax.saxutils import escape, quoteattr

import pytest

from ontologies.errors import InvalidOntology
from ontologies.files.confinement import Limits
from ontologies.files.formats import Form, plain_text, recognise
from ontologies.files.loading import load_ontology, read_ontology
from ontologies.files.sources import Kind
from ontologies.terms import ResolutionStatus

OBO = "http://purl.obolibrary.org/obo/"
IN_OWL = "http://www.geneontology.org/formats/oboInOwl#"
SCOPES = {
    "EXACT": "hasExactSynonym",
    "NARROW": "hasNarrowSynonym",
    "BROAD": "hasBroadSynonym",
    "RELATED": "hasRelatedSynonym",
}


def iri(term_id):
    return OBO + term_id.replace(":", "_")


def terms_of(ontology):
    """Every term as the files describe it, the ids that only lead elsewhere left out."""
    ids = (*ontology.term_ids, *ontology.obsolete_ids)
    return [ontology.term(term_id) for term_id in ids]


def parents_of(ontology, term):
    return () if term.obsolete else ontology.parents(term.term_id)


def as_graph(ontology):
    """The ontology as the HPO project writes hp.json."""
    nodes, edges = [], []
    for term in terms_of(ontology):
        values = [{"pred": f"{IN_OWL}consider", "val": each} for each in term.consider]
        values += [
            {"pred": f"{OBO}IAO_0100001", "val": iri(i)} for i in term.replaced_by
        ]
        values += [
            {"pred": f"{IN_OWL}hasAlternativeId", "val": i}
            for i in term.alternative_ids
        ]
        synonyms = [
            {
                "pred": SCOPES[each.scope],
                "val": each.text,
                **({"synonymType": f"{OBO}hp#{each.kind}"} if each.kind else {}),
            }
            for each in term.synonyms
        ]
        meta = {
            "synonyms": synonyms,
            "basicPropertyValues": values,
            "deprecated": term.obsolete,
        }
        meta |= {"definition": {"val": term.definition}} if term.definition else {}
        meta |= {"comments": [term.comment]} if term.comment else {}
        nodes.append(
            {"id": iri(term.term_id), "lbl": term.label, "type": "CLASS", "meta": meta}
        )
        for parent in parents_of(ontology, term):
            edges.append({"sub": iri(term.term_id), "pred": "is_a", "obj": iri(parent)})
    nodes.append({"id": f"{OBO}UBERON_0000955", "lbl": "brain", "type": "CLASS"})
    nodes.append({"id": f"{OBO}BFO_0000050", "lbl": "part of", "type": "PROPERTY"})
    version = f"{OBO}hp/releases/{ontology.version}/hp.json"
    return {"graphs": [{"nodes": nodes, "edges": edges, "meta": {"version": version}}]}


def as_owl(ontology):
    """The ontology as the HPO project writes hp.owl."""
    lines = [
        '<?xml version="1.0"?><rdf:RDF xmlns:owl="http://www.w3.org/2002/07/owl#"'
        ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#"'
        f' xmlns:obo="{OBO}" xmlns:oboInOwl="{IN_OWL}">',
        f'<owl:Ontology rdf:about="{OBO}hp.owl"><owl:versionIRI rdf:resource='
        f'"{OBO}hp/releases/{ontology.version}/hp.owl"/></owl:Ontology>',
        f'<owl:Class rdf:about="{OBO}UBERON_0000955"/>',
    ]
    for term in terms_of(ontology):
        lines += owl_class(ontology, term)
    return "\n".join((*lines, "</rdf:RDF>"))


def owl_class(ontology, term):
    yield f"<owl:Class rdf:about={quoteattr(iri(term.term_id))}>"
    yield f"<rdfs:label>{escape(term.label)}</rdfs:label>"
    for parent in parents_of(ontology, term):
        yield f"<rdfs:subClassOf rdf:resource={quoteattr(iri(parent))}/>"
    yield "<rdfs:subClassOf><owl:Restriction><owl:someValuesFrom rdf:resource="
    yield f'"{OBO}UBERON_0000955"/></owl:Restriction></rdfs:subClassOf>'
    if term.definition:
        yield f"<obo:IAO_0000115>{escape(term.definition)}</obo:IAO_0000115>"
    if term.comment:
        yield f"<rdfs:comment>{escape(term.comment)}</rdfs:comment>"
    if term.obsolete:
        yield "<owl:deprecated>true</owl:deprecated>"
    for each in term.replaced_by:
        yield f"<obo:IAO_0100001 rdf:resource={quoteattr(iri(each))}/>"
    for each in term.consider:
        yield f"<oboInOwl:consider>{each}</oboInOwl:consider>"
    for each in term.alternative_ids:
        yield f"<oboInOwl:hasAlternativeId>{each}</oboInOwl:hasAlternativeId>"
    for synonym in term.synonyms:
        name = SCOPES[synonym.scope]
        yield f"<oboInOwl:{name}>{escape(synonym.text)}</oboInOwl:{name}>"
    yield "</owl:Class>"
    for synonym in term.synonyms:
        if synonym.kind:
            yield f"<owl:Axiom><owl:annotatedSource rdf:resource={quoteattr(iri(term.term_id))}/>"
            yield f'<owl:annotatedProperty rdf:resource="{IN_OWL}{SCOPES[synonym.scope]}"/>'
            yield f"<owl:annotatedTarget>{escape(synonym.text)}</owl:annotatedTarget>"
            yield f'<oboInOwl:hasSynonymType rdf:resource="{OBO}hp#{synonym.kind}"/></owl:Axiom>'


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzipped"])
@pytest.mark.parametrize("form", ["json", "owl"])
def test_other_formats_give_the_ontology_that_obo_gives(
    hpo_slice, tmp_path, form, packed
):
    expected = hpo_slice.ontology
    text = json.dumps(as_graph(expected)) if form == "json" else as_owl(expected)
    content = gzip.compress(text.encode()) if packed else text.encode()
    path = tmp_path / f"hp.{form}{'.gz' if packed else ''}"
    path.write_bytes(content)
    loaded = load_ontology(path)
    found = loaded.ontology
    assert found.version == expected.version
    assert found.term_ids == expected.term_ids
    assert found.retired_ids == expected.retired_ids
    assert terms_of(found) == terms_of(expected)
    assert [found.parents(i) for i in found.term_ids] == [
        expected.parents(i) for i in expected.term_ids
    ]
    assert [found.resolve(i) for i in found.retired_ids] == [
        expected.resolve(i) for i in found.retired_ids
    ]
    (left_out,) = loaded.findings
    assert "1 entries of 'UBERON' are left out" in str(left_out)


def test_merged_id_without_a_name_is_another_id_of_its_heir(hpo_slice, tmp_path):
    content = as_graph(hpo_slice.ontology)
    values = [{"pred": f"{OBO}IAO_0100001", "val": f"{OBO}HP_0001250"}]
    meta = {"deprecated": True, "basicPropertyValues": values}
    content["graphs"][0]["nodes"].append({"id": f"{OBO}HP_0777777", "meta": meta})
    path = tmp_path / "hp.json"
    path.write_text(json.dumps(content))
    found = read_ontology(path, tmp_path, Limits()).ontology.resolve("HP:0777777")
    assert (found.status, found.term_id) == (ResolutionStatus.ALTERNATIVE, "HP:0001250")


def test_all_that_is_wrong_with_a_graph_is_told_by_its_entries(hpo_slice, tmp_path):
    content = as_graph(hpo_slice.ontology)
    (graph,) = content["graphs"]
    graph["nodes"].append(graph["nodes"][0])
    graph["edges"] += [
        {"sub": iri("HP:0001250"), "pred": "is_a", "obj": iri("HP:0404040")},
        {"sub": iri("HP:0000707"), "pred": "is_a", "obj": iri("HP:0001250")},
    ]
    path = tmp_path / "hp.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InvalidOntology) as caught:
        read_ontology(path, tmp_path, Limits())
    kinds = {str(finding.kind) for finding in caught.value.findings}
    assert kinds == {"duplicate id", "dangling parent", "cycle"}
    assert "entry 24: duplicate id" in str(caught.value)


@pytest.mark.parametrize(
    ("start", "kind", "form", "file"),
    [
        (b"format-version: 1.4\n", Kind.HPO, Form.OBO, "hp.obo"),
        (b"\xef\xbb\xbf\n[Term]\n", Kind.HPO, Form.OBO, "hp.obo"),
        (b'{"graphs"', Kind.HPO, Form.OBO_JSON, "hp.json"),
        (b"<?xml version='1.0'?>\n<rdf:RDF", Kind.HPO, Form.OWL, "hp.owl"),
        (b"#description: x\n", Kind.ANNOTATIONS, Form.HPOA, "phenotype.hpoa"),
        (b"database_id\tdisease", Kind.ANNOTATIONS, Form.HPOA, "phenotype.hpoa"),
        (b"hgnc_id\tsymbol", Kind.GENES, Form.TABLE, "hgnc_complete_set.txt"),
        (b"ncbi_gene_id\tx", Kind.DISEASE_GENES, Form.TABLE, "genes_to_phenotype.txt"),
        (b"<?xml?>\n<JDBOR date=", Kind.DISEASES, Form.XML, "en_product1.xml"),
    ],
)
def test_file_is_recognised_by_how_it_begins(tmp_path, start, kind, form, file):
    path = tmp_path / "upload"
    path.write_bytes(start)
    found = recognise(path)
    assert (found.kind, found.form, found.file) == (kind, form, file)
    path.write_bytes(gzip.compress(start))
    assert recognise(path, "anything.gz").file == f"{file}.gz"


def test_gzip_of_several_members_is_unpacked_whole(tmp_path):
    path = tmp_path / "hp.obo.gz"
    path.write_bytes(
        gzip.compress(b"format-version: 1.2\n") + gzip.compress(b"ontology: hp\n")
    )
    (tmp_path / "unpacked").mkdir()
    text = plain_text(path, Kind.HPO, tmp_path / "unpacked", Limits())
    assert text.read_bytes() == gzip.decompress(path.read_bytes())
    assert text.name == "hp.obo"
