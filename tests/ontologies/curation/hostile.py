"""Files that somebody might upload to do harm, or by mistake: each with its name and its error."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

HEADER = "format-version: 1.2\ndata-version: hp/releases/2031-02-03\n\n"
ROOT = "[Term]\nid: HP:0000001\nname: All\n\n"
PHENOTYPE = "[Term]\nid: HP:0000118\nname: Sign\nis_a: HP:0000001\n\n"
GOOD = HEADER + ROOT + PHENOTYPE
RDF = (
    '<?xml version="1.0"?>\n{doctype}<rdf:RDF xmlns="{iri}#" xml:base="{iri}"'
    ' xmlns:owl="http://www.w3.org/2002/07/owl#"'
    ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    ' xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#">\n'
    '<owl:Ontology rdf:about="{iri}">{header}</owl:Ontology>\n{classes}</rdf:RDF>\n'
)
OBO = "http://purl.obolibrary.org/obo/"
IRI = f"{OBO}hp.owl"
COLUMNS = (
    "database_id\tdisease_name\tqualifier\thpo_id\treference\tevidence\tonset\tfrequency\t"
    "sex\tmodifier\taspect\tbiocuration"
)
ROW = "OMIM:1\tOne\t\tHP:0000118\tPMID:1\tPCS\t\t\t\t\tP\tHPO:x"
HGNC = "hgnc_id\tsymbol\tname\talias_symbol\tprev_symbol\tensembl_gene_id\tentrez_id\tstatus\n"
MEGA = 1 << 20


@dataclass(frozen=True)
class Hostile:
    """A file: what it is called, its bytes, and what the error must say."""

    name: str
    make: Callable[[], bytes]
    says: str


def term(term_id: str, *lines: str) -> str:
    return "\n".join(("[Term]", f"id: {term_id}", *lines)) + "\n\n"


def named(number: int, *lines: str) -> str:
    return term(f"HP:{number:07d}", f"name: Term {number}", *lines)


def owl(
    classes: str = "", *, iri: str = IRI, doctype: str = "", header: str = ""
) -> bytes:
    text = RDF.format(iri=iri, classes=classes, doctype=doctype, header=header)
    return text.encode()


def owl_class(number: int, parent: int | None = None, label: str = "x") -> str:
    above = f'<rdfs:subClassOf rdf:resource="{OBO}HP_{parent:07d}"/>' if parent else ""
    return (
        f'<owl:Class rdf:about="{OBO}HP_{number:07d}">'
        f"<rdfs:label>{label}</rdfs:label>{above}</owl:Class>\n"
    )


def graph(nodes: object, edges: object = (), **others: object) -> bytes:
    content = {"graphs": [{"nodes": nodes, "edges": edges, **others}]}
    return json.dumps(content).encode()


def node(number: int, label: str = "x", **meta: object) -> dict[str, object]:
    iri = f"{OBO}HP_{number:07d}"
    return {"id": iri, "lbl": label, "type": "CLASS", "meta": meta}


def edge(child: int, parent: int) -> dict[str, str]:
    iri = f"{OBO}HP_"
    return {"sub": f"{iri}{child:07d}", "pred": "is_a", "obj": f"{iri}{parent:07d}"}


def bomb(size: int, start: bytes = b"format-version: 1.2\n") -> bytes:
    """A gzip file of a few kilobytes that unpacks to that many bytes."""
    packer = zlib.compressobj(9, wbits=31)
    parts = [packer.compress(start)]
    parts += [
        packer.compress(b"! nothing\n" * (MEGA // 10)) for _ in range(size // MEGA)
    ]
    return b"".join((*parts, packer.flush()))


def entities(count: int) -> str:
    lines = ['<!ENTITY e0 "lol">']
    lines += [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, count)]
    return f"<!DOCTYPE rdf:RDF [{''.join(lines)}]>\n"


def hpoa(*lines: str) -> bytes:
    return "\n".join(("#version: 2031-02-03", *lines, "")).encode()


def ladder(levels: int) -> str:
    """Terms in one line, each below the one before."""
    return "".join(named(n, f"is_a: HP:{n - 1:07d}") for n in range(200, 200 + levels))


def text(content: str) -> Callable[[], bytes]:
    return lambda: content.encode()


def in_obo(content: str, says: str, name: str = "hp.obo") -> Hostile:
    return Hostile(name, text(content), says)


def of_packing() -> Iterator[Hostile]:
    good = GOOD.encode()
    whole = gzip.compress(good)
    yield Hostile("hp.obo.gz", lambda: bomb(80 * MEGA), "more than 67108864 bytes")
    yield Hostile(
        "hp.json.gz", lambda: bomb(80 * MEGA, b"{"), "more than 67108864 bytes"
    )
    yield Hostile(
        "hp.owl.gz", lambda: bomb(80 * MEGA, b"<?xml "), "more than 67108864 bytes"
    )
    yield Hostile("hp.obo.gz", lambda: gzip.compress(whole), "gzipped twice")
    yield Hostile("hp.obo.gz", lambda: whole[:-12], "gzip data ends before the end")
    yield Hostile(
        "hp.obo.gz", lambda: whole[:40] + bytes(30) + whole[70:], "is damaged"
    )
    yield Hostile("hp.obo.gz", lambda: whole[:-8] + bytes(8), "is damaged")
    yield Hostile("hp.obo.gz", lambda: whole + b"rubbish", "is damaged")
    yield Hostile("hp.obo.gz", lambda: b"\x1f\x8b\x09\x00rubbish", "is damaged")
    yield Hostile("hp.obo.gz", lambda: gzip.compress(b""), "it is empty")
    yield Hostile("hp.obo", lambda: b"", "it is empty")
    yield Hostile("hp.obo", lambda: b"PK\x03\x04rest", "a zip archive")
    yield Hostile("hp.obo", lambda: b"BZh9rest", "packed with bzip2")
    yield Hostile("hp.obo", lambda: b"\xfd7zXZ\x00", "packed with xz")
    yield Hostile(
        "hp.obo", lambda: b"format-version: 1.2\n" * (5 * MEGA), "more than 67108864"
    )


def of_names_and_text() -> Iterator[Hostile]:
    good = GOOD.encode()
    yield Hostile("hp.json", lambda: good, "called .json but begins as .obo")
    yield Hostile("hp.obo", lambda: graph([]), "called .obo but begins as .json")
    yield Hostile("../../../etc/passwd.owl", lambda: good, "passwd.owl cannot be read")
    yield Hostile("..\\..\\boot.xml", lambda: good, "^boot.xml cannot be read")
    yield Hostile("x" * 5000 + ".owl", lambda: b"", "it is empty")
    yield Hostile(
        "a\0b\x1b[31m\n.obo", lambda: b"", r"a\?b\?\[31m\?.obo cannot be read"
    )
    yield Hostile("hp.obo", lambda: b"\x7fELF\x02\x01", "first line is of no such file")
    yield Hostile("hp.obo", lambda: bytes(MEGA), "first line is of no such file")
    yield Hostile("hp.obo", lambda: GOOD.encode("utf-16"), "it is UTF-16")
    yield Hostile("hp.obo", lambda: good.replace(b"Sign", b"Si\0gn"), "is NUL")
    yield Hostile("hp.obo", lambda: good.replace(b"Sign", b"Si\xffgn"), "is not UTF-8")
    yield Hostile("hp.obo", lambda: good + "ä".encode()[:1], "is not UTF-8")
    yield in_obo(GOOD + "comment: " + "x" * MEGA, "line of more than 65536 bytes")
    yield in_obo(GOOD + "\n" * 400_000, "more than 300000 lines")


def of_obo() -> Iterator[Hostile]:
    yield in_obo(HEADER, "no live .Term. stanza")
    yield in_obo(HEADER + term("HP:0000001"), "has no name")
    undated = "format-version: 1.2\n\n"
    yield in_obo(undated + ROOT + PHENOTYPE, "of which release it is")
    yield in_obo(GOOD + ROOT, "already described in line")
    yield in_obo(
        GOOD + named(2, "is_a: HP:0000404"), "HP:0000404, which is not in the file"
    )
    yield in_obo(
        GOOD + named(2, "is_a: HP:0000003") + named(3, "is_a: HP:0000002"), "cycle"
    )
    yield in_obo(GOOD + named(2, "is_a: HP:0000002"), "are above themselves")
    yield in_obo(GOOD + named(2), "second root")
    yield in_obo(
        GOOD + term("MP:0000002", "name: x", "is_a: HP:0000118"),
        "'MP:0000002' is no id",
    )
    yield in_obo(
        GOOD + term("HP:２", "name: x", "is_a: HP:0000118"), "is no id of the form"
    )
    yield in_obo(
        GOOD.replace("\n\n", "\nimport: http://127.0.0.1:9/x.obo\n\n", 1), "imported"
    )
    yield in_obo(GOOD.replace("\n\n", "\nimport: /etc/passwd\n\n", 1), "imported")
    yield in_obo(
        GOOD + named(2, "synonym: no quotes", "is_a: HP:0000118"), "its reader says"
    )
    yield in_obo(GOOD + "[Term] ! hidden\nid: HP:0000002\nname: x\n", "cannot be read")
    many = "".join(f'synonym: "s{n}" EXACT []\n' for n in range(200_000))
    yield in_obo(GOOD.rstrip() + "\n" + many, "200000 synonyms, more than 1000")
    yield in_obo(GOOD + named(199, "is_a: HP:0000118") + ladder(300), "levels above it")
    yield in_obo(
        GOOD + "".join(named(n) for n in range(200, 70_000)), "more than the 65535"
    )
    stanzas = "[Term]\nid: HP:0000002\n\n" * 60_000
    yield in_obo(GOOD + stanzas, "already described")


def of_json() -> Iterator[Hostile]:
    name = "hp.json"
    yield Hostile(name, lambda: b'{"a":' * MEGA, "nested too deeply")
    yield Hostile(name, lambda: b'{"graphs": [', "it is no JSON")
    yield Hostile(name, lambda: b'{"graphs": 1}', "not built as OBO-JSON")
    yield Hostile(name, lambda: b'{"graphs": []}', "not built as OBO-JSON")
    yield Hostile(name, lambda: graph([]), "no live")
    yield Hostile(name, lambda: graph([{"id": 7}]), "not built as OBO-JSON")
    yield Hostile(name, lambda: graph([node(1), node(1)]), "already described in entry")
    cycle = [edge(2, 3), edge(3, 2)]
    yield Hostile(name, lambda: graph([node(1), node(2), node(3)], cycle), "cycle")
    yield Hostile(
        name, lambda: graph([node(1), node(2)], [edge(2, 9)]), "dangling parent"
    )
    imports = {"imports": ["file:///etc/passwd"]}
    yield Hostile(name, lambda: graph([node(1)], **imports), "imported")
    yield Hostile(
        name, lambda: b'{"graphs": [{"nodes": [], "edges": NaN}]}', "not built as"
    )


def of_owl() -> Iterator[Hostile]:
    name = "hp.owl"
    expression = "http://x/" + "(a+)+" * 20 + "$"
    yield Hostile(name, lambda: owl(iri=expression.replace("+", "%2B")), "no live")
    external = '<!DOCTYPE rdf:RDF [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n'
    yield Hostile(
        name, lambda: owl(owl_class(1, label="&x;"), doctype=external), "entities"
    )
    laughs = entities(12)
    yield Hostile(
        name, lambda: owl(owl_class(1, label="&e9;"), doctype=laughs), "entities"
    )
    remote = '<!DOCTYPE rdf:RDF SYSTEM "http://127.0.0.1:9/x.dtd">\n'
    yield Hostile(name, lambda: owl(doctype=remote), "cannot be read|no live")
    header = '<owl:imports rdf:resource="http://127.0.0.1:9/other.owl"/>'
    yield Hostile(name, lambda: owl(owl_class(1), header=header), "imported")
    deep = "<a>" * 5000 + "</a>" * 5000
    yield Hostile(name, lambda: owl(deep), "nested too deeply")
    yield Hostile(name, lambda: owl()[:-20], "it is no XML")
    yield Hostile(
        name, lambda: b"<?xml version='1.0'?><html/>", "its root is not rdf:RDF"
    )
    yield Hostile(name, lambda: owl(owl_class(1) + owl_class(2, 2)), "above themselves")
    yield Hostile(name, lambda: owl(owl_class(1) + owl_class(1)), "already described")


def of_other_kinds() -> Iterator[Hostile]:
    rows = "phenotype.hpoa"
    yield Hostile(rows, lambda: hpoa(), "no line with the names of the columns")
    yield Hostile(rows, lambda: hpoa("database_id\tx"), "the columns are not")
    yield Hostile(rows, lambda: hpoa(COLUMNS), "there are no rows")
    yield Hostile(rows, lambda: hpoa(COLUMNS, "a\tb"), "2 columns, not 12")
    yield Hostile(
        rows, lambda: hpoa(COLUMNS, ROW.replace("HP:", "=HP:")), "is not an HPO id"
    )
    genes = "hgnc_complete_set.txt"
    yield Hostile(genes, text("hgnc_id\tsymbol\n"), "no approved gene|not built as")
    yield Hostile(genes, text(HGNC), "no approved gene")
    yield Hostile(
        genes, text(HGNC + "HGNC:1\n"), "not built as it should be|no approved"
    )
    disease_genes = "genes_to_phenotype.txt"
    yield Hostile(
        disease_genes, text("ncbi_gene_id\tx\n1\t2\n"), "not built as it should be"
    )
    diseases = "en_product1.xml"
    yield Hostile(diseases, text("<JDBOR><DisorderList/></JDBOR>"), "it has no disease")
    yield Hostile(diseases, text("<JDBOR><DisorderList>"), "not built as it should be")
    laughs = entities(9).replace("rdf:RDF", "JDBOR")
    yield Hostile(
        diseases, text(f"{laughs}<JDBOR>&e8;</JDBOR>"), "not built as it should be"
    )


CORPUS = (
    *of_packing(),
    *of_names_and_text(),
    *of_obo(),
    *of_json(),
    *of_owl(),
    *of_other_kinds(),
)
