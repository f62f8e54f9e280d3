"""Less to a single peer than to others, when it is asked."""

from __future__ import annotations

import pytest

from matcher.case import GenomicFeature, Sharing, Variant
from web.mme.asking.errors import NotAskable
from web.mme.disclosing.limits import Limits, Most

from .conftest import OURS, Site, our_case
from .test_asker import GOOD, sent

pytestmark = pytest.mark.usefixtures("everybody_agreed")

VARIANT = Variant(
    assembly="GRCh38", chromosome="17", start=4242421, reference="A", alternate="T"
)


@pytest.fixture(autouse=True)
def at_level_two(site: Site) -> None:
    gene = GenomicFeature(gene="EFTUD2", variant=VARIANT)
    site.put(our_case(sharing=Sharing.EXCHANGE_2, genomic_features=(gene,)))


def test_a_peer_that_is_told_nothing_is_not_asked(site: Site) -> None:
    island, hill = site.peer("Island", GOOD), site.peer("Hill", GOOD)
    Limits(site.db).set(OURS, "Island", Most.NOTHING, "alice")

    asked = site.ask()

    assert set(asked) == {"Hill"}
    assert island.received == [] and len(hill.received) == 1
    with pytest.raises(NotAskable, match="'Island' is to be told nothing"):
        site.ask("Island")


def test_a_peer_at_level_one_is_sent_level_one(site: Site) -> None:
    island, hill = site.peer("Island", GOOD), site.peer("Hill", GOOD)
    Limits(site.db).set(OURS, "Island", Most.LEVEL_1, "alice")

    site.ask()

    assert b"424242" in hill.received[0]
    assert b"424242" not in island.received[0]
    assert sent(island.received[0])["genomicFeatures"][0].keys() == {"gene"}
    assert site.audited()[-1].facts["limited"] == ["Island"]


def test_a_limit_set_while_others_are_asked_is_kept_to(site: Site) -> None:
    island = site.peer("Island", GOOD)
    asker = site.asker()
    question = asker.begin(OURS, by="alice")
    Limits(site.db).set(OURS, "Island", Most.NOTHING, "alice")

    list(asker.answers(question))

    assert island.received == []
