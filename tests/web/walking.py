"""Every page there is, found in the map of routes, each with somebody who may open it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace

from werkzeug.routing import Rule

from matcher.case import Contact, Sharing
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts
from web.db import open_database
from web.mme.asking.answers import Answer, RemoteCase, State
from web.mme.asking.reading.comparison import Comparison
from web.mme.asking.kept import Kept
from web.mme.nodes import Nodes
from web.service import source_of

from .test_matrix import GROUP, NOTICE, OWN, PATIENT, PEER, PRIVATE, TALK, UPLOAD, World

SHARED = "NORTH-7709"
PEOPLE = ("alice", "olga", "dana", "nobody")
# Values for the arguments of routes, in the order in which they are tried.
FILLED = (
    {
        "case_id": PRIVATE,
        "other_id": OWN["alice"],
        "node": PEER,
        "remote_id": PATIENT,
        "peer": "trusted node",
        "notice": NOTICE,
        "link": TALK,
        "upload_id": UPLOAD,
        "filename": "base.css",
        "external_id": "none",
        "group": GROUP,
        "name": "bob",
        "number": "1",
    },
    {
        "case_id": SHARED,
        "other_id": "ISLAND-7709",
        "filename": "css/bootstrap.min.css",
    },
)
# A text file that is there after a peer was probed, the way to a provider and back, and a page
# between the password and the log-in, which `pages/test_people_browser.py` opens.
NO_PAGE = frozenset(
    {
        "pages.node.peer.report",
        "pages.openid.back",
        "pages.openid.begin",
        "pages.second_factor.ask",
        # They need a release beside another: walked in pages/curation.
        "pages.curation.update.show",
        "pages.curation.changes.show",
        "pages.curation.changes.as_file",
    }
)
QUERIES: Mapping[str, Mapping[str, str]] = {
    "pages.outside_letters.show": {"node": PEER, "remote": "P-7709"},
}


@dataclass(frozen=True)
class Opened:
    """A page as a person got it."""

    endpoint: str
    path: str
    person: str
    text: str


@dataclass(frozen=True)
class Walk:
    """The pages, and the routes for which nobody got an answer."""

    pages: tuple[Opened, ...]
    closed: tuple[str, ...]


def share_with_peers(world: World) -> None:
    """Share a case with the exchange, and keep what a peer answered about it."""
    contact = Contact(name="Dr Shared", href="mailto:shared@north.example")
    before = world.cast.get(SHARED).case
    case = replace(before, sharing=Sharing.EXCHANGE_1, contact=contact)
    world.cast.put(case)
    now = source_of(world.cast.app).current
    remote = RemoteCase(node=PEER, case=replace(case, case_id="P-7709"))
    with closing(open_database(world.cast.settings.database)) as db:
        node, kept = Nodes(db).get(PEER), Kept(db)
        found = Comparison(now.release, now.calibration).ranked(case, [remote])
        answer = Answer(state=State.ANSWERED, remotes=(remote,))
        kept.record(kept.begin(case, "alice"), node, answer, 1, found)


def walked(world: World) -> Walk:
    """Every route by GET that is no file and no JSON, opened by the first who may."""
    pages, closed = [], []
    more = made_here(world)
    rules = world.cast.app.url_map.iter_rules()
    for rule in sorted(rules, key=lambda rule: (rule.endpoint, rule.rule)):
        if "GET" not in (rule.methods or ()) or rule.endpoint.startswith("api_cases"):
            continue
        kind, page = _opened(world, rule, more)
        if page is not None:
            pages.append(page)
        elif not kind and rule.endpoint not in NO_PAGE:
            closed.append(rule.endpoint)
    return Walk(pages=tuple(pages), closed=tuple(closed))


def made_here(world: World) -> dict[str, str]:
    """What differs from one site to the next: its release, and a link to a new password."""
    with closing(open_database(world.cast.settings.database)) as db:
        people = Accounts(db, Passwords())
        secret = people.links.make(people.find("bob"))
    release = source_of(world.cast.app).current.release
    return {"release_id": release.release_id, "secret": secret}


def _opened(
    world: World, rule: Rule, more: dict[str, str]
) -> tuple[str, Opened | None]:
    """The kind of the first good answer, and the page if it is one."""
    for path in _paths(world, rule, more):
        for person in PEOPLE:
            answer = world.cast[person].client.get(path, buffered=True)
            if answer.status_code == 200:
                is_page = answer.mimetype == "text/html"
                page = Opened(rule.endpoint, path, person, answer.get_data(True))
                return answer.mimetype, page if is_page else None
            if answer.is_json or answer.mimetype == "text/plain":
                return answer.mimetype, None
    return "", None


def _paths(world: World, rule: Rule, more: dict[str, str]) -> list[str]:
    app, found = world.cast.app, []
    with app.test_request_context():
        adapter = app.url_map.bind("localhost")
        for known in ({**each, **more} for each in FILLED):
            if rule.arguments <= known.keys():
                values = {name: known[name] for name in rule.arguments}
                values |= QUERIES.get(rule.endpoint, {})
                found.append(adapter.build(rule.endpoint, values, method="GET"))
    return found
