from __future__ import annotations

import gzip
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ontologies.files import loading
from ontologies.errors import (
    InvalidOntology,
    OntologyError,
    UnreadableFile,
    UnreadableOntology,
)
from ontologies.files.confinement import Limits
from ontologies.files.loading import load_ontology, read_ontology, run_child
from ontologies.ontology import Ontology
from ontologies.terms import Synonym

SMALL = """\
format-version: 1.2
data-version: hp/releases/2031-02-03
synonymtypedef: layperson "layperson term"

[Term]
id: HP:0000001
name: All

[Term]
id: HP:0000118
name: Phänotyp
def: "What is \\"seen\\"." [PMID:1]
comment: A comment.
synonym: "looks" BROAD layperson []
is_a: HP:0000001 ! All
"""


def write(folder, text):
    path = folder / "hp.obo"
    path.write_text(text, "utf-8")
    return path


def test_terms_are_read_with_all_that_the_file_says_of_them(hpo_slice):
    term = hpo_slice.ontology.term("HP:0001250")
    assert term.label == "Seizure"
    assert Synonym("Epileptic seizure", "EXACT") in term.synonyms
    assert Synonym("Epilepsy", "RELATED", True, "layperson") in term.synonyms
    assert Synonym("Seizures", "EXACT", False, "plural_form") in term.synonyms
    assert "HP:0002279" in term.alternative_ids
    assert term.definition.startswith("A seizure is an intermittent abnormality")
    assert term.comment.startswith("A type of electrographic seizure")
    assert not term.obsolete


def test_version_is_the_date_of_the_release(tmp_path):
    loaded = load_ontology(write(tmp_path, SMALL))
    assert loaded.ontology.version == "2031-02-03"
    assert loaded.findings == ()


def test_text_beyond_ascii_and_quotes_survive(tmp_path):
    term = load_ontology(write(tmp_path, SMALL)).ontology.term("HP:0000118")
    assert (term.label, term.definition) == ("Phänotyp", 'What is "seen".')


def test_file_that_breaks_rules_is_refused_with_all_of_them(tmp_path):
    text = SMALL.replace("name: All\n", "").replace(
        "is_a: HP:0000001", "is_a: HP:0000003"
    )
    with pytest.raises(InvalidOntology, match="hp.obo is refused") as caught:
        load_ontology(write(tmp_path, text))
    kinds = {finding.kind.value for finding in caught.value.findings}
    assert kinds == {"missing name", "dangling parent"}


def test_oddities_do_not_keep_a_file_from_being_used(tmp_path):
    text = SMALL + "consider: HP:0000404\n"
    (finding,) = load_ontology(write(tmp_path, text)).findings
    assert "unknown HP:0000404" in str(finding)


def test_stanza_that_only_the_parser_sees_is_refused(tmp_path):
    hidden = "\n[Term] ! hidden\nid: HP:0000002\nname: Body height\nis_a: HP:0000001\n"
    with pytest.raises(UnreadableOntology):
        load_ontology(write(tmp_path, SMALL + hidden))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b'{"graphs": []}', "called .obo but begins as .json"),
        (b"<?xml version='1.0'?><rdf:RDF/>", "called .obo but begins as .owl"),
        (gzip.compress(gzip.compress(SMALL.encode())), "gzipped twice"),
        (b"\0" * 5000, "its first line is of no such file"),
        (b"hgnc_id\tsymbol\n", "called .obo but begins as .txt"),
    ],
    ids=["empty", "json", "owl", "gzip", "zeros", "genes"],
)
def test_what_does_not_begin_as_an_ontology_never_reaches_the_parser(
    tmp_path, content, reason
):
    path = tmp_path / "hp.obo"
    path.write_bytes(content)
    with pytest.raises(OntologyError, match=reason):
        load_ontology(path)


def test_other_source_of_a_release_is_named_as_what_it_is(tmp_path):
    path = tmp_path / "given"
    path.write_bytes(b"hgnc_id\tsymbol\n")
    with pytest.raises(UnreadableOntology, match="it is hgnc_complete_set.txt, which"):
        load_ontology(path)


def test_gzipped_file_is_read_as_the_plain_one(tmp_path):
    path = tmp_path / "hp.obo.gz"
    path.write_bytes(gzip.compress(SMALL.encode()))
    assert load_ontology(path).ontology.label("HP:0000118") == "Phänotyp"


def test_file_that_is_not_utf8_is_refused(tmp_path):
    path = tmp_path / "hp.obo"
    path.write_bytes(SMALL.encode("latin-1"))
    with pytest.raises(UnreadableFile, match="it is not UTF-8"):
        load_ontology(path)


def test_file_over_the_size_limit_is_refused(tmp_path):
    with pytest.raises(UnreadableFile, match="its content is more than 10 bytes"):
        load_ontology(write(tmp_path, SMALL), Limits(file_bytes=10))


def test_file_over_the_limit_of_lines_is_refused(tmp_path):
    path = write(tmp_path, SMALL)
    count = len(SMALL.splitlines())
    assert len(load_ontology(path, Limits(lines=count)).ontology) == 2
    with pytest.raises(UnreadableOntology, match=f"more than {count - 1} lines"):
        load_ontology(path, Limits(lines=count - 1))


def test_file_with_too_many_stanzas_is_refused_for_those(tmp_path):
    text = SMALL + "\n[Term]\nis_obsolete: true\n" * 140_000
    with pytest.raises(InvalidOntology, match="more than 131070 .Term. stanzas"):
        load_ontology(write(tmp_path, text))


def test_line_that_is_no_obo_is_refused_with_the_parsers_words(tmp_path):
    with pytest.raises(UnreadableOntology, match="its reader says: .*Error"):
        load_ontology(write(tmp_path, SMALL + "synonym: no quotes\n"))


def test_reading_that_takes_too_long_is_stopped(tmp_path):
    with pytest.raises(UnreadableOntology, match="more than 0 s to read"):
        load_ontology(write(tmp_path, SMALL), Limits(wall_seconds=0))


def test_reading_that_takes_too_much_memory_is_stopped(tmp_path):
    limits = Limits(memory_bytes=1 << 20)
    with pytest.raises(UnreadableOntology, match="more than 1 MB of memory"):
        load_ontology(write(tmp_path, SMALL), limits)


@pytest.fixture
def web_server():
    """A loopback server that only notes what it was asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def test_imports_in_the_file_are_refused_and_not_followed(web_server, tmp_path):
    address, asked = web_server
    text = SMALL.replace("\n\n", f"\nimport: {address}/other.obo\n\n", 1)
    with pytest.raises(InvalidOntology, match="other.obo' is to be imported"):
        load_ontology(write(tmp_path, text))
    assert asked == []


def test_process_that_asked_never_loads_the_parser(tmp_path):
    program = (
        "import sys; from pathlib import Path\n"
        "from ontologies.files.loading import load_ontology\n"
        "load_ontology(Path(sys.argv[1]))\n"
        "sys.exit('pronto' in sys.modules)"
    )
    path = write(tmp_path, SMALL)
    assert subprocess.run([sys.executable, "-c", program, str(path)]).returncode == 0


def test_child_keeps_to_its_limits(tmp_path, monkeypatch):
    kept = []
    monkeypatch.setattr(loading, "confine", lambda limits, **_: kept.append(limits))
    path = write(tmp_path, SMALL)
    run_child([str(path), str(tmp_path), Limits(seconds=7).to_json()])
    assert kept == [Limits(seconds=7)]
    assert Ontology.open(tmp_path / "terms").version == "2031-02-03"


def test_file_whose_checked_stanzas_are_not_the_parsed_ones_is_refused(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(loading, "_parsed", lambda *_: ("2031-02-03", []))
    with pytest.raises(UnreadableOntology, match="can be read in two ways"):
        read_ontology(write(tmp_path, SMALL), tmp_path, Limits())
