from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from ontologies.curation.differences import Change, Part, What, compare
from ontologies.curation.differences.report import COLUMNS
from ontologies.curation.findings import Kind as FindingKind
from ontologies.curation.findings import Severity
from ontologies.curation.staging import stage
from ontologies.curation.uploads import Given
from ontologies.curation.validation import validate
from ontologies.files.sources import Kind
from ontologies.library import data_directory, fetch_release, open_release

EDITIONS = (
    "2025-01-16",
    "2025-05-06",
    "2025-11-24",
    "2026-01-08",
    "2026-02-16",
    "current",
)


@pytest.fixture
def changed(small, slice_text, tmp_path):
    """The difference that some changes of a file of the slice make."""

    def make(text, name="hp.obo", release=""):
        path = tmp_path / name
        path.write_text(text, "utf-8")
        before = open_release(directory=small)
        given = Given(path, release=release)
        after = stage([given], by="dana", directory=small).release
        return compare(before, after)

    return make


def edited(slice_text, *replacements):
    text = slice_text.replace("2026-06-06", "2027-06-06")
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return text


def test_nothing_changes_from_a_release_to_itself(small):
    release = open_release(directory=small)
    difference = compare(release, release)
    assert (difference.changes, difference.shifts, dict(difference.counts)) == (
        (),
        (),
        {},
    )


def test_every_kind_of_change_of_a_term_is_told(changed, slice_text):
    stanzas = slice_text.rstrip().split("\n\n")
    kept = [
        stanza
        for stanza in stanzas
        if "\nid: HP:0002197\n" not in stanza and "\nid: HP:0007359\n" not in stanza
    ]
    text = edited(
        "\n\n".join(kept),
        (
            "name: Growth delay\n",
            'name: Delayed growth\nsynonym: "Slow growth" EXACT []\n',
        ),
        ("is_a: HP:0001510 ", "is_a: HP:0001507 "),
        ("name: Seizure\n", "name: Seizure\nalt_id: HP:0002197\n"),
        ("replaced_by: HP:0007359", "replaced_by: HP:0001250"),
    )
    text += """

[Term]
id: HP:0007359
name: obsolete Focal-onset seizure
is_obsolete: true
consider: HP:0001250
consider: HP:0012638

[Term]
id: HP:0000003
name: Tall stature
is_a: HP:0000002
"""
    difference = changed(text)
    terms = difference.of(Part.TERMS)
    assert [each for each in terms if each.entry != "HP:0040168"] == [
        Change(
            Part.TERMS, What.ADDED, "HP:0000003", "Tall stature", (), ("HP:0000002",)
        ),
        Change(
            Part.TERMS,
            What.OBSOLETED,
            "HP:0007359",
            "Focal-onset seizure",
            (),
            ("HP:0001250", "HP:0012638"),
        ),
        Change(
            Part.TERMS,
            What.MERGED,
            "HP:0002197",
            "Generalized-onset seizure",
            (),
            ("HP:0001250",),
        ),
        Change(
            Part.TERMS,
            What.RENAMED,
            "HP:0001510",
            "Delayed growth",
            ("Growth delay",),
            ("Delayed growth",),
        ),
        Change(
            Part.TERMS,
            What.MOVED,
            "HP:0004322",
            "Short stature",
            ("HP:0001510",),
            ("HP:0001507",),
        ),
        Change(
            Part.TERMS, What.NAMED, "HP:0001510", "Delayed growth", (), ("Slow growth",)
        ),
    ]


def test_merged_term_of_a_row_is_no_change_of_the_disease(changed, slice_text):
    difference = changed(
        edited(
            "\n\n".join(
                s for s in slice_text.split("\n\n") if "\nid: HP:0002197\n" not in s
            ),
            ("name: Seizure\n", "name: Seizure\nalt_id: HP:0002197\n"),
        )
    )
    (merged,) = difference.of(what=What.MERGED)
    assert merged.after == ("HP:0001250",)
    assert difference.of(Part.ANNOTATIONS) == ()


def test_information_content_that_shifts_most_comes_first(changed, hpo_slice):
    text = hpo_slice.annotations_path.read_text().replace("2026-06-06", "2027-06-06")
    extra = "\t".join("OMIM:100007|Seventh||HP:0001250|P:1|PCS|||||P|x".split("|"))
    difference = changed(f"{text}{extra}\n", "phenotype.hpoa")
    first, *_ = difference.shifts
    # Seizure is found in 3 of 8 diseases and no more in 2.
    assert (first.term_id, first.label) == ("HP:0001250", "Seizure")
    assert first.by == pytest.approx(-0.405465, abs=1e-6)
    assert [abs(s.by) for s in difference.shifts] == sorted(
        (abs(s.by) for s in difference.shifts), reverse=True
    )
    (row,) = difference.of(Part.ANNOTATIONS)
    assert (row.what, row.entry, row.after) == (
        What.REANNOTATED,
        "OMIM:100007",
        ("HP:0001250",),
    )


def test_diseases_that_come_go_and_are_renamed_are_told(changed, hpo_slice):
    text = hpo_slice.annotations_path.read_text().replace("2026-06-06", "2027-06-06")
    text = text.replace("\tSecond\t", "\tSecond of all\t").replace(
        "OMIM:100008", "OMIM:100018"
    )
    text = text.replace("40%", "60%")
    difference = changed(text, "phenotype.hpoa")
    told = [
        (e.what, e.entry, e.before, e.after) for e in difference.of(Part.ANNOTATIONS)
    ]
    assert told == [
        (What.ADDED, "OMIM:100018", (), ()),
        (What.WITHDRAWN, "OMIM:100008", (), ()),
        (What.RENAMED, "OMIM:100002", ("Second",), ("Second of all",)),
        (
            What.REANNOTATED,
            "OMIM:100002",
            ("HP:0002197 (40%)",),
            ("HP:0002197 (60%)",),
        ),
    ]


HGNC = "hgnc_id\tsymbol\tname\talias_symbol\tprev_symbol\tensembl_gene_id\tentrez_id\tstatus\n"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            ["HGNC:3603\tFBN9\tx\t\tFBN1\t\t2200\tApproved"],
            [(What.RENAMED, "HGNC:3603", ("FBN1",), ("FBN9",))],
        ),
        (
            ["HGNC:9\tNEW1\tx\t\tFBN1\t\t9\tApproved"],
            [
                (What.ADDED, "HGNC:9", (), ()),
                (What.MERGED, "HGNC:3603", (), ("HGNC:9",)),
            ],
        ),
        (
            ["HGNC:9\tNEW1\tx\t\t\t\t9\tApproved"],
            [(What.ADDED, "HGNC:9", (), ()), (What.WITHDRAWN, "HGNC:3603", (), ())],
        ),
    ],
    ids=["renamed", "merged", "withdrawn"],
)
def test_genes_that_are_renamed_merged_and_withdrawn_are_told(changed, rows, expected):
    text = HGNC + "\n".join(rows) + "\n"
    difference = changed(text, "hgnc_complete_set.txt", "2027-01-01")
    told = [(e.what, e.entry, e.before, e.after) for e in difference.of(Part.GENES)]
    assert told == expected


def test_diseases_of_a_gene_that_change_are_told(changed):
    text = "ncbi_gene_id\tdisease_id\n2200\tOMIM:100005\n"
    difference = changed(text, "genes_to_phenotype.txt", "2027-01-01")
    (told,) = difference.changes
    assert (told.part, told.what) == (Part.GENES, What.REANNOTATED)
    assert (told.before, told.after) == (("OMIM:100001",), ("OMIM:100005",))


def test_names_and_references_of_diseases_that_change_are_told(changed):
    text = """<JDBOR date="2027-01-01 00:00"><DisorderList><Disorder><OrphaCode>101</OrphaCode>
    <Name>Renamed</Name><SynonymList><Synonym>Other</Synonym></SynonymList>
    <ExternalReferenceList><ExternalReference><Source>OMIM</Source>
    <Reference>100001</Reference><DisorderMappingRelation><Name>E (Exact)</Name>
    </DisorderMappingRelation></ExternalReference></ExternalReferenceList></Disorder>
    </DisorderList></JDBOR>"""
    difference = changed(text, "en_product1.xml")
    told = [(e.what, e.entry, e.before, e.after) for e in difference.of(Part.DISEASES)]
    assert told == [
        (What.RENAMED, "ORPHA:101", ("Not of OMIM",), ("Renamed",)),
        (What.NAMED, "ORPHA:101", (), ("Other",)),
        (What.REFERRED, "OMIM:100001", (), ("exact ORPHA:101",)),
        (What.REFERRED, "ORPHA:101", (), ("exact OMIM:100001",)),
    ]


def test_difference_can_be_filtered_and_written(changed, slice_text):
    difference = changed(edited(slice_text, ("name: Growth delay\n", "name: Delay\n")))
    (change,) = difference.of(Part.TERMS, What.RENAMED, {"HP:0001510"})
    assert difference.of(Part.TERMS, What.RENAMED, {"HP:0001250"}) == ()
    (row,) = difference.rows(what=What.RENAMED)
    assert dict(zip(COLUMNS, row)) == {
        "part": "terms",
        "change": "renamed",
        "id": change.entry,
        "label": "Delay",
        "before": "Growth delay",
        "after": "Delay",
    }
    plain = json.loads(json.dumps(difference.to_plain(what=What.RENAMED)))
    assert plain["changes"][0]["before"] == ["Growth delay"]
    assert plain["after"]["files"]["hpo"] == "2027-06-06"
    assert plain["counts"] == [{"part": "terms", "change": "renamed", "count": 1}]


@dataclass
class Stanza:
    """A term as another reader of the same lines has it."""

    name: str = ""
    is_obsolete: bool = False
    tags: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def read_independently(path):
    """The terms of an OBO file, by nothing but its lines."""
    stanzas = {}
    for block in path.read_text("utf-8").split("\n\n"):
        if not block.startswith("[Term]"):
            continue
        stanza = Stanza()
        for line in block.splitlines()[1:]:
            tag, _, value = line.partition(": ")
            if tag == "name":
                stanza.name = value
            elif tag == "is_obsolete":
                stanza.is_obsolete = value == "true"
            elif tag == "synonym":
                stanza.tags[tag].add(value.rpartition('" ')[0])
            else:
                stanza.tags[tag].add(value.split(" ! ")[0].split(" {")[0])
        (term_id,) = stanza.tags["id"]
        stanzas[term_id] = stanza
    return stanzas


def expected_ids(before, after):
    """For each kind of change, the ids that it must be told of."""
    old = {i for i, stanza in before.items() if not stanza.is_obsolete}
    new = {i for i, stanza in after.items() if not stanza.is_obsolete}
    known = old | before.keys() | {a for s in before.values() for a in s.tags["alt_id"]}
    heirs = defaultdict(set)
    for term_id in new:
        for other in after[term_id].tags["alt_id"]:
            heirs[other].add(term_id)
    known_after = after.keys() | heirs.keys()
    both = old & new
    gained = {i for i in both if after[i].tags["synonym"] - before[i].tags["synonym"]}
    lost = {i for i in both if before[i].tags["synonym"] - after[i].tags["synonym"]}
    for term_id in (old - new) & after.keys():
        # A term that is merged into one and replaced by another leads to both.
        successors = (
            after[term_id].tags["replaced_by"] & new if heirs[term_id] else set()
        )
        heirs[term_id] = heirs[term_id] | successors
    merged = {i for i in old - new if len(heirs[i]) == 1}
    return {
        What.ADDED: new - known,
        What.RETURNED: (new - old) & known,
        What.MERGED: merged,
        What.OBSOLETED: (old - new) & known_after - merged,
        What.WITHDRAWN: old - known_after,
        What.RENAMED: {i for i in both if before[i].name != after[i].name},
        What.MOVED: {
            i for i in both if before[i].tags["is_a"] != after[i].tags["is_a"]
        },
        What.NAMED: gained,
        What.UNNAMED: lost - gained,
    }


def found_ids(difference):
    found = {what: set() for what in expected_ids({}, {})}
    for change in difference.of(Part.TERMS):
        found[change.what].add(change.entry)
    return found


@pytest.fixture(scope="module")
def edition():
    """A real release by its HPO version, compiled once for all tests."""
    return lambda name: fetch_release(name, make_active=False).release


def ontology_file(release):
    (each,) = (e for e in release.manifest.ingredients if e.kind is Kind.HPO)
    return each.path(data_directory())


STEPS = [
    pytest.param(
        first, second, marks=[] if first == "2026-02-16" else [pytest.mark.full]
    )
    for first, second in (*pairwise(EDITIONS), ("2026-01-08", "current"))
]


@pytest.mark.parametrize(("first", "second"), STEPS)
def test_real_step_forward_and_back_is_what_the_files_say(edition, first, second):
    older, newer = edition(first), edition(second)
    texts = [read_independently(ontology_file(each)) for each in (older, newer)]
    forward = compare(older, newer)
    assert found_ids(forward) == expected_ids(*texts)
    assert (
        forward.of(what=What.RETURNED) == () == forward.of(Part.TERMS, What.WITHDRAWN)
    )
    back = compare(newer, older)
    assert found_ids(back) == expected_ids(*reversed(texts))
    renamed = {
        (e.entry, e.before, e.after) for e in forward.of(Part.TERMS, What.RENAMED)
    }
    again = {(e.entry, e.after, e.before) for e in back.of(Part.TERMS, What.RENAMED)}
    assert renamed == again


@pytest.mark.parametrize(("first", "second"), STEPS)
def test_real_step_forward_may_be_made_and_back_needs_a_reason(edition, first, second):
    older, newer = edition(first), edition(second)
    severities = {each.severity for each in validate(newer, older)}
    assert Severity.ERROR not in severities
    back = validate(older, newer)
    kinds = {each.kind: each for each in back}
    assert {each.severity for each in back} >= {Severity.WARNING, Severity.NOTE}
    assert Severity.ERROR not in {each.severity for each in back}
    added = compare(older, newer).of(Part.TERMS, What.ADDED)
    assert set(kinds[FindingKind.VANISHED].ids) >= {each.entry for each in added}


@pytest.mark.full
def test_known_counts_of_half_a_year(edition):
    difference = compare(edition("2026-01-08"), edition("current"))
    counts = {
        what: count
        for (part, what), count in difference.counts.items()
        if part == "terms"
    }
    assert counts[What.ADDED] == 450
    assert counts[What.MERGED] == 48
    assert counts[What.RENAMED] == 264
    assert counts[What.MOVED] == 253
    assert counts[What.NAMED] == 298
