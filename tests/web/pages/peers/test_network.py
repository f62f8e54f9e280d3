"""The page of what other sites say of a case, and the asking of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from matcher import Match
from matcher.case import Contact, Sharing
from matcher.preparation import CaseReader
from web.audit import Audit, AuditFailed, Entry
from web.db import open_database
from web.mme.asking.calling import authorities
from web.mme.asking.answers import State
from web.mme.asking.aside import EXTENSION, MOST_AT_A_TIME, Aside, TooManyQuestions
from web.mme.asking.asker import Asker
from web.mme.asking.reading.comparison import Comparison
from web.mme.asking.calling.connections import tls_context
from web.mme.asking.errors import NotAskable
from web.mme.asking.kept import Kept
from web.mme.nodes import Nodes
from web.mme.nodes.health import Breaker
from web.mme.nodes.register import Description
from web.pages.cards.remote import reach
from web.pages.peers.network import MOST_SHOWN
from web.viewing import told

from ...conftest import (
    OLIGODONTIA,
    PROMINENT_JOINTS,
    SEIZURE,
    WIDE_MOUTH,
    Cast,
    case_of,
)
from ...mme import faults

CASE, PAGE = "NORTH-1", "/cases/NORTH-1/other-sites"
TERMS = (OLIGODONTIA, PROMINENT_JOINTS, SEIZURE, WIDE_MOUTH)
HOSTILE = "<script>alert(1)</script>\u202e"
PATIENCE = 60.0


def patient(name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "contact": {"name": "Dr Island", "href": "mailto:i@island.example"},
        "features": [{"id": term} for term in TERMS],
        "genomicFeatures": [{"gene": {"id": "PHF14"}}],
        **more,
    }


def answering(*patients: dict[str, Any], **more: Any) -> faults.Behaviour:
    results = [{"score": {"patient": 0.62}, "patient": each} for each in patients]
    return faults.answering({"results": results, **more})


class Network:
    """The cast with a shared case of Alice, and peers that behave as they are told."""

    def __init__(self, cast: Cast, peers: ExitStack) -> None:
        self.cast = cast
        self.peers = peers
        cast.put(case_of(CASE, sharing=Sharing.EXCHANGE_1))

    def peer(self, name: str, behaviour: faults.Behaviour, **more: Any) -> faults.Peer:
        served = self.peers.enter_context(faults.serving(behaviour))
        described = Description(
            address=served.address,
            outbound_token="5f1c9a7d",
            allow_private=True,
            **more,
        )
        with closing(open_database(self.cast.settings.database)) as db:
            Nodes(db).add(name, described)
            Breaker(db).has_cases(Nodes(db).get(name).node_id, 1000)
        return served

    def ask(self, *names: str, by: str = "alice") -> str:
        """The page once everybody that is asked has answered."""
        self.cast[by].get(PAGE)
        data = {"node": list(names)} if names else {"all": "1"}
        sent = self.cast[by].post(PAGE, data)
        assert sent.status_code == 303, sent.text
        self.wait()
        return self.page(by)

    def wait(self) -> None:
        questions: Aside = self.cast.app.extensions[EXTENSION]
        assert questions.wait(PATIENCE)

    def page(self, by: str = "alice") -> str:
        answer = self.cast[by].get(PAGE)
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest.fixture
def network(cast: Cast) -> Iterator[Network]:
    with ExitStack() as peers:
        made = Network(cast, peers)
        yield made
        made.wait()


def test_patient_of_a_peer_becomes_a_card(network: Network) -> None:
    network.peer("Island", answering(patient("P-1")))

    page = network.ask()

    assert "One patient worth a call at other sites" in page
    assert "All sites answered" in page
    assert "<bdi>P-1</bdi>" in page
    assert "Both list <b>PHF14</b>" in page
    assert "scored it <bdi>0.62</bdi> on its own scale" in page
    assert "i@island.example" in page and "mailto:i@island" not in page


def test_page_answers_before_the_peers_do(network: Network) -> None:
    slow = faults.Held(answering(patient("P-1")))
    network.peer("Valley", slow)
    network.cast["alice"].get(PAGE)

    network.cast["alice"].post(PAGE, {"all": "1"})

    page = network.page()
    assert "<b>Valley</b> <bdi>asked, waiting</bdi>" in page
    assert 'data-waiting="1"' in page and "Look again" in page
    slow.go.set()
    network.wait()
    assert "asked, waiting" not in network.page()
    assert "P-1" in network.page()


def test_answers_of_the_quick_stand_while_the_slow_are_waited_for(
    network: Network,
) -> None:
    slow = faults.Held(answering(patient("P-1")))
    network.peer("Valley", slow)
    network.peer("Island", answering(patient("P-2", genomicFeatures=[])))
    network.cast["alice"].get(PAGE)
    network.cast["alice"].post(PAGE, {"all": "1"})
    while "answered in" not in (page := network.page()):
        assert "asked, waiting" in page

    assert "One of two sites answered so far" in page
    assert "P-2" in page and "P-1" not in page
    slow.go.set()


def test_nobody_is_asked_again_while_an_answer_is_waited_for(network: Network) -> None:
    slow = faults.Held(answering())
    valley = network.peer("Valley", slow)
    network.cast["alice"].get(PAGE)
    network.cast["alice"].post(PAGE, {"all": "1"})

    network.cast["alice"].post(PAGE, {"all": "1"})

    slow.go.set()
    network.wait()
    assert len(valley.received) == 1


def test_question_of_a_process_that_ended_is_not_waited_for(network: Network) -> None:
    network.peer("Island", answering(patient("P-1")))
    case = network.cast.get(CASE).case
    with closing(open_database(network.cast.settings.database)) as db:
        kept = Kept(db, lambda: datetime.now(UTC) - timedelta(hours=1))
        kept.expect(kept.begin(case, "alice"), Nodes(db))

    assert "the service ended before it answered" in network.page()
    assert "P-1" in network.ask()


def test_only_the_chosen_sites_are_asked_and_the_audit_says_so(
    network: Network,
) -> None:
    island = network.peer("Island", answering(patient("P-1")))
    valley = network.peer("Valley", answering(patient("P-2")))

    page = network.ask("Island")

    assert len(island.received) == 1 and valley.received == []
    assert "<b>Valley</b> <bdi>not asked about this case yet" in page
    with closing(open_database(network.cast.settings.database)) as db:
        sent = [e for e in Audit(db).entries(CASE) if e.action == "sent to peers"]
    assert [(e.actor, e.facts["nodes"]) for e in sent] == [("alice", ["Island"])]


def test_nobody_is_asked_where_nobody_was_chosen(network: Network) -> None:
    island = network.peer("Island", answering(patient("P-1")))
    network.cast["alice"].get(PAGE)

    answer = network.cast["alice"].post(PAGE, {})

    assert answer.status_code == 303
    assert "No site was chosen" in network.page()
    network.wait()
    assert island.received == []


def test_no_peer_is_asked_without_the_token_of_the_form(network: Network) -> None:
    island = network.peer("Island", answering(patient("P-1")))
    network.cast["alice"].get(PAGE)
    network.cast["alice"].token = "forged"

    answer = network.cast["alice"].post(PAGE, {"all": "1"})

    assert answer.status_code == 400
    network.wait()
    assert island.received == []


def test_case_that_is_not_shared_says_how_to_share_it(network: Network) -> None:
    island = network.peer("Island", answering(patient("P-1")))
    network.cast.put(case_of(CASE, sharing=Sharing.NETWORK))

    page = network.ask()

    assert "its owner must share it with the exchange" in page
    assert f"/cases/{CASE}/edit" in page and "Ask all" not in page
    assert island.received == []


def test_what_became_of_each_peer_is_said(network: Network) -> None:
    network.peer("Ridge", faults.answering({"message": HOSTILE}, "403 No"))
    network.peer("Valley", faults.answering(b"<html>"))
    network.peer("Island", answering())

    page = network.ask()

    assert "Results are incomplete: no answer of Ridge and Valley" in page
    assert "refused: “HTTP 403: &lt;script&gt;" in page
    assert "failed: it answered with a web page instead of JSON, silent since" in page
    assert "nothing alike" in page
    assert "not asked, silent since" in network.ask("Valley")


def test_everything_of_a_peer_is_shown_as_text(network: Network) -> None:
    odd = patient(
        "P-<script>alert(1)</script>",
        label=HOSTILE,
        species=HOSTILE,
        contact={"name": HOSTILE, "href": "javascript:alert(1)"},
        disorders=[{"id": "MIM:1", "label": HOSTILE}],
        genomicFeatures=[{"gene": {"id": HOSTILE}}],
    )
    network.peer("Island", answering(odd, disclaimer=HOSTILE, terms=HOSTILE))

    page = network.ask()

    assert "<script>alert" not in page and "\u202e" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 5
    assert 'href="javascript' not in page


@pytest.mark.parametrize(
    ("href", "is_link"),
    [
        ("https://island.example/cases/1", True),
        ("http://island.example", True),
        ("https://bank.example@evil.example/", False),
        ("javascript://island.example/%0aalert(1)", False),
        ("data:text/html,x", False),
        ("//evil.example", False),
        ("https://", False),
    ],
)
def test_link_of_a_peer_is_opened_by_a_person_or_not_at_all(
    href: str, is_link: bool
) -> None:
    found = reach(Contact(name="Dr Island", href=href))

    assert found is not None and bool(found.link) is is_link


def test_link_of_a_peer_learns_nothing_of_the_page(network: Network) -> None:
    contact = {"name": "Dr Island", "href": "https://island.example/1"}
    network.peer("Island", answering(patient("P-1", contact=contact)))

    page = network.ask()

    assert 'href="https://island.example/1" rel="noopener noreferrer"' in page


def test_same_patient_at_two_sites_is_one_card(network: Network) -> None:
    network.peer("Island", answering(patient("P-1")))
    network.peer("Valley", answering(patient("V-1")))

    page = network.ask()

    assert page.count("<article") == 1
    assert "Reached through Island and Valley" in page
    assert "calls it <bdi>V-1</bdi>" in page


def test_cards_are_ranked_by_our_own_score(network: Network) -> None:
    weak = patient("P-1", features=[{"id": SEIZURE}], genomicFeatures=[])
    network.peer("Island", answering(weak, patient("P-2")))

    page = network.ask()

    assert page.index("<bdi>P-2</bdi>") < page.index("<bdi>P-1</bdi>")


def test_no_frequency_is_given_where_the_number_of_cases_is_unknown(
    network: Network,
) -> None:
    network.peer("Island", answering(patient("P-1")))
    with closing(open_database(network.cast.settings.database)) as db:
        db.execute("UPDATE node_health SET cases = NULL")

    page = network.ask()

    assert "No frequency: Island does not say how many cases it has." in page
    assert "pairs like this were the same disorder" not in page
    assert "one patient of other sites, none worth a call yet" in page.casefold()


def test_terms_of_a_reply_supersede_those_that_are_known(network: Network) -> None:
    network.peer(
        "Island", answering(patient("P-1"), terms="new terms"), terms="old terms"
    )
    network.peer("Valley", answering(patient("V-1", features=[])), terms="kept terms")

    page = network.ask()

    assert "new terms" in page and "old terms" not in page
    assert "kept terms" in page


def test_last_question_is_named_with_who_put_it(network: Network) -> None:
    network.peer("Island", answering(patient("P-1")))

    network.ask(by="bob")

    assert re.search(r"Last asked .* UTC by bob\.", network.page())


def test_withdrawn_patient_is_named_and_no_card(network: Network) -> None:
    first, then = (
        json.dumps({"results": [{"score": {"patient": 1}, "patient": patient(name)}]})
        for name in ("P-1", "P-2")
    )
    both = (faults.reply(each.encode()) for each in (first, then))
    network.peer("Island", faults.in_turn(*both))
    network.ask()

    page = network.ask()

    assert page.count("<article") == 1 and 'id="gone-h"' in page


@pytest.mark.parametrize("name", ["charlie", "dana"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_others_learn_nothing_of_the_page(
    network: Network, name: str, method: str
) -> None:
    island = network.peer("Island", answering(patient("P-1")))
    visitor = network.cast[name]

    answers = [
        getattr(visitor, method)(f"/cases/{case}/other-sites")
        for case in (CASE, "NORTH-404")
    ]

    assert [each.status_code for each in answers] == [404, 404]
    network.wait()
    assert island.received == []


def test_colleague_reads_and_asks_as_well(network: Network) -> None:
    network.peer("Island", answering(patient("P-1")))

    assert "P-1" in network.ask(by="bob")


def test_no_more_questions_than_a_process_can_put(network: Network) -> None:
    slow = faults.Held(answering())
    network.peer("Valley", slow)
    questions: Aside = network.cast.app.extensions[EXTENSION]
    with closing(open_database(network.cast.settings.database)) as db:
        with ExitStack() as held:
            held.callback(slow.go.set)
            for _ in range(MOST_AT_A_TIME):
                questions.ask(db, CASE, by="alice")
            with pytest.raises(TooManyQuestions):
                questions.ask(db, CASE, by="alice")
        network.wait()
        assert Kept(db).states(CASE)[0].state is State.EMPTY


def test_question_that_cannot_be_put_takes_no_place(network: Network) -> None:
    network.cast.put(case_of(CASE, sharing=Sharing.NETWORK))
    questions: Aside = network.cast.app.extensions[EXTENSION]

    with closing(open_database(network.cast.settings.database)) as db:
        for _ in range(MOST_AT_A_TIME + 1):
            with pytest.raises(NotAskable):
                questions.ask(db, CASE, by="alice")


def test_question_that_fails_takes_no_place(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.peer("Island", answering(patient("P-1")))

    def broken(*given: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Asker, "answers", broken)

    assert "asked, waiting" in network.ask()


def test_only_the_patients_that_are_asked_for_are_shown(network: Network) -> None:
    other = patient("P-2", genomicFeatures=[])
    island = network.peer("Island", answering(patient("P-1"), other))
    network.ask()
    cast = network.cast["alice"]
    asked = cast.post(PAGE, {"all": "1", "share_gene": "1", "max_results": "5"})
    assert asked.status_code == 303
    network.wait()

    page, whole = network.page(), cast.get(PAGE, all="1").text

    assert "<bdi>P-1</bdi>" in page and "<bdi>P-2</bdi>" not in page
    assert "at most 5 of each site and with a candidate gene in common" in page
    assert "1 more is known" in page and "not as asked for" in page
    assert "<bdi>P-2</bdi>" in whole and "Withdrawn" not in whole
    assert "Island does not understand all of it" in page
    assert b"_query" not in island.received[-1]


def test_what_cannot_be_asked_for_sends_nothing(network: Network) -> None:
    island = network.peer("Island", answering(patient("P-1")))
    network.cast["alice"].get(PAGE)

    network.cast["alice"].post(PAGE, {"all": "1", "gene": "NOT-A-GENE"})

    assert "The gene is &#39;NOT-A-GENE&#39;" in network.page()
    assert island.received == []


def reading(network: Network) -> list[Entry]:
    with closing(open_database(network.cast.settings.database)) as db:
        found = list(Audit(db).entries(CASE))
    return [entry for entry in found if entry.action == told.ANSWERS]


def test_reading_what_peers_answered_is_audited_by_counts(network: Network) -> None:
    network.peer(
        "Island", answering(patient("P-1"), patient("P-2", genomicFeatures=[]))
    )
    network.peer("Hill", answering())
    network.page()
    assert reading(network) == []

    network.ask()
    network.page("bob")

    last = reading(network)[-1]
    assert (last.actor, last.case_ids) == ("bob", (CASE,))
    facts = {"page": "other sites", "site": "North", "patients": {"Island": 2}}
    assert last.facts == facts


def seen(page: str) -> str:
    return re.findall(r'data-seen="([0-9a-f]{64})"', page)[0]


def test_looking_again_is_no_new_reading_while_nothing_changes(
    network: Network,
) -> None:
    network.peer("Island", answering(patient("P-1"), disclaimer="Island says so."))
    before = seen(network.ask())
    entries = len(reading(network))

    again = [network.cast["alice"].get(f"{PAGE}?seen={before}").text for _ in "12"]

    assert len(reading(network)) == entries
    assert all("P-1" not in page and "Island says" not in page for page in again)
    assert all('data-count="1"' in page and "Island" in page for page in again)


def test_looking_again_is_a_reading_of_what_changed(network: Network) -> None:
    network.peer("Island", answering(patient("P-1")))
    before = seen(network.ask())
    network.peer("Hill", answering(patient("P-2")))
    network.ask()
    entries = len(reading(network))

    page = network.cast["alice"].get(f"{PAGE}?seen={before}").text

    assert "P-1" in page and "P-2" in page and seen(page) != before
    assert len(reading(network)) == entries + 1


def test_what_cannot_be_recorded_of_answers_is_not_shown(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.peer("Island", answering(patient("P-1")))
    network.ask()

    def refuse(*arguments: object, **facts: object) -> None:
        raise AuditFailed

    monkeypatch.setattr(Audit, "record", refuse)
    answer = network.cast["alice"].get(PAGE)

    assert answer.status_code == 503 and "P-1" not in answer.text


MANY = 45


def explaining(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of those that are explained from now on."""
    explained: list[str] = []
    explanation = Match.explanation

    def counting(self: Match) -> Any:
        explained.append(self.case_id)
        return explanation(self)

    monkeypatch.setattr(Match, "explanation", counting)
    return explained


def test_no_more_patients_are_explained_than_are_shown(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.peer("Island", answering(*(patient(f"P-{n}") for n in range(MANY))))
    network.ask()
    explained = explaining(monkeypatch)

    page = network.page()

    assert len(explained) == MOST_SHOWN
    assert "<b>5 further</b>" in page and "Both list PHF14" in page
    named = set(re.findall(r"/other-sites/Island/(P-[0-9]+)", page))
    assert named == {f"P-{n}" for n in range(MANY)}
    explained.clear()
    matches = network.cast["alice"].get(f"/cases/{CASE}/matches").text
    assert len([each for each in explained if "P-" in each]) == MOST_SHOWN
    assert "<b>5 further</b>" in matches


def test_looking_again_while_waiting_compares_nothing(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = faults.Held(answering(patient("P-2")))
    network.peer("Valley", slow)
    network.peer("Island", answering(patient("P-1")))
    network.cast["alice"].get(PAGE)
    network.cast["alice"].post(PAGE, {"all": "1"})
    while "answered in" not in (page := network.page()):
        assert "asked, waiting" in page

    def failing(*arguments: object) -> None:
        raise AssertionError

    with monkeypatch.context() as patched:
        patched.setattr(Comparison, "ranked", failing)
        again = network.cast["alice"].get(f"{PAGE}?seen={seen(page)}").text
    slow.go.set()
    network.wait()

    assert "asked, waiting" in again and "P-1" not in again
    assert seen(again) == seen(page)
    last = network.cast["alice"].get(f"{PAGE}?seen={seen(page)}").text
    assert "P-1" in last and "P-2" in last


def test_patient_that_cannot_be_compared_or_explained_costs_no_other(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_more = {"features": [{"id": term} for term in (*TERMS, "HP:0031796")]}
    network.peer("Island", answering(patient("P-1"), patient("P-2", **one_more)))
    network.ask()
    read, explanation = CaseReader.read, Match.explanation

    def reading(self: CaseReader, cases: Any, settings: Any) -> Any:
        if any("HP:0031796" in case.observed for case in cases):
            raise ValueError
        return read(self, cases, settings)

    def failing(self: Match) -> Any:
        if self.pair.candidate.case_id == "Island:P-2":
            raise ValueError
        return explanation(self)

    with monkeypatch.context() as patched:
        patched.setattr(CaseReader, "read", reading)
        uncompared = network.page()
    monkeypatch.setattr(Match, "explanation", failing)
    unexplained = network.page()

    assert "P-1" in uncompared and ">P-2<" not in uncompared
    assert "could not be compared here: 1 of Island" in uncompared
    assert "P-1" in unexplained and "P-2" in unexplained
    assert unexplained.count("why could not be said here") == 1


def test_authorities_are_loaded_once_for_all_questions(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = []

    def loading(ca_file: str) -> object:
        loaded.append(ca_file)
        return tls_context(ca_file)

    monkeypatch.setattr(authorities, "tls_context", loading)
    network.peer("Island", answering(patient("P-1")))
    network.peer("Hill", answering())
    network.ask()
    network.ask()

    assert loaded == [""]
