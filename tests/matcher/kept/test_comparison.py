"""Why a match appeared, vanished or changed: named, and told to who may know of it only."""

from __future__ import annotations

from dataclasses import replace

import pytest

from matcher import Constraints
from matcher.case import Case, GenomicFeature, PhenotypicFeature, Sharing
from matcher.errors import UnknownCase
from matcher.kept.comparison import Comparer, Outcome, PairChange
from matcher.kept.errors import OtherQuery
from matcher.kept.reasons import Cause

from .conftest import Site, SmallReleases, a_case, small_calibration

FOCAL = PhenotypicFeature(term_id="HP:0007359", label="Focal seizure")
SHORT = PhenotypicFeature(term_id="HP:0004322", label="Short stature")
KARS1 = (GenomicFeature(gene="KARS1"),)


@pytest.fixture
def pair(site: Site) -> Site:
    """Two cases alike, Q and C, among the twelve."""
    alike = a_case(1, features=(FOCAL, SHORT), genomic_features=KARS1, onset=None)
    for case_id in ("Q", "C"):
        site.store.put(replace(alike, case_id=case_id), actor="alice")
    return site


def change_of(site: Site, case_id: str, *numbers: int) -> PairChange:
    """What became of one candidate between two rankings, with the nats of each cause."""
    compared = Comparer(site.kept, replayer=site.replayer()).compare(*numbers)
    return next(each for each in compared.pairs if each.case_id == case_id)


def causes(change: PairChange) -> list[Cause]:
    return [reason.cause for reason in change.reasons]


def test_nothing_changed_where_nothing_changed(pair: Site) -> None:
    number = pair.kept_number("Q")

    compared = Comparer(pair.kept).compare(number, number)

    assert (compared.pairs, compared.reasons, compared.same) == ((), (), 10)


def test_a_gene_taken_from_the_query_is_named_with_its_nats(pair: Site) -> None:
    first = pair.kept_number("Q")
    pair.edit("Q", genomic_features=())
    second = pair.kept_number("Q")

    change = change_of(pair, "C", first, second)

    (reason,) = change.reasons
    assert (change.outcome, reason.cause) == (Outcome.CHANGED, Cause.QUERY)
    assert reason.sentence == "Your case changed (version 1 to 2): KARS1 was removed."
    assert change.before and change.after and reason.nats
    assert reason.nats == change.after.score - change.before.score
    assert reason.nats < -1


def test_a_term_added_to_the_candidate_is_named(pair: Site) -> None:
    first = pair.kept_number("Q")
    seizure = PhenotypicFeature(term_id="HP:0002197", label="Generalized")
    pair.edit("C", features=(FOCAL, SHORT, seizure))
    second = pair.kept_number("Q")

    change = change_of(pair, "C", first, second)

    assert [reason.sentence for reason in change.reasons] == [
        "C changed (version 1 to 2): Generalized (HP:0002197) was added."
    ]
    assert change.reasons[0].changes[0].subject == "HP:0002197"
    assert change.reasons[0].nats


def test_nats_of_all_causes_add_up(pair: Site, small_releases: SmallReleases) -> None:
    first = pair.kept_number("Q")
    pair.edit("Q", features=(FOCAL,))
    pair.edit("C", genomic_features=())
    pair.release = small_releases.newer
    pair.calibration = small_calibration(pair.release, first=800)
    second = pair.kept_number("Q")

    change = change_of(pair, "C", first, second)

    assert causes(change) == [
        Cause.CANDIDATE,
        Cause.QUERY,
        Cause.RELEASE,
        Cause.CALIBRATION,
    ]
    assert change.before and change.after
    nats = [reason.nats for reason in change.reasons if reason.nats is not None]
    assert len(nats) == 3 and all(nats)
    assert sum(nats) == pytest.approx(change.after.score - change.before.score)
    release = change.reasons[2].sentence
    assert pair.release.release_id in release and "The release changed from" in release


def test_another_code_version_is_a_cause(
    pair: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pair.kept_number("Q")
    monkeypatch.setattr("matcher.kept.keeping.__version__", "0.2")
    second = pair.kept_number("Q")

    compared = Comparer(pair.kept).compare(first, second)

    assert [reason.sentence for reason in compared.reasons] == [
        "Secondcase changed from 0.1.0 to 0.2."
    ]
    assert compared.pairs == ()


def test_more_cases_change_what_a_score_means(pair: Site) -> None:
    first = pair.kept_number("Q")
    pair.store.put(a_case(50, case_id="Z", features=()), actor="bob")
    second = pair.kept_number("Q")

    change = change_of(pair, "C", first, second)

    assert causes(change) == [Cause.SEARCHED]
    assert change.reasons[0].sentence.startswith(
        "13 cases were searched then and 14 later"
    )
    assert change.before and change.after
    assert change.before.score == change.after.score
    assert change.before.probability > change.after.probability


def test_a_case_entered_since_is_new(pair: Site) -> None:
    first = pair.kept_number("Q")
    twin = replace(pair.store.get("C").case, case_id="D")
    entered = pair.store.put(twin, actor="bob")
    second = pair.kept_number("Q")

    change = change_of(pair, "D", first, second)

    assert (change.outcome, causes(change)) == (Outcome.NEW, [Cause.ENTERED])
    assert change.reasons[0].sentence == f"D was entered on {entered.saved_at[:10]}."


def test_a_deleted_case_is_gone(pair: Site) -> None:
    first = pair.kept_number("Q")
    pair.store.delete("C", "bob")
    second = pair.kept_number("Q")

    change = change_of(pair, "C", first, second)

    assert (change.outcome, causes(change)) == (Outcome.GONE, [Cause.REMOVED])
    assert change.reasons[0].sentence.startswith("C was deleted on 20")


def test_a_full_list_has_no_room(pair: Site) -> None:
    first = pair.kept_number("Q", at_most=1)
    pair.store.put(replace(pair.store.get("C").case, case_id="B"), actor="bob")
    second = pair.kept_number("Q", at_most=1)

    change = change_of(pair, "C", first, second)

    assert (change.outcome, causes(change)) == (Outcome.GONE, [Cause.CROWDED])
    assert change.reasons[0].sentence == (
        "The list holds the best 1, and others come closer now."
    )


def test_a_case_that_comes_onto_a_full_list_stood_beyond_it(pair: Site) -> None:
    first = pair.kept_number("Q", at_most=1)
    pair.store.delete("C", "bob")
    second = pair.kept_number("Q", at_most=1)

    (new,) = Comparer(pair.kept).compare(first, second).of(Outcome.NEW)

    assert causes(new) == [Cause.CROWDED]
    assert new.reasons[0].sentence == (
        "The list held the best 1 then, and others came closer."
    )


def test_what_nothing_explains_is_not_explained_away(pair: Site) -> None:
    first, second = pair.kept_number("Q"), pair.kept_number("Q", cut=0)

    change = change_of(pair, "C", first, second)

    assert (change.outcome, causes(change)) == (Outcome.GONE, [Cause.UNKNOWN])
    assert change.reasons[0].sentence == "Nothing that is kept explains it."


def test_rankings_of_two_cases_are_not_compared(pair: Site) -> None:
    numbers = pair.kept_number("Q"), pair.kept_number("C")

    with pytest.raises(OtherQuery, match="are of two different cases"):
        Comparer(pair.kept).compare(*numbers)


class TestVisibility:
    """What a stranger may see is whatever is shared with the network, without its onset."""

    def seen(self, case: Case) -> Case | None:
        if case.case_id == "Q":
            return case
        return None if case.sharing is Sharing.PRIVATE else replace(case, onset=None)

    def comparer(self, site: Site) -> Comparer:
        return Comparer(site.kept, self.seen, site.replayer())

    def test_a_case_that_became_private_is_not_shown_through_an_old_list(
        self, pair: Site
    ) -> None:
        numbers = self._then_private(pair)

        compared = self.comparer(pair).compare(*numbers)

        assert compared.withheld == 1
        assert "C" not in [each.case_id for each in compared.pairs]
        assert "C changed" not in str(
            [reason for each in compared.pairs for reason in each.reasons]
        )
        with pytest.raises(UnknownCase):
            self.comparer(pair).history("Q", "C")

    def test_an_operator_is_told_that_it_is_not_shared_any_more(
        self, pair: Site
    ) -> None:
        change = change_of(pair, "C", *self._then_private(pair))

        assert Cause.SHARING in causes(change)
        assert "the sharing level became private (it was network)" in str(
            change.reasons
        )

    def test_what_it_said_while_it_was_private_is_not_told(self, pair: Site) -> None:
        secret = PhenotypicFeature(term_id="HP:0001250", label="canary")
        first = pair.kept_number("Q")
        pair.edit("C", sharing=Sharing.PRIVATE, features=(secret,))
        second = pair.kept_number("Q")
        pair.edit("C", sharing=Sharing.NETWORK, features=(FOCAL,))
        pair.edit("Q", features=(FOCAL,))
        third = pair.kept_number("Q")

        told = [self.comparer(pair).compare(a, third) for a in (first, second)]

        assert "canary" not in str([each.reasons for t in told for each in t.pairs])
        (hidden,) = (each for each in told[1].pairs if each.case_id == "C")
        assert [reason.sentence for reason in hidden.reasons] == [
            "C was not shared with you all the time.",
            "Your case changed (version 1 to 2): Short stature (HP:0004322) was removed.",
        ]
        assert all(reason.nats is None for reason in hidden.reasons)

    def test_only_what_may_be_read_is_told_of_a_change(self, pair: Site) -> None:
        first = pair.kept_number("Q")
        pair.edit("C", onset=a_case(3).onset, genomic_features=())
        second = pair.kept_number("Q")

        compared = self.comparer(pair).compare(first, second)

        (change,) = (each for each in compared.pairs if each.case_id == "C")
        assert [reason.sentence for reason in change.reasons] == [
            "C changed (version 1 to 2): KARS1 was removed."
        ]

    def test_an_erased_case_is_in_no_comparison(self, pair: Site) -> None:
        first = pair.kept_number("Q")
        pair.store.erase("C", "dana")
        second = pair.kept_number("Q")

        compared = Comparer(pair.kept).compare(first, second)

        assert compared.withheld == 0
        assert "'C'" not in str(compared.pairs)
        with pytest.raises(UnknownCase):
            Comparer(pair.kept).history("Q", "C")

    def test_a_query_that_is_not_hers_is_not_compared(self, pair: Site) -> None:
        number = pair.kept_number("Q")

        with pytest.raises(UnknownCase):
            Comparer(pair.kept, lambda case: None).compare(number, number)

    def _then_private(self, site: Site) -> tuple[int, int]:
        """Rankings before and after C became private, of somebody it was hidden from then."""
        first = site.kept_number("Q")
        site.edit("C", sharing=Sharing.PRIVATE)
        site.store.put(a_case(60), actor="bob")
        return first, site.kept_number(
            "Q",
            constraints=Constraints(
                admits=lambda other: other.sharing is not Sharing.PRIVATE
            ),
        )


def test_the_history_of_a_pair_tells_each_turn_once(pair: Site) -> None:
    pair.kept_number("Q")
    pair.edit("C", genomic_features=())
    pair.kept_number("Q")
    pair.edit("P001", note="of no matter here")
    pair.kept_number("Q")
    pair.store.delete("C", "bob")
    pair.kept_number("Q")

    history = Comparer(pair.kept).history("Q", "C")

    assert [(each.outcome, causes(each)) for each in history] == [
        (Outcome.CHANGED, [Cause.CANDIDATE]),
        (Outcome.GONE, [Cause.REMOVED]),
    ]


def test_two_askers_are_told_apart(pair: Site) -> None:
    first = pair.kept_number("Q")
    second = pair.kept_number(
        "Q",
        actor="bob",
        constraints=Constraints(admits=lambda other: other.submitter != "alice"),
    )

    change = change_of(pair, "C", first, second)

    assert (change.outcome, causes(change)) == (
        Outcome.GONE,
        [Cause.CONDITIONS, Cause.ASKER],
    )
