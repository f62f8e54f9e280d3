"""The page of a pair: what it shows of either side, its verdict, its history, and peers."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from contextlib import closing

import pytest

from matcher.case import (
    Case,
    Contact,
    GenomicFeature,
    PhenotypicFeature,
    Sharing,
    Treatment,
    Variant,
    Zygosity,
)
from matcher.explanation.term_pairs import compare_terms
from matcher.storage.database import rows
from ontologies import Release
from web.audit import Audit
from web.db import open_database
from web.mme.asking.answers import Answer, RemoteCase, State
from web.mme.asking.reading.comparison import Comparison
from web.mme.asking.kept import Kept
from web.mme.nodes import Nodes
from web.mme.nodes.health import Breaker
from web.pages.pairs import ancestors, genes
from web.service import EXTENSION
from web.viewing.told import ANSWERS

from ...conftest import (
    FLOPPY_INFANT,
    MICROCEPHALY,
    OLIGODONTIA,
    PHF14,
    PROMINENT_JOINTS,
    SEIZURE,
    WIDE_MOUTH,
    Cast,
    case_of,
)

PAIR = "/cases/NORTH-1/matches/HARBOUR-1"
OWN_PAIR = "/cases/NORTH-1/matches/NORTH-2"
PATIENT = "/cases/NORTH-1/other-sites/Island/P~s1"
HYPODONTIA = "HP:0000668"


@pytest.fixture
def pair(cast: Cast) -> Cast:
    """Alice's case, one of Bob's, and one of Harbour that is shared with the network."""
    cast.put(case_of("NORTH-1", sharing=Sharing.EXCHANGE_1))
    cast.put(tried(case_of("NORTH-2", submitter="bob")))
    shared = case_of(
        "HARBOUR-1", site="Harbour", submitter="charlie", sharing=Sharing.NETWORK
    )
    cast.put(tried(shared))
    return cast


def tried(case: Case) -> Case:
    treatment = Treatment(
        agent_id="NCIT:C939", label="Vigabatrin", response="none", reason=SEIZURE
    )
    return dataclasses.replace(case, treatments=(treatment,))


def judge(cast: Cast, path: str, **said: str) -> tuple[int, str]:
    cast["alice"].get(path)
    answer = cast["alice"].post(f"{path}/verdict", said)
    return answer.status_code, answer.text


def test_treatments_of_the_own_site_are_shown(pair: Cast) -> None:
    page = pair["alice"].get(OWN_PAIR).text

    assert "What was tried in" in page and "Vigabatrin" in page
    assert re.search(r"<td>Seizure</td><td>none</td>", page)


def test_treatments_of_another_site_stay_there(pair: Cast) -> None:
    page = pair["alice"].get(PAIR).text

    assert "Vigabatrin" not in page
    assert "Treatments never leave a site. Ask <bdi>Harbour</bdi>" in page


def test_variants_are_shown_of_the_own_site_alone(pair: Cast) -> None:
    own, other = (pair["alice"].get(path).text for path in (OWN_PAIR, PAIR))

    assert own.count("canary-variant") == 2
    assert other.count("canary-variant") == 1
    assert "variants stay at their site" in other


def test_verdict_is_kept_and_shown_on_card_and_report(pair: Cast) -> None:
    assert judge(pair, PAIR, said="same", note="same exon")[0] == 303

    page, cards = (pair["bob"].get(p).text for p in (PAIR, "/cases/NORTH-1/matches"))
    report = pair["bob"].get("/verdicts").text
    assert "<b>Same disorder</b>" in page and "same exon" in page
    assert "Same disorder</span>" in cards
    assert "Of the last 1 at North, 1 was judged the same disorder." in cards
    assert "Contact: 1 of 1 settled pair was the same disorder</h1>" in report


def test_verdict_changes_no_score(pair: Cast) -> None:
    def odds() -> list[str]:
        page = pair["alice"].get("/cases/NORTH-1/matches").text
        return re.findall(r'class="odds"><b>(.*?)</b>', page)

    before = odds()
    judge(pair, PAIR, said="not", reason="gene")

    assert before and odds() == before


def test_verdict_of_one_site_is_not_seen_at_another(pair: Cast) -> None:
    judge(pair, PAIR, said="not", reason="other", note="canary-verdict")

    own = case_of("HARBOUR-2", site="Harbour", submitter="charlie")
    pair.put(own, actor="charlie")
    pages = [
        pair["charlie"].get(path).text
        for path in ("/verdicts", "/cases/HARBOUR-1/matches")
    ]
    assert [page for page in pages if "canary-verdict" in page] == []
    assert "No pair is settled yet" in pages[0]


@pytest.mark.parametrize(
    "said, problem",
    [
        ({"said": "not"}, "is no reason why two cases do not match"),
        ({"said": "perhaps"}, "&#39;perhaps&#39; is no verdict"),
        ({}, "is no verdict"),
        ({"said": "same", "note": "x" * 301}, "The note has 301 characters"),
    ],
)
def test_verdict_that_says_nothing_is_refused(
    pair: Cast, said: dict[str, str], problem: str
) -> None:
    status, page = judge(pair, PAIR, **said)

    assert status == 422
    assert "The verdict was not kept" in page and problem in page
    assert "No pair is settled yet" in pair["alice"].get("/verdicts").text


def test_verdict_is_noted_in_the_audit_without_what_it_says(pair: Cast) -> None:
    judge(pair, PAIR, said="not", reason="gene", note="canary-verdict")

    with closing(open_database(pair.settings.database)) as db:
        (entry,) = (e for e in Audit(db).entries() if e.action == "verdict given")
    assert entry.case_ids == ("NORTH-1", "HARBOUR-1")
    assert "gene" not in str(entry.facts) and "canary" not in str(entry.facts)


def test_verdict_that_cannot_be_recorded_is_not_kept(pair: Cast) -> None:
    pair["alice"].get(PAIR)

    with pair.unrecordable():
        assert judge(pair, PAIR, said="same")[0] == 503


def test_history_names_the_gene_that_brought_the_pair(pair: Cast) -> None:
    bare = case_of("NORTH-3", observed=(FLOPPY_INFANT, SEIZURE), genes=())
    pair.put(bare)
    pair["alice"].get("/cases/NORTH-3/matches")
    pair.put(case_of("NORTH-3", observed=(FLOPPY_INFANT, SEIZURE), genes=(PHF14,)))
    pair["alice"].get("/cases/NORTH-3/matches")

    page = pair["alice"].get("/cases/NORTH-3/matches/HARBOUR-1").text
    changes = pair["alice"].get("/cases/NORTH-3/match-history").text

    assert "<b>today</b>" in page
    assert "Your case changed (version 1 to 2)" in page and PHF14 in page
    assert "Your case changed (version 1 to 2)" in changes and "HARBOUR-1" in changes
    with closing(open_database(pair.settings.database)) as db:
        *_, last = Audit(db).entries("HARBOUR-1")
    assert (last.actor, last.facts["page"]) == ("alice", "match history")


def test_history_names_who_vanished_and_why(pair: Cast) -> None:
    pair["alice"].get("/cases/NORTH-1/matches")
    with pair.store() as store:
        store.delete("NORTH-2", actor="bob")
    pair["alice"].get("/cases/NORTH-1/matches")

    page = pair["alice"].get("/cases/NORTH-1/match-history").text

    assert "Left the list, was at" in page
    assert "NORTH-2 was deleted on" in page
    assert "/matches/NORTH-2" not in page


def test_history_tells_nothing_of_what_is_hidden_since(pair: Cast) -> None:
    pair["alice"].get("/cases/NORTH-1/matches")
    pair.put(case_of("HARBOUR-1", site="Harbour", submitter="charlie"), actor="charlie")
    pair["alice"].get("/cases/NORTH-1/matches")

    assert "HARBOUR-1" not in pair["alice"].get("/cases/NORTH-1/match-history").text


def test_ancestor_graph_has_each_shared_term_once(release: Release) -> None:
    yours = case_of("A", observed=(OLIGODONTIA, SEIZURE, WIDE_MOUTH))
    theirs = case_of("B", observed=(HYPODONTIA, SEIZURE))
    pairs = compare_terms(release, yours, theirs).pairs

    found = ancestors.systems(pairs, release)
    drawn = str(ancestors.drawn(found))

    leaves = {
        meeting.label: [(leaf.label, leaf.whose) for leaf in meeting.leaves]
        for system in found
        for meeting in system.meetings
    }
    assert ("Oligodontia", "you") in sum(leaves.values(), [])
    assert ("Hypodontia", "they") in sum(leaves.values(), [])
    assert drawn.count("<title") == drawn.count("<desc") == 1
    assert "style" not in drawn


def test_nothing_shared_draws_nothing(release: Release) -> None:
    assert ancestors.drawn(ancestors.systems((), release)) == ""


class Shift:
    """A chain that moves every position by a hundred."""

    def lift(self, chromosome: str, position: int) -> int | None:
        return position + 100


@pytest.mark.parametrize(
    "assembly, chain, places",
    [
        ("GRCh37", None, ["7:11,090,945 C>T (GRCh37)"]),
        (
            "hg19",
            Shift(),
            ["7:11,090,945 C>T (hg19)", "7:11,091,045 C>T (GRCh38), by liftover"],
        ),
        ("GRCh38", Shift(), ["7:11,090,945 C>T (GRCh38)"]),
        (None, Shift(), ["7:11,090,945 C>T (build not given)"]),
    ],
)
def test_variant_stands_on_each_build_that_is_known(
    assembly: str | None, chain: Shift | None, places: list[str]
) -> None:
    variant = Variant(
        assembly=assembly,
        chromosome="chr7",
        start=11_090_945,
        reference="C",
        alternate="T",
        zygosity=Zygosity.HETEROZYGOUS,
        hgvs=("p.(Arg402*)",),
        origin="de novo",
    )

    line = genes.variant_line(variant, chain)

    assert line.said == "p.(Arg402*), heterozygous, de novo"
    assert list(line.places) == places


@pytest.fixture
def told(pair: Cast, release: Release) -> Iterator[Cast]:
    """A patient that Island told of, with text that would steer a page."""
    keep(pair, release, patient())
    yield pair


def patient(**changes: object) -> Case:
    hostile = "<script>alert(1)</script>"
    values = {
        "case_id": "P/1",
        "label": hostile,
        "features": tuple(
            PhenotypicFeature(term_id=term, label=hostile)
            for term in (OLIGODONTIA, PROMINENT_JOINTS, SEIZURE, MICROCEPHALY)
        ),
        "genomic_features": (
            GenomicFeature(gene=PHF14, variant=Variant(hgvs=(hostile,))),
            GenomicFeature(gene=hostile, gene_label=hostile),
        ),
        "contact": Contact(name="Dr Island", href="mailto:i@island.example"),
        **changes,
    }
    return Case(**values)  # type: ignore[arg-type]  # values of its parameters


def keep(cast: Cast, release: Release, *patients: Case, cases: int = 1000) -> None:
    """Keep an answer of Island."""
    calibration = cast.app.extensions[EXTENSION].current.calibration
    remotes = [
        RemoteCase(node="Island", case=each, peer_score="0.62") for each in patients
    ]
    asking = cast.get("NORTH-1").case
    with closing(open_database(cast.settings.database)) as db:
        if "Island" not in {node.name for node in Nodes(db)}:
            Nodes(db).add("Island")
        node, kept = Nodes(db).get("Island"), Kept(db)
        if cases:
            Breaker(db).has_cases(node.node_id, cases)
        found = Comparison(release, calibration).ranked(asking, remotes, cases)
        answer = Answer(state=State.ANSWERED, remotes=tuple(remotes))
        kept.record(kept.begin(asking, "alice"), node, answer, 400, found)


def test_patient_of_a_peer_has_the_page_of_a_pair(told: Cast) -> None:
    page = told["alice"].get(PATIENT).text

    assert "the same disorder: about" in page
    assert "Island scored it <bdi>0.62</bdi> on its own scale" in page
    assert "Treatments never leave a site. Ask <bdi>Island</bdi>" in page
    assert "conflict" in page and "Prominent interphalangeal joints" in page
    assert "<script>alert" not in page


def test_patient_of_a_peer_has_a_history_term_by_term(
    told: Cast, release: Release
) -> None:
    first = patient()
    fewer = tuple(f for f in first.features if f.term_id != MICROCEPHALY)
    more = (*fewer, PhenotypicFeature(term_id=WIDE_MOUTH))

    keep(told, release, patient(features=more))

    pages = [
        told["alice"].get(PATIENT),
        told["alice"].get("/cases/NORTH-1/match-history"),
    ]
    for page in pages:
        assert "<bdi>Wide mouth is added: observed</bdi>" in page.text
        assert "Microcephaly is not told any more, was: observed" in page.text
        assert "<script>alert" not in page.text
    assert "Oligodontia" not in pages[1].text
    with told.store() as store:
        store.erase("NORTH-1", actor="alice")
    with closing(open_database(told.settings.database)) as db:
        assert rows(db, "SELECT * FROM remote_versions") == []


def test_patient_of_a_peer_stands_among_the_matches_and_is_judged(told: Cast) -> None:
    assert judge(told, PATIENT, said="not", reason="features")[0] == 303

    page = told["bob"].get("/cases/NORTH-1/matches").text
    report = told["bob"].get("/verdicts").text

    assert "Reached through Island" in page and ">P/1<" in page
    assert "Not a match: the features differ on a closer look" in page
    assert "the same disorder" in report and "P/1" in report


@pytest.mark.parametrize(
    "path, page",
    [
        ("/cases/NORTH-1/matches", "matches"),
        ("/cases/NORTH-1/matches.csv", "list as CSV"),
        (PATIENT, "side by side"),
    ],
)
def test_who_reads_what_a_peer_told_is_audited(
    told: Cast, path: str, page: str
) -> None:
    assert told["bob"].get(path).status_code == 200

    with closing(open_database(told.settings.database)) as db:
        last = [e for e in Audit(db).entries("NORTH-1") if e.action == ANSWERS][-1]
    assert last.actor == "bob"
    assert last.facts == {"page": page, "site": "North", "patients": {"Island": 1}}


def test_withdrawn_patient_says_so_and_leaves_the_list(
    told: Cast, release: Release
) -> None:
    keep(told, release)

    page = told["alice"].get(PATIENT).text

    assert "Island named this patient before and does not any more" in page
    assert "withdrawn: Island answered and did not name it any more" in page
    assert "P/1" not in told["alice"].get("/cases/NORTH-1/matches").text


def test_no_frequency_where_a_peer_does_not_say_how_many_cases_it_has(
    pair: Cast, release: Release
) -> None:
    keep(pair, release, patient(), cases=0)

    page = pair["alice"].get(PATIENT).text

    assert "Island does not say how many cases it has" in page
    assert "in 10</b>pairs like this" not in page


@pytest.mark.parametrize("name", ["charlie", "dana"])
def test_patient_is_shown_to_nobody_else(told: Cast, name: str) -> None:
    answer = told[name].get(PATIENT)
    missing = told[name].get(PATIENT.replace("NORTH-1", "NORTH-9"))

    assert answer.status_code == missing.status_code in (403, 404)
    assert "P/1" not in answer.text


def test_changes_that_a_reader_would_not_see_are_counted(pair: Cast) -> None:
    pair["alice"].get("/cases/NORTH-1/matches")
    stored = pair.get("NORTH-2").case
    pair.put(dataclasses.replace(stored, onset=None, age_years=None), actor="bob")
    pair["alice"].get("/cases/NORTH-1/matches")

    page = pair["alice"].get("/cases/NORTH-1/match-history").text

    assert "No frequency changed among the latest lists" in page
    assert "whose frequency is said as before" in page
