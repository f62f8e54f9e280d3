"""Every route, by every method, for everybody: no byte of a case without a grant.

A private case of Alice and a private deposit of a system hold a canary in every field. A route
that stands in no row of `GRANTS` fails, so that whoever adds one decides who may see what.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from matcher.case import (
    Case,
    Contact,
    Death,
    Disease,
    Exposure,
    GenomicFeature,
    Measurement,
    Onset,
    PhenotypicFeature,
    Relation,
    Relative,
    Sharing,
    Treatment,
    Variant,
)
from matcher.storage.database import write_transaction
from web.accounts import Role
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts
from web.api.tokens import Scope, Tokens
from web.conversations.conversations import Conversations
from web.curating import doing
from web.db import open_database
from web.entry.uploads import Kind, Uploads
from web.groups.keeping import KeptGroup, KeptGroups, Member, View
from web.mme.asking.answers import Answer, RemoteCase, State
from web.mme.asking.reading.comparison import Comparison
from web.mme.asking.kept import Kept
from web.mme.nodes import Nodes
from web.notices.matters import asked
from web.notices.telling import Telling
from web.service import EXTENSION
from web.unrecognised.arriving import Arrivals, Arrived
from web.unrecognised.arriving import Kind as ArrivalKind
from web.verdicts.kept import Verdicts
from web.verdicts.verdict import Judged, PairKey, Said

from .conftest import PASSWORD, PHF14, SEIZURE, Cast, case_of

TERMS = (SEIZURE, "HP:0000677", "HP:0006237", "HP:0000154")
CANARY = "kanarie"
PRIVATE, MISSING = "NORTH-7701", "NORTH-7702"
DEPOSIT, NO_DEPOSIT, NEW_DEPOSIT = "EXT-7701", "EXT-7702", "EXT-7703"
NOTICE, NO_NOTICE = "7701" * 8, "7702" * 8
PEER, PATIENT = "answering node", "P-7701"
TALK, NO_TALK = "7703" * 8, "7704" * 8
UPLOAD, NO_UPLOAD = "7703" * 8, "7704" * 8
GROUP, NO_GROUP = "7705" * 4, "7706" * 4
# What differs from one answer to the next, whatever was asked: a message once, an id, a number.
PASSING = re.compile(
    r'<p class="note .*?</p>|value="[^"]*"|(NORTH|HARBOUR|ISLAND)-\d+|EXT-\d+|(770\d){4,8}',
    re.S,
)
# A case of each person's own, so that she has something to compare with.
OWN = {"alice": "NORTH-A", "bob": "NORTH-B", "charlie": "HARBOUR-C"}

ALIKE = tuple(
    Member(case_id=case_id, revision=1, firmness=0.5, x=0.5, y=0.5)
    for case_id in (OWN["alice"], OWN["bob"])
)

PEOPLE = ("nobody", "alice", "bob", "charlie", "dana", "olga")
NODES = ("trusted node", "revoked node")
SYSTEMS: Mapping[str, tuple[str, str, tuple[Scope, ...]]] = {
    "depositor": ("seqr", "North", (Scope.SUBMIT, Scope.MATCH)),
    "other system": ("scout", "North", (Scope.SUBMIT,)),
    "asker": ("asker", "North", (Scope.MATCH,)),
    "system of another site": ("ehr", "Harbour", (Scope.SUBMIT, Scope.MATCH)),
    "revoked system": ("old", "North", (Scope.SUBMIT, Scope.MATCH)),
}
PRINCIPALS = (*PEOPLE, *NODES, *SYSTEMS)

NOBODY: frozenset[str] = frozenset()
ALICE = frozenset({"alice"})
DEPOSITOR = frozenset({"depositor"})
# What the groups of a site say is for its clinicians.
NORTH = frozenset({"alice", "bob"})
# Who may be told anything of the private case of Alice or of the private deposit, by route.
GRANTS: Mapping[str, frozenset[str]] = {
    "GET api_cases.get_case": DEPOSITOR,
    "PUT api_cases.put_case": DEPOSITOR,
    "DELETE api_cases.delete_case": DEPOSITOR,
    "GET api_cases.list_cases": DEPOSITOR,
    "POST api_matches.match_body": DEPOSITOR,
    "GET api_matches.match_case": DEPOSITOR,
    "GET api_reference.docs": NOBODY,
    "GET api_reference.document": NOBODY,
    "GET bootstrap.static": NOBODY,
    "GET mme.heartbeat": NOBODY,
    "GET mme.metrics": NOBODY,
    "POST mme.match": NOBODY,
    "GET pages.account.log_in": NOBODY,
    "POST pages.account.log_out": NOBODY,
    "GET pages.account.show": NOBODY,
    "POST pages.account.end_others": NOBODY,
    "GET pages.erasing.show": ALICE,
    "POST pages.erasing.erase": ALICE,
    "GET pages.new_password.show": NOBODY,
    "POST pages.new_password.choose": NOBODY,
    "GET pages.node.erasing.show": NOBODY,
    "POST pages.node.erasing.erase": NOBODY,
    "GET pages.node.people.person": NOBODY,
    "GET pages.node.people.show": NOBODY,
    "POST pages.node.people.activate": NOBODY,
    "POST pages.node.people.add": NOBODY,
    "POST pages.node.people.change": NOBODY,
    "POST pages.node.people.deactivate": NOBODY,
    "POST pages.node.people.end_sessions": NOBODY,
    "POST pages.node.people.hand_over": NOBODY,
    "POST pages.node.people.identity": NOBODY,
    "POST pages.node.people.link": NOBODY,
    "POST pages.node.people.remove_second_factor": NOBODY,
    "GET pages.openid.back": NOBODY,
    "GET pages.openid.begin": NOBODY,
    "GET pages.second_factor.ask": NOBODY,
    "GET pages.second_factor.show": NOBODY,
    "POST pages.second_factor.begin": NOBODY,
    "POST pages.second_factor.check": NOBODY,
    "POST pages.second_factor.confirm": NOBODY,
    "POST pages.second_factor.remove": NOBODY,
    "POST pages.second_factor.renew": NOBODY,
    "POST pages.account.check": NOBODY,
    "POST pages.account.end": NOBODY,
    "POST pages.account.theme": NOBODY,
    "POST pages.account.told": NOBODY,
    "POST pages.autosave.keep_new": NOBODY,
    "POST pages.autosave.keep_change": ALICE,
    "POST pages.autosave.discard_new": NOBODY,
    "POST pages.autosave.discard_change": ALICE,
    "GET pages.cases.new": NOBODY,
    "POST pages.cases.create": NOBODY,
    "GET pages.cases.show": ALICE,
    "GET pages.cases.edit": ALICE,
    "POST pages.cases.change": ALICE,
    "GET pages.conversations.everything": ALICE,
    "GET pages.conversations.show": ALICE,
    "GET pages.conversations.begin": ALICE,
    "POST pages.conversations.start": ALICE,
    "POST pages.conversations.write": ALICE,
    "POST pages.conversations.read": ALICE,
    "POST pages.conversations.accept": ALICE,
    "POST pages.conversations.end": ALICE,
    "GET pages.curation.library.show": NOBODY,
    "GET pages.curation.update.show": NOBODY,
    "GET pages.curation.changes.show": NOBODY,
    "GET pages.curation.changes.as_file": NOBODY,
    "GET pages.curation.decisions.show": ALICE,
    "POST pages.curation.decisions.decide": ALICE,
    "GET pages.curation.queue.show": NOBODY,
    "GET pages.curation.queue.one": NOBODY,
    "POST pages.curation.queue.as_file": NOBODY,
    "POST pages.curation.queue.ignore": NOBODY,
    "POST pages.curation.queue.decide": NOBODY,
    "GET pages.curation.local_words.show": NOBODY,
    "POST pages.curation.local_words.add": NOBODY,
    "POST pages.curation.local_words.remove": NOBODY,
    "POST pages.curation.actions.stage": NOBODY,
    "POST pages.curation.actions.find_out": NOBODY,
    "POST pages.curation.actions.cancel": NOBODY,
    "POST pages.curation.actions.activate": NOBODY,
    "POST pages.curation.actions.roll_back": NOBODY,
    "POST pages.curation.actions.discard": NOBODY,
    "GET pages.exchange.show": NOBODY,
    "GET pages.exports.csv_of_list": ALICE,
    "GET pages.exports.csv_of_pair": ALICE,
    "GET pages.exports.csv_of_patient": ALICE,
    "GET pages.exports.json_of_list": ALICE,
    "GET pages.exports.json_of_pair": ALICE,
    "GET pages.exports.json_of_patient": ALICE,
    "GET pages.exports.phenopacket": ALICE,
    "GET pages.exports.phenopacket_of_pair": ALICE,
    "GET pages.exports.phenopacket_of_patient": ALICE,
    "GET pages.imports.new": NOBODY,
    "POST pages.imports.take": NOBODY,
    "GET pages.imports.show": ALICE,
    "POST pages.imports.columns": ALICE,
    "POST pages.imports.save": ALICE,
    "POST pages.imports.save_family": ALICE,
    "POST pages.imports.discard": ALICE,
    "GET pages.variants.show": ALICE,
    "POST pages.variants.look": ALICE,
    "POST pages.variants.add": ALICE,
    "GET pages.group_exports.as_csv": NORTH,
    "GET pages.group_exports.as_json": NORTH,
    "GET pages.groups.everything": NORTH,
    "GET pages.groups.one": NORTH,
    "GET pages.help.score": NOBODY,
    "GET pages.help.keyboard": NOBODY,
    "GET pages.history.show": ALICE,
    "POST pages.history.restore": ALICE,
    "GET pages.home.mine": ALICE,
    "GET pages.home.site": ALICE,
    "GET pages.match_history.show": ALICE,
    "GET pages.matches.ranked": ALICE,
    "GET pages.matches.pair": ALICE,
    "GET pages.network.show": ALICE,
    "POST pages.network.ask": ALICE,
    "GET pages.node.audit.show": NOBODY,
    "POST pages.node.audit.look_up": NOBODY,
    "POST pages.node.audit.verify": NOBODY,
    "GET pages.node.overview.show": NOBODY,
    "POST pages.node.overview.check": NOBODY,
    "GET pages.node.peer.new": NOBODY,
    "GET pages.node.peer.report": NOBODY,
    "GET pages.node.peer.show": NOBODY,
    "GET pages.node.safeguards.show": NOBODY,
    "POST pages.node.actions.add": NOBODY,
    "POST pages.node.actions.change": NOBODY,
    "POST pages.node.actions.probe": NOBODY,
    "POST pages.node.actions.remove": NOBODY,
    "POST pages.node.actions.revoke": NOBODY,
    "POST pages.node.actions.revoke_old": NOBODY,
    "POST pages.node.actions.rotate": NOBODY,
    "POST pages.notes.read": NOBODY,
    "GET pages.notices.all_notices": ALICE,
    "GET pages.notices.one": ALICE,
    "POST pages.notices.read": ALICE,
    "POST pages.notices.read_all": NOBODY,
    "GET pages.pairs.patient": ALICE,
    "POST pages.pairs.judge": ALICE,
    "POST pages.pairs.judge_patient": ALICE,
    "GET pages.outside_letters.show": ALICE,
    "POST pages.outside_letters.written": ALICE,
    "POST pages.outside_letters.answered": ALICE,
    "GET pages.shared.show": NOBODY,
    "GET pages.sharing.show": ALICE,
    "POST pages.sharing.limit": ALICE,
    "POST pages.sharing.record": ALICE,
    "POST pages.sharing.withdraw": ALICE,
    "GET pages.site_record.show": ALICE,
    "GET pages.terms.search": NOBODY,
    "GET pages.terms.genes": NOBODY,
    "GET pages.terms.diseases": NOBODY,
    "GET static": NOBODY,
}
# What is put may be there for all that follows, so it is last.
METHODS = ("GET", "POST", "PATCH", "DELETE", "PUT")

Send = Callable[[str, str], TestResponse]


@dataclass(frozen=True)
class Call:
    """One request: the row it belongs to, its method, and the same path for a missing case."""

    row: str
    method: str
    path: str
    missing: str


def canary(field: str) -> str:
    return f"{CANARY}-{field}"


def private_case(case_id: str, submitter: str) -> Case:
    """A case that nobody but its submitter may see, with a canary in every text."""
    features = [
        PhenotypicFeature(
            term_id=term,
            label=canary("feature"),
            onset=Onset(term_id=canary("feature-onset")),
            modifiers=(canary("modifier"),),
            severity=canary("severity"),
        )
        for term in TERMS
    ]
    variant = Variant(
        assembly=canary("assembly"),
        chromosome=canary("chromosome"),
        start=1,
        reference=canary("reference"),
        alternate=canary("alternate"),
        consequence=canary("consequence"),
        structural_type=canary("type"),
        hgvs=(canary("hgvs"),),
        label=canary("variant"),
        origin=canary("origin"),
        classification=canary("classification"),
    )
    return Case(
        case_id=case_id,
        label=canary("label"),
        features=(*features, PhenotypicFeature(term_id=canary("term"))),
        genomic_features=(
            GenomicFeature(gene=PHF14, gene_label=canary("gene"), variant=variant),
            GenomicFeature(gene=canary("gene-id")),
        ),
        diseases=(Disease(disease_id=canary("disease"), label=canary("diagnosis")),),
        age_years=4.5,
        onset=Onset(term_id=canary("onset")),
        inheritance=(canary("inheritance"),),
        species=canary("species"),
        family=canary("family"),
        contact=Contact(
            name=canary("name"),
            href=f"mailto:{canary('mail')}@north.example",
            institution=canary("institution"),
            roles=(canary("role"),),
        ),
        site="North",
        submitter=submitter,
        sharing=Sharing.PRIVATE,
        publications=(canary("publication"),),
        measurements=(Measurement(assay_id=canary("assay"), label=canary("value")),),
        treatments=(Treatment(agent_id=canary("agent"), label=canary("treatment")),),
        exposures=(Exposure(exposure_id=canary("exposure"), note=canary("lifestyle")),),
        uncertain=(PhenotypicFeature(term_id=canary("doubt"), label=canary("may")),),
        relatives=(
            Relative(
                relation=Relation.MOTHER,
                features=(PhenotypicFeature(term_id=canary("kin")),),
            ),
        ),
        death=Death(years=4.5, cause_id=canary("cause"), cause=canary("died")),
        note=canary("note"),
    )


@dataclass(frozen=True)
class World:
    """The site with its private cases, and the tokens of programs."""

    cast: Cast
    tokens: Mapping[str, str]

    def sender(self, principal: str) -> Send:
        """How the principal sends a request."""
        if principal in PEOPLE:
            return self._person(principal)
        name = "X-Auth-Token" if principal in NODES else "Authorization"
        scheme = "" if principal in NODES else "Bearer "
        headers = {name: scheme + self.tokens[principal]}
        client = self.cast.app.test_client()
        return lambda method, path: client.open(
            path, method=method, headers=headers, json=BODY, buffered=True
        )

    def _person(self, name: str) -> Send:
        visitor = self.cast[name]
        if not visitor.token:
            visitor.get("/log-in")

        def send(method: str, path: str) -> TestResponse:
            if method == "GET":
                return visitor.client.get(path, buffered=True)
            data = {**FORM, "csrf_token": visitor.token}
            return visitor.client.open(path, method=method, data=data, buffered=True)

        return send


BODY = {
    "patient": {
        "id": "asked",
        "contact": {"name": "Dr Example", "href": "mailto:a@b.example"},
        "features": [{"id": term} for term in TERMS],
        "genomicFeatures": [{"gene": {"id": "PHF14"}}],
    }
}
FORM = {
    "action": "save",
    "version": "1",
    "observed": list(TERMS),
    "gene": PHF14,
    "sharing": "site",
    "sex": "female",
}


@pytest.fixture
def world(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> World:
    # No process is to work on the releases of this checkout.
    monkeypatch.setattr(doing, "start", lambda job, settings: None)
    with closing(open_database(cast.settings.database)) as db:
        people = Accounts(db, Passwords())
        people.add("olga", PASSWORD, roles=[Role.OPERATOR], site="North")
        nodes, tokens = Nodes(db), Tokens(db)
        given = {name: nodes.add(name) for name in NODES}
        nodes.revoke("revoked node")
        given |= {name: tokens.add(*what) for name, what in SYSTEMS.items()}
        revoked = [each for each in tokens if each.system == "old"]
        tokens.revoke(revoked[0].token_id)
    with cast.store() as store:
        store.put(private_case(PRIVATE, "alice"), actor="alice")
        store.put(
            private_case("NORTH-7700", "api:seqr"),
            actor="api:seqr",
            external_id=DEPOSIT,
        )
    tell_of_private_case(cast)
    judge_private_case(cast)
    keep_private_upload(cast)
    for person, case_id in OWN.items():
        site = "Harbour" if person == "charlie" else "North"
        shared = case_of(case_id, site=site, submitter=person, observed=TERMS)
        cast.put(bare(shared), actor=person)
    talk_of_shared_cases(cast)
    keep_group_of_north(cast)
    bring_unknown_features(cast)
    return World(cast, given)


def talk_of_shared_cases(cast: Cast) -> None:
    """A conversation of Alice with Erin of Island, with canaries in what both wrote."""
    shared = [
        Case(
            case_id=f"{site.upper()}-7709",
            features=tuple(PhenotypicFeature(term_id=term) for term in TERMS),
            site=site,
            submitter=name,
            sharing=Sharing.NETWORK,
        )
        for site, name in (("North", "alice"), ("Island", "erin"))
    ]
    for case in shared:
        cast.put(case)
    with closing(open_database(cast.settings.database)) as db:
        people = Accounts(db, Passwords())
        erin = people.add("erin", PASSWORD, roles=[Role.CLINICIAN], site="Island")
        Conversations(db, erin).start(*reversed(shared), canary("erin"), "")
        with write_transaction(db):
            db.execute("UPDATE conversations SET link = ?", [TALK])
        mine = Conversations(db, people.find("alice"))
        talk = mine.get(TALK)
        assert talk is not None
        mine.write(talk, canary("alice"), "")


def keep_group_of_north(cast: Cast) -> None:
    """A group of two cases that North shares with itself, with a canary in what it says."""
    body: dict[str, Any] = dict.fromkeys(("shared", "distinctive", "genes"), [])
    body |= {"headline": canary("group"), "diagnosed": 0, "simulated": 0}
    body |= {"sites": {"North": 2}, "firmness": 0.5}
    facts = {"cases": 2, "undiagnosed": 2, "alone": 0.5, "mutual": 0.25, "hpo": ""}
    facts |= {"release": "", "calibration": "", "secondcase": ""}
    view = View(
        site="North",
        basis="",
        fingerprint="",
        as_of=0,
        made_at="2026-11-29T12:00:00.000000+00:00",
        seconds=1.0,
        facts=facts,
    )
    group = KeptGroup(body=body, members=ALIKE, ties=(), own=2)
    with closing(open_database(cast.settings.database)) as db:
        KeptGroups(db).keep(view, [group])
        with write_transaction(db):
            db.execute("UPDATE kept_groups SET link = ?", [GROUP])


def bring_unknown_features(cast: Cast) -> None:
    """Words that three patients of a peer have, and those of one private case alone."""
    release = cast.app.extensions[EXTENSION].current.release
    private = Arrived(private_case(PRIVATE, "alice"), [canary("words"), canary("said")])
    with closing(open_database(cast.settings.database)) as db:
        arrivals = Arrivals(db, release)
        patients = (Case(case_id=f"P-{number}") for number in range(3))
        arrivals.note(
            ArrivalKind.QUESTION, PEER, [Arrived(p, ["zebra toes"]) for p in patients]
        )
        arrivals.note(ArrivalKind.IMPORT, "North", [private])


def tell_of_private_case(cast: Cast) -> None:
    """A notice for Alice with a canary in what it tells."""
    question = Case(case_id=canary("remote"))
    with closing(open_database(cast.settings.database)) as db:
        Telling(db).tell(asked(canary("peer"), question, [PRIVATE]))
        with write_transaction(db):
            db.execute("UPDATE notices SET link = ?", [NOTICE])


def judge_private_case(cast: Cast) -> None:
    """A patient of a peer, kept as a match of Alice's private case, and her verdict on it."""
    remote = RemoteCase(node=PEER, case=private_case(PATIENT, "peer"))
    with closing(open_database(cast.settings.database)) as db:
        Nodes(db).add(PEER)
        node, kept = Nodes(db).get(PEER), Kept(db)
        asking = private_case(PRIVATE, "alice")
        calibration = cast.app.extensions[EXTENSION].current.calibration
        release = cast.app.extensions[EXTENSION].current.release
        found = Comparison(release, calibration).ranked(asking, [remote])
        answer = Answer(state=State.ANSWERED, remotes=(remote,))
        kept.record(kept.begin(asking, "alice"), node, answer, 1, found)
        pair = PairKey(case_id=PRIVATE, node=PEER, remote_id=PATIENT)
        judged = Judged(said=Said.SAME, note=canary("verdict"), band="contact")
        Verdicts(db, "North").give(pair, judged, "alice")


def keep_private_upload(cast: Cast) -> None:
    """A file of Alice that waits to be looked at, with a canary in it."""
    features = [{"id": term, "label": canary("upload")} for term in TERMS]
    patient = {"id": canary("upload"), "features": features}
    with closing(open_database(cast.settings.database)) as db:
        uploads = Uploads(db, cast.settings.secret_key)
        alice = Accounts(db, Passwords()).find("alice")
        data = json.dumps({"patient": patient}).encode()
        uploads.keep(alice, Kind.CASES, data, upload_id=UPLOAD)


def bare(case: Case) -> Case:
    """A case with nothing in it that the test looks for."""
    return Case(
        case_id=case.case_id,
        features=case.features,
        site=case.site,
        submitter=case.submitter,
        sharing=Sharing.SITE,
    )


def calls(app: Flask, principal: str) -> list[Call]:
    """Every route by every method, in the order of `METHODS`."""
    found = [
        Call(row, method, *paths)
        for rule in app.url_map.iter_rules()
        for method in METHODS
        if method in (rule.methods or ())
        for row in [f"{method} {rule.endpoint}"]
        for paths in pairs_of_paths(app, rule, method, OWN.get(principal, "NORTH-A"))
    ]
    return sorted(found, key=lambda call: METHODS.index(call.method))


def pairs_of_paths(
    app: Flask, rule: Rule, method: str, own: str
) -> Iterator[tuple[str, str]]:
    """Addresses about the private cases, each with the same for a case that is not there."""
    known = {
        "filename": "base.css",
        "session_id": "1",
        "release_id": "0123456789abcdef",
        "number": "1",
        "node": PEER,
        "peer": "trusted node",
        "remote_id": PATIENT,
        "name": "bob",
        "secret": "no link that anybody was given",
    }
    hidden = {
        "case_id": PRIVATE,
        "other_id": PRIVATE,
        "external_id": DEPOSIT,
        "notice": NOTICE,
        "link": TALK,
        "upload_id": UPLOAD,
        "group": GROUP,
    }
    # What a system puts there is there afterwards.
    no_deposit = NEW_DEPOSIT if method == "PUT" else NO_DEPOSIT
    gone = {
        "case_id": MISSING,
        "other_id": MISSING,
        "external_id": no_deposit,
        "notice": NO_NOTICE,
        "link": NO_TALK,
        "upload_id": NO_UPLOAD,
        "group": NO_GROUP,
    }
    named = rule.arguments & hidden.keys()
    with app.test_request_context():
        adapter = app.url_map.bind("localhost")
        for name in sorted(named) or [""]:
            others = {each: own for each in named}
            yield tuple(  # type: ignore[misc]
                adapter.build(
                    rule.endpoint,
                    {**arguments(rule, {**known, **others}), **chosen},
                    method=method,
                )
                for chosen in (
                    ({name: hidden[name]}, {name: gone[name]}) if name else ({}, {})
                )
            )


def arguments(rule: Rule, known: Mapping[str, str]) -> dict[str, Any]:
    """A value for each argument; one with a name that is not known fails."""
    return {name: known[name] for name in rule.arguments}


def told(answer: TestResponse) -> str:
    """Everything of an answer that its reader gets: the body and the headers."""
    return answer.get_data(as_text=True) + str(answer.headers)


def alike(answer: TestResponse) -> tuple[int, str]:
    """An answer without what differs from one request to the next."""
    return answer.status_code, PASSING.sub("", answer.get_data(as_text=True))


def test_every_route_has_a_row(cast: Cast) -> None:
    routes = {call.row for call in calls(cast.app, "alice")}

    assert routes == set(GRANTS)


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_nothing_of_a_private_case_is_told_without_a_grant(
    world: World, principal: str
) -> None:
    send = world.sender(principal)

    leaks, differing, failing, shown = [], [], [], set()
    for call in calls(world.cast.app, principal):
        if "log_out" in call.row:
            continue
        of_missing = send(call.method, call.missing)
        answer = send(call.method, call.path)
        if answer.status_code >= 500:
            failing.append(call)
        if CANARY in told(answer):
            shown.add(call.row)
            if principal not in GRANTS[call.row]:
                leaks.append(call)
        elif call.path != call.missing and principal not in GRANTS[call.row]:
            if alike(answer) != alike(of_missing):
                differing.append(call.row)

    assert leaks == []
    assert failing == []
    assert differing == DIFFERING.get(principal, [])
    assert shown >= MUST_SHOW.get(principal, NOBODY)


# So that the canaries are known to be where somebody could see them.
MUST_SHOW: Mapping[str, frozenset[str]] = {
    "alice": frozenset(
        {
            "GET pages.cases.show",
            "GET pages.cases.edit",
            "GET pages.group_exports.as_csv",
            "GET pages.group_exports.as_json",
            "GET pages.groups.everything",
            "GET pages.groups.one",
            "GET pages.exports.phenopacket",
            "GET pages.history.show",
            "GET pages.conversations.everything",
            "GET pages.conversations.show",
            "GET pages.home.mine",
            "GET pages.imports.show",
            "GET pages.network.show",
            "GET pages.notices.all_notices",
            "GET pages.notices.one",
            "GET pages.pairs.patient",
            "GET pages.site_record.show",
        }
    ),
    "bob": frozenset({"GET pages.groups.everything", "GET pages.groups.one"}),
    "depositor": frozenset({"GET api_cases.get_case"}),
}
# One external id names one case of a site: a system that uses that of another at its own site
# is told that it is taken, and no more.
DIFFERING: Mapping[str, list[str]] = {"other system": ["PUT api_cases.put_case"]}


@pytest.mark.parametrize(
    "principal", [p for p in PRINCIPALS if p not in ("alice", "depositor")]
)
def test_nobody_else_changes_a_private_case(world: World, principal: str) -> None:
    send = world.sender(principal)

    for call in calls(world.cast.app, principal):
        if "log_out" not in call.row:
            send(call.method, call.path)

    assert world.cast.get(PRIVATE).version == 1
    assert world.cast.get("NORTH-7700").version == 1
