from __future__ import annotations

import itertools
import resource
from pathlib import Path

import pytest

from ontologies.files.integrity import FindingKind, check, read_stanzas

GOOD = """\
format-version: 1.2

[Term]
id: HP:0000001
name: All

[Term]
id: HP:0000118
name: Phenotypic abnormality
is_a: HP:0000001 ! All

[Term]
id: HP:0000707
name: Abnormality of the nervous system
alt_id: HP:0001333
is_a: HP:0000118 {xref="PMID:1"} ! Phenotypic abnormality

[Term]
id: HP:0000057
name: obsolete Clitoromegaly
is_obsolete: true
replaced_by: HP:0000707

[Typedef]
id: part_of
name: part of
"""


def findings_of(text):
    return check(tuple(read_stanzas(text.splitlines(keepends=True))))


def test_sound_file_has_no_findings():
    assert findings_of(GOOD) == ()


@pytest.mark.parametrize(
    ("old", "new", "kind", "message"),
    [
        (
            "is_a: HP:0000118 {",
            "is_a: HP:9999999 {",
            FindingKind.DANGLING_PARENT,
            "line 12: dangling parent: HP:0000707 is placed under HP:9999999, "
            "which is not in the file",
        ),
        (
            "is_a: HP:0000118 {",
            "is_a: HP:0000057 {",
            FindingKind.DANGLING_PARENT,
            "line 12: dangling parent: HP:0000707 is placed under HP:0000057, "
            "which is obsolete",
        ),
        (
            "id: HP:0000057",
            "id: HP:0000707",
            FindingKind.DUPLICATE_ID,
            "line 18: duplicate id: HP:0000707 is already described in line 12",
        ),
        (
            "name: Phenotypic abnormality\n",
            "",
            FindingKind.MISSING_NAME,
            "line 7: missing name: HP:0000118 has no name",
        ),
        (
            "is_a: HP:0000001 ! All\n",
            "is_a: HP:0000707\n",
            FindingKind.CYCLE,
            "line 7: cycle: HP:0000118, HP:0000707 are above themselves",
        ),
        (
            "is_a: HP:0000001 ! All\n",
            "is_a: HP:0000118\nis_a: HP:0000001\n",
            FindingKind.CYCLE,
            "line 7: cycle: HP:0000118 are above themselves",
        ),
        (
            "is_a: HP:0000001 ! All\n",
            "",
            FindingKind.SECOND_ROOT,
            "line 7: second root: HP:0000118 has no parent, as HP:0000001 has none",
        ),
        (
            "name: All\n",
            "name: All\nis_a: HP:0000707\n",
            FindingKind.NO_ROOT,
            "no root: every term has a parent",
        ),
        (
            "id: HP:0000057",
            "id: HP:57",
            FindingKind.MALFORMED_ID,
            "line 18: malformed id: 'HP:57' is no id of the form HP:0001250",
        ),
        (
            "[Term]",
            "[Trem]",
            FindingKind.NO_TERMS,
            "no terms: there is no live [Term] stanza",
        ),
    ],
)
def test_broken_rule_is_named_with_its_line(old, new, kind, message):
    assert old in GOOD
    found = {str(f): f for f in findings_of(GOOD.replace(old, new)) if f.kind is kind}
    assert list(found) == [message]
    assert found[message].is_fatal


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "replaced_by: HP:0000707",
            "consider: HP:9999999",
            "line 18: lost successor: HP:0000057 is succeeded by the unknown HP:9999999",
        ),
        (
            "alt_id: HP:0001333",
            "alt_id: HP:0000118",
            "line 12: live alternative: HP:0000118 is a live term and also another id of "
            "HP:0000707",
        ),
    ],
)
def test_oddity_is_told_and_tolerated(old, new, message):
    (finding,) = findings_of(GOOD.replace(old, new))
    assert str(finding) == message
    assert not finding.is_fatal


def test_all_findings_come_at_once_in_the_order_of_the_lines():
    text = GOOD.replace("name: All\n", "").replace("is_a: HP:0000118 {", "is_a: HP:2 {")
    kinds = [finding.kind for finding in findings_of(text)]
    assert kinds == [FindingKind.MISSING_NAME, FindingKind.DANGLING_PARENT]


def test_long_cycle_is_shortened():
    stanzas = "".join(
        f"[Term]\nid: HP:{n:07d}\nname: n\nis_a: HP:{(n + 1) % 30:07d}\n"
        for n in range(30)
    )
    (cycle,) = (f for f in findings_of(stanzas) if f.kind is FindingKind.CYCLE)
    assert cycle.message.endswith("HP:0000009 and 20 more are above themselves")


def test_more_terms_than_rows_can_number_are_refused():
    root = "[Term]\nid: HP:0000000\nname: n\n"
    stanzas = (
        f"[Term]\nid: HP:{n:07d}\nname: n\nis_a: HP:0000000\n" for n in range(1, 65537)
    )
    (finding,) = findings_of(root + "".join(stanzas))
    assert finding.kind is FindingKind.TOO_MANY_TERMS
    assert finding.is_fatal


def term(number, *parents):
    lines = "".join(f"is_a: HP:{parent:07d}\n" for parent in parents)
    return f"[Term]\nid: HP:{number:07d}\nname: n\n{lines}\n"


@pytest.fixture
def little_memory():
    """Room for 600 MB more than is in use, so that a failure here is a MemoryError."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    in_use = int(Path("/proc/self/statm").read_text().split()[0])
    most = in_use * resource.getpagesize() + (600 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (most, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.usefixtures("little_memory")
def test_chain_is_refused_for_its_depth_and_its_ancestors_at_once():
    chain = (term(n, *([n - 1] if n else [])) for n in range(10_000))
    deep, many = sorted(findings_of("".join(chain)), key=lambda found: -found.line)
    assert (deep.kind, many.kind) == (
        FindingKind.TOO_DEEP,
        FindingKind.TOO_MANY_ANCESTORS,
    )
    assert deep.message == "HP:0009999 has 9999 levels above it, more than 100"
    assert many.message == "its terms have more than 3000000 ancestors together"
    assert deep.is_fatal and many.is_fatal


def test_hundred_levels_are_the_most():
    chain = [term(n, *([n - 1] if n else [])) for n in range(102)]
    assert findings_of("".join(chain[:101])) == ()
    (finding,) = findings_of("".join(chain))
    assert finding.kind is FindingKind.TOO_DEEP
    assert finding.line == len("".join(chain[:101]).splitlines()) + 1


@pytest.mark.usefixtures("little_memory")
def test_flat_file_with_too_many_ancestors_is_refused():
    # Sixty layers of two hundred terms, each below every tenth term of the layer above.
    layers = (
        term(
            n, *(range(max(0, n - 200), n - n % 200, 10) if n >= 200 else [0] * (n > 0))
        )
        for n in range(12_000)
    )
    kinds = {finding.kind for finding in findings_of("".join(layers))}
    assert kinds == {FindingKind.TOO_MANY_ANCESTORS}


@pytest.mark.usefixtures("little_memory")
def test_too_many_parents_are_refused_before_the_graph_is_looked_at():
    wide = term(0) + term(1, *range(300_000))
    found = [f for f in findings_of(wide) if f.kind is not FindingKind.DANGLING_PARENT]
    assert [str(f) for f in found] == [
        "too many parents: 300000 is_a lines are more than 262140"
    ]


@pytest.mark.usefixtures("little_memory")
def test_reading_ends_where_there_are_too_many_stanzas():
    endless = itertools.cycle(["[Term]\n", "id: HP:0000404\n"])
    (finding,) = check(tuple(read_stanzas(endless)))
    assert str(finding) == (
        "too many stanzas: there are more than 131070 [Term] stanzas"
    )


def test_real_file_has_no_fatal_finding(hpo_path):
    with hpo_path.open(encoding="utf-8") as lines:
        findings = check(tuple(read_stanzas(lines)))
    assert not [finding for finding in findings if finding.is_fatal]
