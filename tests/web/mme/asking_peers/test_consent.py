"""What is sent when we ask obeys consent and generalisation as what is told when we are asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from matcher.case import Sharing
from matcher.storage.database import write_transaction
from web.mme.asking.errors import NotAskable
from web.mme.disclosing.consents import ConsentFacts, Consents
from web.mme.disclosing.disclosures import Disclosures

from .conftest import OURS, TERMS, Site, our_case
from .test_asker import GOOD, sent

FACTS = ConsentFacts(
    scope=2, given_by="person", given_on=date(2026, 1, 5), form="Matching 3.1"
)


def agree(site: Site) -> None:
    Consents(site.db).record(OURS, FACTS, "alice", is_saved_next=False)


def test_nobody_is_asked_about_a_case_without_a_consent(site: Site) -> None:
    peer = site.peer("Island", GOOD)
    site.put(our_case(sharing=Sharing.EXCHANGE_2))

    with pytest.raises(NotAskable, match="without a consent"):
        site.ask()
    assert peer.received == []
    agree(site)
    site.ask()
    assert len(peer.received) == 1


def test_who_was_asked_has_seen_the_case_and_has_its_budget_still(site: Site) -> None:
    site.peer("Island", GOOD)
    agree(site)

    site.ask()

    disclosures, [island] = Disclosures(site.db), site.nodes
    assert [each.node for each in disclosures.of_case(OURS)] == ["Island"]
    assert disclosures.spent(island) == 0
    with write_transaction(site.db):
        assert disclosures.take(island, [OURS]).case_ids == (OURS,)
    assert disclosures.spent(island) == 0


def test_a_rare_feature_is_sent_by_a_broader_term(site: Site) -> None:
    peer = site.peer("Island", GOOD)
    agree(site)
    other = replace(our_case(), case_id="other")
    site.put(replace(other, features=other.features[1:]))

    list(site.asker(rare_below=2).ask(OURS, by="alice"))

    told = {feature["id"] for feature in sent(peer.received[0])["features"]}
    assert TERMS[0] not in told and set(TERMS[1:]) <= told


def test_what_tells_a_case_from_all_others_is_sent_broader_without_a_consent(
    site: Site,
) -> None:
    peer = site.peer("Island", GOOD)
    case = replace(our_case(), sharing=Sharing.EXCHANGE_1)
    site.put(case)
    site.put(replace(case, case_id="other", features=case.features[1:]))

    list(site.asker(singled_out_by=1).ask(OURS, by="alice"))
    agree(site)
    list(site.asker(singled_out_by=1).ask(OURS, by="alice"))

    before, after = (
        {feature["id"] for feature in sent(each)["features"]} for each in peer.received
    )
    assert TERMS[0] not in before and set(TERMS[1:]) <= before
    assert set(TERMS) <= after
