"""Peers asked about a case: what is sent, to whom, and what becomes of each."""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from typing import Any

import pytest
from structlog.testing import capture_logs

from matcher import Match
from matcher.case import (
    Case,
    Contact,
    GenomicFeature,
    PhenotypicFeature,
    Sharing,
    Variant,
)
from matcher.preparation import CaseReader
from matcher.storage.errors import UnknownCase
from matcher.storage.store import CaseStore
from web.audit import Audit, AuditFailed
from web.mme.asking import kept
from web.mme.asking.reading import own_cases
from web.mme.asking.answers import PUT_ASIDE, State
from web.mme.asking.asker import Asker
from web.mme.asking.reading.comparison import cards
from web.mme.asking.errors import NotAskable
from web.mme.asking.calling.fan_out import THREAD_NAME
from web.mme.asking.kept import News
from web.mme.nodes import UnknownNode
from web.mme.nodes.quirks import Coordinates, GeneIds, Quirks
from web.mme.nodes.register import Description
from web.unrecognised.arriving import Kind
from web.unrecognised.queue import Queue, Wanted
from web.standing.peers import findings

from .. import faults
from .conftest import (
    ADDRESS,
    OURS,
    TERMS,
    TOKEN,
    Site,
    our_case,
    patient,
    result,
    results,
)

pytestmark = pytest.mark.usefixtures("everybody_agreed")

CANARY = "canary-3f9a"
SHORT = 1.0
VERSION = "application/vnd.ga4gh.matchmaker.v1.{}+json"
GOOD = faults.answering(results(result("p1", score=0.125)))


def headers(request: bytes) -> dict[str, str]:
    lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}


def sent(request: bytes) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(request.partition(b"\r\n\r\n")[2])["patient"]
    return told


def ids(asked: Any) -> list[str]:
    return [each.remote.case.case_id for each in asked.results]


def test_a_peer_is_asked_as_every_peer_can_read_it(site: Site) -> None:
    peer = site.peer("Island", GOOD)

    asked = site.ask()["Island"]

    assert asked.state is State.ANSWERED and ids(asked) == ["p1"]
    [request] = peer.received
    assert request.startswith(b"POST /match HTTP/1.1\r\n")
    found = headers(request)
    assert found["content-type"] == found["accept"] == VERSION.format(0)
    assert found["x-auth-token"] == TOKEN
    assert sent(request)["id"] == OURS
    assert {f["id"] for f in sent(request)["features"]} == set(TERMS)


def test_our_own_score_stands_beside_the_peers_and_ranks(site: Site) -> None:
    close = result("close", *TERMS, score=0.1)
    far = result("far", "HP:0000486", "HP:0000545", "HP:0000483", score=1.0)
    site.peer("Island", faults.answering(results(far, close)))

    asked = site.ask()["Island"]

    assert ids(asked) == ["close", "far"]
    assert asked.results[0].score > asked.results[1].score
    assert [each.remote.peer_score for each in asked.results] == ["0.1", "1"]
    assert asked.results[0].match.explanation().reasons


def test_a_probability_needs_the_number_of_cases_there(site: Site) -> None:
    site.peer("Island", GOOD)
    assert site.ask()["Island"].results[0].probability is None
    site.breaker.has_cases(site.nodes.get("Island").node_id, 5_000)

    found = site.ask()["Island"].results[0]

    assert found.probability == found.match.probability
    assert found.match.searched == 5_000
    assert found.probability == site.calibration.probability(found.score, 5_000)


@pytest.mark.parametrize("sharing", [Sharing.PRIVATE, Sharing.SITE, Sharing.NETWORK])
def test_a_case_that_is_not_shared_is_never_sent(site: Site, sharing: Sharing) -> None:
    peer = site.peer("Island", GOOD)
    site.put(our_case(sharing=sharing))

    with pytest.raises(NotAskable, match=str(sharing)):
        site.ask()

    assert peer.received == [] and site.audited() == []


def test_no_field_beyond_the_sharing_level_is_sent(site: Site) -> None:
    peer = site.peer("Island", GOOD)
    variant = Variant(
        assembly="GRCh38", chromosome="17", start=4242421, reference="A", alternate="T"
    )
    site.put(
        our_case(
            label=CANARY,
            note=CANARY,
            family=CANARY,
            submitter=CANARY,
            genomic_features=(GenomicFeature(gene="EFTUD2", variant=variant),),
        )
    )

    site.ask()

    assert CANARY.encode() not in peer.received[0]
    assert b"424242" not in peer.received[0]


@pytest.mark.parametrize(
    "lacking, why",
    [
        ({"contact": None}, "contact"),
        ({"contact": Contact(name="Dr North")}, "contact"),
        ({"features": (), "genomic_features": ()}, "HPO term"),
        (
            {"features": (PhenotypicFeature(term_id="x"),), "genomic_features": ()},
            "HPO",
        ),
    ],
)
def test_a_case_that_no_peer_could_answer_is_not_sent(
    site: Site, lacking: dict[str, Any], why: str
) -> None:
    peer = site.peer("Island", GOOD)
    site.put(our_case(**lacking))

    with pytest.raises(NotAskable, match=why):
        site.ask()

    assert peer.received == []


def test_each_peer_gets_the_message_in_its_own_way(site: Site) -> None:
    variant = Variant(
        assembly="GRCh38", chromosome="MT", start=100, reference="A", alternate="T"
    )
    site.put(
        our_case(
            sharing=Sharing.EXCHANGE_2,
            contact=Contact(name="50% + more", href="mailto:a+b@north.example"),
            genomic_features=(GenomicFeature(gene="KARS", variant=variant),),
        )
    )
    quirks = Quirks(
        minor=1,
        coordinates=Coordinates.ONE,
        gene_ids=GeneIds.SYMBOL,
        trailing_slash=True,
        plain_labels=True,
    )
    plain = site.peer("Plain", GOOD)
    odd = site.peer("Odd", GOOD, quirks=quirks)

    site.ask()

    as_stated, as_odd = sent(plain.received[0]), sent(odd.received[0])
    assert as_stated["genomicFeatures"][0]["gene"]["id"].startswith("ENSG")
    assert as_odd["genomicFeatures"][0]["gene"]["id"] == "KARS1"
    assert as_stated["genomicFeatures"][0]["variant"]["start"] == 99
    assert as_odd["genomicFeatures"][0]["variant"]["start"] == 100
    assert as_stated["contact"]["href"] == "mailto:a+b@north.example"
    assert as_odd["contact"]["href"] == "mailto:a%2Bb@north.example"
    assert as_odd["contact"]["name"] == "50 percent plus more"
    assert odd.received[0].startswith(b"POST /match/ HTTP/1.1\r\n")
    assert headers(odd.received[0])["accept"] == VERSION.format(1)


@pytest.mark.parametrize("status", ["406 Not Acceptable", "415 Unsupported"])
def test_a_version_that_is_refused_is_followed_by_the_oldest_once(
    site: Site, status: str
) -> None:
    replies = faults.reply(b"<html>", status), faults.reply(b'{"results": []}')
    peer = site.peer("Island", faults.in_turn(*replies), quirks=Quirks(minor=1))

    asked = site.ask()["Island"]

    assert asked.state is State.EMPTY
    versions = [headers(each)["content-type"] for each in peer.received]
    assert versions == [VERSION.format(1), VERSION.format(0)]


@pytest.mark.parametrize(
    "status", ["400 Bad", "401 No", "406 No", "415 No", "429 Slow"]
)
def test_a_refusal_is_never_retried(site: Site, status: str) -> None:
    peer = site.peer("Island", faults.answering({"message": "no"}, status))

    asked = site.ask()["Island"]

    assert (asked.state, asked.message) == (State.REJECTED, f"HTTP {status[:3]}: no")
    assert len(peer.received) == 1


def test_who_was_sent_a_case_is_in_the_audit_before_it_is_sent(site: Site) -> None:
    site.peer("Island", GOOD)
    site.peer("Valley", GOOD)
    asking = site.asker().ask(OURS, by="alice")

    next(asking)
    asking.close()

    [entry] = site.audited()
    assert (entry.actor, entry.action) == ("alice", "sent to peers")
    assert entry.facts == {
        "nodes": ["Island", "Valley"],
        "sharing": "exchange-1",
        "test": False,
    }
    assert Audit(site.db).first_break() is None


def test_without_an_audit_nothing_is_sent(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = site.peer("Island", GOOD)
    site.db.execute("DROP TABLE audit")

    with pytest.raises(AuditFailed):
        site.ask()

    assert peer.received == []


def test_a_chosen_peer_is_asked_alone(site: Site) -> None:
    site.peer("Island", GOOD)
    other = site.peer("Valley", GOOD)

    assert set(site.ask("Island")) == {"Island"}

    assert other.received == []
    with pytest.raises(UnknownNode):
        site.ask("Nowhere")


def test_a_peer_without_a_token_or_revoked_is_not_asked(site: Site) -> None:
    peer = site.peer("Island", GOOD)
    site.nodes.add("Listener", Description(address="https://listener.example"))
    site.nodes.revoke("Island")

    assert site.ask() == {} and peer.received == []
    with pytest.raises(NotAskable, match="node show Listener"):
        site.ask("Listener")


def test_a_token_that_was_lost_costs_that_peer_alone(site: Site) -> None:
    site.peer("Island", GOOD)
    site.peer("Valley", GOOD)
    site.db.execute("UPDATE nodes SET outbound_token = x'00' WHERE name = 'Island'")

    asked = site.ask()

    assert asked["Island"].state is State.UNREACHABLE
    assert "--token-file" in asked["Island"].message
    assert asked["Valley"].state is State.ANSWERED


def test_an_address_inside_is_not_asked_unless_allowed(site: Site) -> None:
    peer = site.peers.enter_context(faults.serving(GOOD))
    address = f"https://localhost:{peer.port}"
    site.know("Island", address, allow_private=False)

    asked = site.ask()["Island"]

    assert asked.state is State.UNREACHABLE and "inside" in asked.message
    assert peer.received == []


def test_a_failing_peer_is_left_alone_and_its_silence_shown(site: Site) -> None:
    peer = site.peer("Island", faults.answering("oops", "500 Oops"))
    assert site.ask()["Island"].state is State.FAILED

    silent = site.ask()["Island"]

    assert silent.state is State.SILENT and len(peer.received) == 1
    assert silent.silent_since.startswith("2026-11-24T12:00:00")
    assert silent.silent_since in silent.message
    assert len(site.audited()) == 1


def test_one_question_goes_to_a_failing_peer_when_its_pause_is_over(site: Site) -> None:
    bad, good = faults.reply(b"", "500 Oops"), faults.reply(b'{"results": []}')
    peer = site.peer("Island", faults.in_turn(bad, good))
    site.ask()
    site.clock.wait(minutes=1, seconds=1)

    asked = site.ask()["Island"]

    assert asked.state is State.EMPTY and asked.silent_since == ""
    assert len(peer.received) == 2


def test_a_pause_that_a_peer_asks_for_is_kept_to(site: Site) -> None:
    busy = faults.reply(b'{"message": "busy"}', "429 Slow", "Retry-After: 3600")
    peer = site.peer("Island", faults.in_turn(busy, faults.reply(b'{"results": []}')))
    site.ask()
    site.clock.wait(minutes=59)
    assert site.ask()["Island"].state is State.SILENT

    site.clock.wait(minutes=2)

    assert site.ask()["Island"].state is State.EMPTY and len(peer.received) == 2


def test_terms_in_a_reply_stand_for_those_that_are_stored(site: Site) -> None:
    site.peer("Old", GOOD, disclaimer="stored", terms="stored terms")
    with_own = results(result("p1"), disclaimer="of the reply")
    site.peer("New", faults.answering(with_own), disclaimer="stored")

    asked = site.ask()

    assert asked["Old"].disclaimer == "stored" and asked["Old"].terms == "stored terms"
    assert asked["New"].disclaimer == "of the reply"


def test_a_test_case_is_asked_about_as_one(site: Site) -> None:
    site.put(our_case(test=True))
    peer = site.peer("Island", GOOD)

    asked = site.ask()["Island"]

    assert sent(peer.received[0])["test"] is True
    assert asked.results[0].remote.case.test
    assert site.audited()[0].facts["test"] is True


def test_our_own_case_mirrored_by_a_peer_is_hidden(site: Site) -> None:
    genes = [{"gene": {"id": "EFTUD2"}}]
    contact = {"name": "North", "href": ADDRESS.upper().replace("MAILTO", "mailto")}
    mirrored = result("theirs-7", *TERMS, genomicFeatures=genes, contact=contact)
    same_id = result(OURS, *TERMS, genomicFeatures=genes)
    site.peer("Island", faults.answering(results(mirrored, same_id, result("p1"))))

    asked = site.ask()["Island"]

    assert ids(asked) == ["p1"] and asked.dropped == {"case of ours": 2}


def test_another_case_of_ours_mirrored_by_a_peer_is_hidden(site: Site) -> None:
    site.put(our_case(case_id="ours-2", genomic_features=()))
    mirrored = result("theirs-8", *TERMS, contact={"name": "N", "href": ADDRESS})
    site.peer("Island", faults.answering(results(mirrored)))

    asked = site.ask()["Island"]

    assert asked.state is State.EMPTY and asked.dropped == {"case of ours": 1}


def test_a_peer_that_uses_an_id_of_ours_hides_nothing_and_changes_nothing(
    site: Site,
) -> None:
    before = CaseStore(site.db).get(OURS)
    site.peer("Island", faults.answering(results(result(OURS, "HP:0000486"))))

    assert ids(site.ask()["Island"]) == [OURS]

    assert CaseStore(site.db).get(OURS) == before


def test_somebody_elses_patient_with_the_same_profile_is_shown(site: Site) -> None:
    genes = [{"gene": {"id": "EFTUD2"}}]
    twin = result("twin", *TERMS, genomicFeatures=genes)
    site.peer("Island", faults.answering(results(twin)))

    assert ids(site.ask()["Island"]) == ["twin"]


def test_a_patient_in_several_nodes_is_one_card(site: Site) -> None:
    same = result("a-1", *TERMS)
    site.peer("Island", faults.answering(results(same, result("a-2", "HP:0000486"))))
    site.peer("Valley", faults.answering(results(result("b-9", *reversed(TERMS)))))

    found = cards(m for each in site.ask().values() for m in each.results)

    named = [
        [(s.remote.node, s.remote.case.case_id) for s in c.sightings] for c in found
    ]
    assert named == [[("Island", "a-1"), ("Valley", "b-9")], [("Island", "a-2")]]


def test_few_terms_or_one_node_make_no_card_of_two_patients(site: Site) -> None:
    few = result("few", "HP:0001250", "HP:0001252")
    siblings = [result("s-1", *TERMS), result("s-2", *TERMS)]
    site.peer("Island", faults.answering(results(few, *siblings)))
    other = result("other", "HP:0001250", "HP:0001252")
    site.peer("Valley", faults.answering(results(other)))

    found = cards(m for each in site.ask().values() for m in each.results)

    assert [len(card.sightings) for card in found] == [1, 1, 1, 1]


def test_what_is_new_changed_and_gone_is_told(site: Site) -> None:
    first = faults.reply(json.dumps(results(result("a"), result("b"))).encode())
    changed = result("a", *TERMS)
    second = faults.reply(json.dumps(results(changed, result("c"))).encode())
    site.peer("Island", faults.in_turn(first, first, second))

    told = [site.ask()["Island"] for _ in range(3)]

    assert dict(told[0].news) == {"a": News.NEW, "b": News.NEW}
    assert dict(told[1].news) == {"a": News.KNOWN, "b": News.KNOWN}
    assert dict(told[2].news) == {"a": News.CHANGED, "c": News.NEW}
    assert [each.gone for each in told] == [(), (), ("b",)]


def test_a_peer_with_ever_new_patients_is_kept_to_as_many_as_one_answer(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST_KEPT", 3)
    answers = [
        faults.reply(
            json.dumps(results(result(f"{turn}-1"), result(f"{turn}-2"))).encode()
        )
        for turn in "abc"
    ]
    site.peer("Island", faults.in_turn(*answers))

    for _ in answers:
        site.ask()

    now = {each.remote.case.case_id: each.gone_at for each in site.kept.matches(OURS)}
    assert len(now) == 3 and not now["c-1"] and not now["c-2"]


def test_a_finding_that_a_peer_repeats_is_read_once(site: Site) -> None:
    long = result(
        "p1", *TERMS * 50, contact={"name": "N", "href": "mailto:n@n.example"}
    )
    site.peer("Island", faults.answering(results(long)))

    found = site.ask()["Island"].results

    assert found[0].remote.case.observed == tuple(TERMS)


def test_an_answer_that_is_not_whole_withdraws_nothing(site: Site) -> None:
    good = faults.reply(json.dumps(results(result("a"))).encode())
    bad = faults.reply(b"<html>")
    site.peer("Island", faults.in_turn(good, bad))
    site.ask()

    assert site.ask()["Island"].gone == ()

    assert [each.gone_at for each in site.kept.matches(OURS)] == [""]


def test_what_peers_said_is_kept_beside_the_case(site: Site) -> None:
    site.peer("Island", GOOD)
    site.peer("Valley", faults.answering({"message": "no"}, "400 Bad"))

    site.ask()

    [kept] = site.kept.matches(OURS)
    assert (kept.node, kept.remote.case.case_id) == ("Island", "p1")
    assert kept.remote.peer_score == "0.125" and kept.remote.case.observed == TERMS[:4]
    states = {each.node: each for each in site.kept.states(OURS)}
    assert states["Island"].results == 1 and states["Island"].asked_by == "alice"
    assert states["Valley"].state is State.REJECTED
    assert states["Valley"].message == "HTTP 400: no"


def test_a_new_version_of_our_case_keeps_what_peers_said(site: Site) -> None:
    site.peer("Island", GOOD)
    site.ask()

    site.put(our_case(note="changed"))

    assert len(site.kept.matches(OURS)) == 1


def test_erasing_our_case_erases_what_peers_said(site: Site) -> None:
    said = result("p1", label=CANARY)
    site.peer("Island", faults.answering(results(said, message=CANARY)))
    site.ask()

    CaseStore(site.db).erase(OURS, actor="alice")

    assert site.kept.matches(OURS) == [] and site.kept.states(OURS) == []
    folder = CaseStore(site.db).path.parent
    stored = b"".join(path.read_bytes() for path in folder.glob("secondcase.db*"))
    assert CANARY.encode() not in stored
    with pytest.raises(UnknownCase):
        site.ask()


def test_a_case_erased_while_peers_are_asked_leaves_nothing(site: Site) -> None:
    site.peer("Island", GOOD)
    site.peer("Valley", GOOD)
    asking = site.asker().ask(OURS, by="alice")
    next(asking)

    CaseStore(site.db).erase(OURS, actor="alice")
    list(asking)

    assert site.db.execute("SELECT count(*) FROM remote_matches").fetchone() == (0,)


def test_a_damaged_answer_is_left_out_until_the_next(site: Site) -> None:
    site.peer("Island", faults.answering(results(result("a"), result("b"))))
    site.ask()
    site.db.execute("UPDATE remote_matches SET profile = '{' WHERE remote_id = 'a'")

    assert [each.remote.case.case_id for each in site.kept.matches(OURS)] == ["b"]

    site.ask()
    assert len(site.kept.matches(OURS)) == 2


def test_a_match_that_comes_back_is_new_again(site: Site) -> None:
    there = faults.reply(json.dumps(results(result("a"))).encode())
    gone = faults.reply(b'{"results": []}')
    site.peer("Island", faults.in_turn(there, gone, there))

    told = [dict(site.ask()["Island"].news) for _ in range(3)]

    assert told == [{"a": News.NEW}, {}, {"a": News.NEW}]
    assert site.kept.matches(OURS)[0].gone_at == ""


def test_a_node_removed_while_it_is_asked_leaves_nothing(site: Site) -> None:
    site.peer("Island", GOOD)
    site.peer("Valley", GOOD)
    asking = site.asker().ask(OURS, by="alice")
    first = next(asking).node.name

    site.nodes.remove({"Island": "Valley", "Valley": "Island"}[first])

    assert len(list(asking)) == 1
    assert [each.node for each in site.kept.matches(OURS)] == [first]


def test_removing_a_node_forgets_what_it_said(site: Site) -> None:
    site.peer("Island", GOOD)
    site.ask()

    site.nodes.remove("Island")

    assert site.kept.matches(OURS) == [] and site.kept.states(OURS) == []


def test_answers_are_forgotten_after_a_while(site: Site) -> None:
    site.peer("Island", GOOD)
    site.ask()
    site.clock.wait(days=100)
    assert site.kept.forget_older(days=101) == 0

    assert site.kept.forget_older(days=99) == 1

    assert site.kept.matches(OURS) == [] and site.kept.states(OURS) == []


def test_a_new_question_forgets_what_is_too_old(site: Site) -> None:
    site.peer("Island", GOOD)
    site.ask()
    site.db.execute("UPDATE nodes SET revoked_at = 'now'")
    site.clock.wait(days=366)

    site.ask()

    assert site.kept.matches(OURS) == []


BAD = {
    "Hang": (faults.hang, State.TIMED_OUT),
    "Drip": (faults.drip_body, State.TIMED_OUT),
    "Oops": (faults.answering("no", "500 Oops"), State.FAILED),
    "Reset": (faults.reset, State.FAILED),
    "Html": (faults.answering("<html>"), State.FAILED),
}


GOOD_NAMES = ("East", "North", "South", "West")


def good_peers(site: Site) -> None:
    """Four peers that answer, met once: the first answer is scored by code yet to be compiled."""
    for name in GOOD_NAMES:
        site.peer(name, faults.answering(results(result(f"{name}-1"))))
    assert {each.state for each in site.ask().values()} == {State.ANSWERED}


def bad_peers(site: Site) -> None:
    for name, (behaviour, _) in BAD.items():
        site.peer(name, behaviour)
    site.know("Gone", faults.refusing())


def test_good_answers_come_at_once_and_bad_peers_end_with_the_deadline(
    site: Site,
) -> None:
    good_peers(site)
    bad_peers(site)

    order = [each for each in site.asker(SHORT).ask(OURS, by="alice")]

    states = {each.node.name: each.state for each in order}
    expected = {name: state for name, (_, state) in BAD.items()}
    assert states == {
        **expected,
        "Gone": State.UNREACHABLE,
        **{name: State.ANSWERED for name in GOOD_NAMES},
    }
    places = [each.node.name for each in order]
    assert set(places[-2:]) == {"Hang", "Drip"}
    assert max(map(places.index, GOOD_NAMES)) < 8


def fickle() -> faults.Behaviour:
    """One fault a round, each of them again and again."""
    return faults.one_after_the_other(
        faults.drip_headers,
        faults.truncate,
        faults.gibberish,
        faults.endless,
        faults.gzip_bomb(3),
        faults.answering(b"[" * 100_000),
        faults.answering(b'{"results": [{"score": {"patient": NaN}}]}'),
        faults.answering({"results": [{}] * 100_000}),
        faults.answering("", "307 Elsewhere", "Location: http://127.0.0.1:9/match"),
    )


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def asking_threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name.startswith(THREAD_NAME)]


def connections_of_peers() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == faults.THREAD_NAME]


def rounds(site: Site, count: int) -> Counter[tuple[str, State]]:
    """Ask so many times; how often each peer fared how."""
    met: Counter[tuple[str, State]] = Counter()
    for _ in range(count):
        site.db.execute("DELETE FROM node_health")
        for asked in site.asker(0.2).ask(OURS, by="alice"):
            met[asked.node.name, asked.state] += 1
        # The peers of this test are in the same process, with threads and files of their own.
        for thread in [*asking_threads(), *connections_of_peers()]:
            thread.join()
    return met


def leaks_nothing(site: Site, count: int) -> None:
    good_peers(site)
    bad_peers(site)
    site.peer("Fickle", fickle())
    # Nothing here has to outlive a crash, and a busy disk would make hours of it.
    site.db.execute("PRAGMA synchronous = OFF")
    rounds(site, 2)
    files, threads = open_files(), threading.active_count()

    met = rounds(site, count)

    assert met.total() == count * (len(GOOD_NAMES) + len(BAD) + 2)
    assert all(met[name, state] > count / 4 for name, (_, state) in BAD.items())
    assert open_files() <= files
    assert threading.active_count() <= threads and asking_threads() == []


def test_nothing_leaks_over_twenty_rounds(site: Site) -> None:
    leaks_nothing(site, 20)


@pytest.mark.full
def test_nothing_leaks_over_a_thousand_rounds(site: Site) -> None:
    leaks_nothing(site, 1_000)


def test_a_name_that_is_looked_up_for_ever_holds_nobody_up(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.know("Slow", "http://slow.example")
    released = threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        released.wait(30)
        raise OSError

    monkeypatch.setattr("web.mme.asking.asker.GRACE_SECONDS", 0.1)
    [asked] = site.asker(0.2, resolve=resolve).ask(OURS, by="alice")
    released.set()
    for thread in asking_threads():
        thread.join()

    assert asked.state is State.TIMED_OUT


def test_a_reply_that_our_code_cannot_take_costs_that_peer_alone(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.peer("Island", GOOD)
    site.peer("Valley", faults.answering(results(result("p1"), message="boom")))
    real = Asker.ask.__globals__["read_reply"]

    def read(reply: Any, node: Any, **more: Any) -> Any:
        if b"boom" in reply.body:
            raise ZeroDivisionError
        return real(reply, node, **more)

    monkeypatch.setattr("web.mme.asking.asker.read_reply", read)

    asked = site.ask()

    assert asked["Valley"].state is State.FAILED
    assert asked["Island"].state is State.ANSWERED


def test_a_token_that_a_peer_repeats_is_neither_shown_nor_kept(site: Site) -> None:
    echo = faults.answering({"message": f"bad token {TOKEN}"}, "401 No")
    site.peer("Island", echo)

    asked = site.ask()["Island"]

    assert asked.message == "HTTP 401: bad token (token)"
    assert TOKEN not in "\n".join(site.db.conn.iterdump())


def test_patients_that_name_a_canary_reach_no_audit(site: Site) -> None:
    site.peer("Island", faults.answering(results(result(CANARY, label=CANARY))))

    site.ask()

    assert CANARY not in str([(e.facts, e.case_ids) for e in site.audited()])
    assert patient("x")["id"] == "x"


def test_features_of_its_patients_that_are_no_term_are_counted(site: Site) -> None:
    odd = [{"id": "HP:9999999", "label": "Odd toes"}, {"label": "zebra striped toes"}]
    told = [result(f"p{number}") for number in range(3)]
    for each in told:
        each["patient"]["features"] += odd
    site.peer("Island", faults.answering(results(*told)))

    asked = site.ask()["Island"]

    assert len(asked.results) == 3
    found = Queue(site.db).page(Wanted(kind=Kind.ANSWER))
    assert {(e.code, e.words, e.patients) for e in found} == {
        ("HP:9999999", "Odd toes", 3),
        ("", "zebra striped toes", 3),
    }


BROKEN = "HP:0031796"


def test_one_patient_that_breaks_here_costs_no_other(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = result(CANARY, *TERMS, BROKEN)
    site.peer("Island", faults.answering(results(result("p1"), broken, result("p2"))))
    assert set(ids(site.ask()["Island"])) == {"p1", CANARY, "p2"}
    read = CaseReader.read

    def reading(self: CaseReader, cases: Any, settings: Any) -> Any:
        if any(BROKEN in case.observed for case in cases):
            raise ValueError(CANARY)
        return read(self, cases, settings)

    monkeypatch.setattr(CaseReader, "read", reading)
    with capture_logs() as logged:
        asked = site.ask()["Island"]

    assert asked.state is State.ANSWERED and set(ids(asked)) == {"p1", "p2"}
    assert asked.dropped == {PUT_ASIDE: 1}
    # The peer has it still: it was put aside here, and not withdrawn there.
    assert asked.gone == ()
    [state] = site.kept.states(OURS)
    assert state.dropped == {PUT_ASIDE: 1} and state.results == 2
    [said] = [each for each in logged if each["event"] == "patient put aside"]
    assert said["node"] == "Island" and said["error"] == "ValueError"
    assert CANARY not in str(logged)


def test_a_patient_that_cannot_be_told_from_ours_is_put_aside(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.peer("Island", faults.answering(results(result("p1"), result("p2"))))

    def failing(remote: Case, *arguments: object) -> bool:
        if remote.case_id == "p1":
            raise OverflowError
        return False

    monkeypatch.setattr(own_cases, "is_own", failing)
    asked = site.ask()["Island"]

    assert ids(asked) == ["p2"] and asked.dropped == {PUT_ASIDE: 1}


def test_a_match_that_cannot_be_explained_is_told_without_a_reason(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.peer("Island", GOOD)
    [match] = site.ask()["Island"].results

    def failing(self: Match) -> None:
        raise RecursionError

    monkeypatch.setattr(Match, "explanation", failing)
    [told] = findings(site.asker().ask(OURS, by="alice"), site.kept.matches(OURS))

    assert match.explanation() is None and told.why == ""
