"""Who asks about nearly the same patient again and again is stopped, who repeats is not."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from matcher.case import (
    Case,
    Disease,
    GenomicFeature,
    Onset,
    PhenotypicFeature,
    Sharing,
    Variant,
)
from matcher.engine.constraints import Constraints
from matcher.storage.database import Database, rows, write_transaction
from ontologies import Release
from web.audit import Audit
from web.db import open_database
from web.mme.answering.asked import Asked
from web.mme.nodes import Nodes
from web.mme.answering import variations
from web.mme.answering.variations import (
    ALIKE_BARE,
    FEW,
    GENE,
    OBSERVED,
    WISH,
    TooAlike,
    TooManyDifferent,
    Variations,
    statements,
)

from .test_server import case, found, patient, refused, running

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BASE = ("HP:0001250", "HP:0001252", "HP:0000252", "HP:0001263")
# Terms that say something, none above another or above those of BASE.
OTHERS = (
    "HP:0000154",
    "HP:0000677",
    "HP:0006237",
    "HP:0000508",
    "HP:0000028",
    "HP:0000126",
    "HP:0001631",
    "HP:0000518",
    "HP:0002650",
    "HP:0000774",
    "HP:0001156",
    "HP:0000175",
    "HP:0000405",
    "HP:0000639",
    "HP:0001762",
    "HP:0000365",
    "HP:0000821",
    "HP:0002240",
    "HP:0001744",
    "HP:0002020",
    "HP:0000486",
    "HP:0000494",
)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with contextlib.closing(open_database(tmp_path / "secondcase.db")) as db:
        Nodes(db).add("Island")
        yield db


def note(db: Database, *said: str, at: datetime = NOON, most: int = 3) -> None:
    [node] = Nodes(db)
    with write_transaction(db):
        Variations(db, "secret", most, lambda: at).note(node, said)


def noted(db: Database) -> int:
    count: int = db.table("asked_profiles").count
    return count


def test_nearly_equal_questions_are_answered_so_many_times(db: Database) -> None:
    for last in "xyz":
        note(db, "a", "b", "c", last)

    with pytest.raises(TooAlike, match="3 nearly equal"):
        note(db, "a", "b", "c", "w")


def test_the_same_question_is_answered_always_and_counted_once(db: Database) -> None:
    for _ in range(10):
        note(db, "a", "b", "c", "x")
        note(db, "c", "b", "a", "y", "y")

    note(db, "a", "b", "c", "z")
    note(db, "a", "b", "c", "x")
    assert noted(db) == 3


def test_a_refused_question_is_not_kept(db: Database) -> None:
    for last in "xyz":
        note(db, "a", "b", "c", last)
    with pytest.raises(TooAlike):
        note(db, "a", "b", "c", "w")

    assert noted(db) == 3


def test_other_patients_are_answered_still(db: Database) -> None:
    for last in "xyz":
        note(db, "a", "b", "c", last)

    note(db, "d", "e", "f", "x")
    note(db, "a", "b", "c", "d", "e", "f", "g")


def test_single_genes_are_no_variations_of_each_other(
    db: Database, release: Release
) -> None:
    for symbol in ("EFTUD2", "KARS1", "PHF14", "MECP2", "ARID1B", "KMT2D"):
        gene = query(genomic_features=(GenomicFeature(gene=symbol),))
        note(db, *said_of(release, gene, must_share_gene=True))

    assert noted(db) == 6


def test_wishes_make_other_questions_of_the_same_patient(db: Database) -> None:
    for wish in "xyz":
        note(db, "a", "b", "c", f"{WISH}{wish}1", f"{WISH}{wish}2", f"{WISH}{wish}3")
        note(db, "a", "b", "c", f"{WISH}{wish}1", f"{WISH}{wish}2", f"{WISH}{wish}3")

    with pytest.raises(TooAlike):
        note(db, "a", "b", "c")


def test_what_moves_no_score_makes_few_others_of_one_patient(db: Database) -> None:
    observed = [f"{OBSERVED}{each}" for each in "abcd"]

    def ask(number: int, *more: str) -> None:
        # Far from each other by these alone.
        free = (f"disease {number}-{each}" for each in range(8))
        note(db, *observed, *more, f"{GENE}{number}", *free)

    for number in range(3 * ALIKE_BARE):
        ask(number)
    ask(100, *(f"{OBSERVED}{each}" for each in "efgh"))

    with pytest.raises(TooAlike, match=f"{3 * ALIKE_BARE} nearly equal sets of feat"):
        ask(101, f"{OBSERVED}e")


def test_no_more_are_answered_than_are_compared(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(variations, "DIFFERENT", 2)
    for number in range(6):
        note(db, str(number), at=NOON + timedelta(hours=number))

    with pytest.raises(TooManyDifferent, match="6 different") as stopped:
        note(db, "6", at=NOON + timedelta(hours=6))

    assert stopped.value.retry_after == 18 * 3600
    note(db, "3", at=NOON + timedelta(hours=6))
    note(db, "6", at=NOON + timedelta(hours=24))


def test_another_peer_is_not_stopped(db: Database) -> None:
    for last in "xyz":
        note(db, "a", "b", "c", last)
    Nodes(db).add("Valley")
    valley = next(node for node in Nodes(db) if node.name == "Valley")

    with write_transaction(db):
        Variations(db, "secret", 3).note(valley, ["a", "b", "c", "w"])


def test_after_a_day_it_is_forgotten_in_every_byte(db: Database) -> None:
    for hours, last in enumerate("xyz"):
        note(db, "a", "b", "c", last, at=NOON + timedelta(hours=hours))
    with pytest.raises(TooAlike) as stopped:
        note(db, "a", "b", "c", "w", at=NOON + timedelta(hours=23))
    assert stopped.value.retry_after == 3600

    note(db, "a", "b", "c", "w", at=NOON + timedelta(hours=24))
    note(db, "e", at=NOON + timedelta(days=3))

    assert noted(db) == 1


WORDS = st.frozensets(st.sampled_from("abcdefgh"), max_size=7)


@given(earlier=st.lists(WORDS, max_size=6, unique=True), said=WORDS)
def test_it_counts_as_sets_do(
    tmp_path_factory: pytest.TempPathFactory,
    earlier: list[frozenset[str]],
    said: frozenset[str],
) -> None:
    near = [
        each
        for each in earlier
        if len(each ^ said) <= FEW and 2 * len(each & said) >= max(len(each), len(said))
    ]
    path = tmp_path_factory.mktemp("near") / "secondcase.db"
    with contextlib.closing(open_database(path)) as db:
        Nodes(db).add("Island")
        for each in earlier:
            note(db, *each, most=100)
        if near and said not in earlier:
            with pytest.raises(TooAlike):
                note(db, *said, most=len(near))
        note(db, *said, most=len(near) + 1)


def said_of(release: Release, query: Case, **wishes: object) -> set[str]:
    constraints = Constraints(**wishes)  # type: ignore[arg-type]
    asked = Asked(most=10, constraints=constraints)
    return set(statements(query, asked, release))


def query(*terms: str, **more: object) -> Case:
    features = tuple(PhenotypicFeature(term_id=term_id) for term_id in terms)
    return Case(case_id="q", features=features, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "terms",
    [
        # In lower case, obsolete ids aside; unknown; above seizure; too general.
        ("hp:0001250", "HP:0001252", "HP:0000252", "HP:0001263"),
        (*BASE, "HP:9999999"),
        (*BASE, "HP:0012638"),
        (*BASE, "HP:0000118"),
    ],
)
def test_what_says_nothing_makes_no_other_question(
    release: Release, terms: tuple[str, ...]
) -> None:
    assert said_of(release, query(*terms)) == said_of(release, query(*BASE))


@pytest.mark.parametrize(
    "more",
    [
        {"genomic_features": (GenomicFeature(gene="EFTUD2"),)},
        {"diseases": (Disease(disease_id="OMIM:610536"),)},
        {"inheritance": ("HP:0000007",)},
        {"onset": Onset(years=1)},
    ],
)
def test_what_moves_a_score_makes_another_question(
    release: Release, more: dict[str, object]
) -> None:
    assert said_of(release, query(*BASE, **more)) != said_of(release, query(*BASE))


def test_a_variant_of_the_same_gene_makes_another_question(release: Release) -> None:
    def asked(*starts: int) -> set[str]:
        variants = [Variant(start=each) for each in starts] or [None]
        genes = tuple(GenomicFeature(gene="PHF14", variant=each) for each in variants)
        return said_of(release, query(*BASE, genomic_features=genes))

    assert asked() < asked(1) < asked(1, 2)


def test_an_excluded_term_makes_another_question(release: Release) -> None:
    excluded = PhenotypicFeature(term_id="HP:0000154", excluded=True)
    features = (*query(*BASE).features, excluded)
    asked = said_of(release, Case(case_id="q", features=features))

    assert asked > said_of(release, query(*BASE))
    assert asked != said_of(release, query(*BASE, "HP:0000154"))


@pytest.mark.parametrize(
    "wishes",
    [
        {"must_have": "HP:0000154"},
        {"must_list": "HGNC:1"},
        {"must_share_gene": True},
        {"exclude_solved": True},
    ],
)
def test_a_wish_makes_another_question(
    release: Release, wishes: dict[str, object]
) -> None:
    assert said_of(release, query(*BASE), **wishes) != said_of(release, query(*BASE))


def test_a_peer_that_climbs_is_stopped_and_audited(
    tmp_path: Path, release: Release
) -> None:
    shared = case("shared", Sharing.EXCHANGE_1)
    with running(tmp_path, release, [shared]) as site:
        with capture_logs() as logs:
            answers = [site.post(patient(*BASE, term)) for term in OTHERS]

        statuses = [answer.status_code for answer in answers]
        assert statuses == [200] * 20 + [429] * 2
        assert "20 nearly equal" in refused(answers[-1], 429)
        assert int(answers[-1].headers["Retry-After"]) > 86_000
        assert found(site.post(patient(*BASE, OTHERS[0]))) == ["shared"]
        assert site.post(patient(*BASE, OTHERS[-1], test=True)).status_code == 200
        with contextlib.closing(open_database(site.database)) as db:
            reasons = [entry.facts.get("reason") for entry in Audit(db).entries()]
    assert reasons.count("too many nearly equal questions") == 2
    alerts = [each for each in logs if each["event"] == "peer refused"]
    assert [(each["node"], each["log_level"]) for each in alerts] == [
        ("Island", "warning")
    ] * 2


def test_who_has_no_key_cannot_try_terms_out(db: Database) -> None:
    [node] = Nodes(db)
    for secret in ("one", "other"):
        with write_transaction(db):
            Variations(db, secret, 3, lambda: NOON).note(node, ["observed HP:0001250"])

    kept = {row["statements"] for row in rows(db, "SELECT * FROM asked_profiles")}

    assert len(kept) == 2


def test_no_term_is_kept_in_plain_text(tmp_path: Path, release: Release) -> None:
    with running(tmp_path, release, [case("shared", Sharing.EXCHANGE_1)]) as site:
        site.post(patient(*OTHERS))

        files = list(site.database.parent.glob("secondcase.db*"))

    assert not any(OTHERS[0].encode() in path.read_bytes() for path in files)
