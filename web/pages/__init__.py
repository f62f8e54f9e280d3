"""What people see: a room for each kind of page, and here what all of them carry."""

from __future__ import annotations

from flask import Blueprint, Flask
from werkzeug.routing import BaseConverter

from matcher.labels import lowered
from matcher.storage.errors import DamagedCase
from matcher.wording import rarity
from web.accounts import Person, Role, maybe_person
from web.db import connection
from web.pages import curation, damage, help, home, imports, node, pictures, shared
from web.pages.admission import is_clinician
from web.pages.cases import erasing, history
from web.pages.colophon import colophon
from web.pages.conversations import conversation, outside_letters
from web.pages.entry import autosave, form, notes, terms, variants
from web.pages.groups import exports as group_exports, group
from web.pages.matches import exports, history as match_history, ranked, site_record
from web.pages.pairs import pair
from web.pages.peers import exchange, network, sharing
from web.pages.people import account, new_password, notices, openid, second_factor
from web.pages.words import sentence
from web.service import service
from web.viewing import told


class CaseIdConverter(BaseConverter):
    """Any case id as one segment of a path: `~` writes what a path would read otherwise."""

    def to_python(self, value: str) -> str:
        """The id that the segment stands for."""
        return value.replace("~d", ".").replace("~s", "/").replace("~t", "~")

    def to_url(self, value: str) -> str:
        """The segment that stands for the id."""
        written = value.replace("~", "~t").replace("/", "~s")
        if not written.strip("."):
            written = written.replace(".", "~d")
        return super().to_url(written)


def init_app(app: Flask) -> None:
    """Add the pages to an application that has its service, accounts and security."""
    app.url_map.converters["case_id"] = CaseIdConverter
    pages = Blueprint("pages", __name__)
    for module in (
        home,
        shared,
        imports,
        form,
        autosave,
        notes,
        history,
        variants,
        sharing,
        erasing,
        ranked,
        pair,
        match_history,
        exports,
        site_record,
        network,
        node,
        outside_letters,
        conversation,
        group,
        group_exports,
        notices,
        terms,
        account,
        second_factor,
        openid,
        new_password,
        curation,
        exchange,
        help,
    ):
        pages.register_blueprint(module.blueprint)
    pages.register_error_handler(DamagedCase, damage.explained)
    pages.register_error_handler(told.NotRecorded, told.refused)
    app.register_blueprint(pages)
    second_factor.init_app(app)
    app.jinja_env.globals["pictures"] = pictures
    app.jinja_env.filters.update(lowered=lowered, sentence=sentence, rarity=rarity)
    app.context_processor(_on_every_page)


def _waiting(person: Person) -> int:
    """How many cases of hers have a feature that waits for a decision."""
    return service().open_terms.count(connection(), person)


def _on_every_page() -> dict[str, object]:
    person = maybe_person()
    clinician = person if person is not None and is_clinician(person) else None
    return {
        "person": person,
        "is_clinician": clinician is not None,
        "is_curator": person is not None and person.has(Role.CURATOR),
        "is_operator": person is not None and person.has(Role.OPERATOR),
        "waiting_features": _waiting(clinician) if clinician else 0,
        "unread_notices": notices.inbox_of(clinician).unread() if clinician else 0,
        "theme": person.theme if person else "auto",
        "colophon": colophon(),
    }
