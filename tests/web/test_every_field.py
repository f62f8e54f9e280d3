"""Every field of every form of every page takes attack strings, and nothing of them ever runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import chain

import pytest
from werkzeug.test import TestResponse

from .browsing import Visit, visit
from .serving import served
from .pages.attack_strings import ATTACK_STRINGS
from .test_matrix import World, world
from .walking import SHARED, share_with_peers, walked

__all__ = ["visit", "world"]

# Whoever logs out, or ends her session, sees no page afterwards.
NOT_SENT = ("/log-out", "/account/end")
LOADING = frozenset({"src", "href", "action", "formaction", "data", "srcset"})
OURS = ("/", "#", "?", "mailto:", "https://", "http://127.0.0.1")
NEVER = frozenset({"iframe", "object", "embed", "base", "style", "frame"})


@dataclass
class Form:
    """A form of a page: where it is sent, and its fields with what stands in them."""

    person: str
    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)


class Forms(HTMLParser):
    """Reads the forms of a page, fields that name their form elsewhere included."""

    def __init__(self, person: str, path: str) -> None:
        super().__init__()
        self.person, self.path = person, path
        self.found: list[Form] = []
        self.by_id: dict[str, Form] = {}
        self.inside: Form | None = None
        self.choice: tuple[Form, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = given.get("action") or self.path
            method = given.get("method", "get").lower()
            self.inside = Form(self.person, action, method)
            self.by_id[given.get("id", "")] = self.inside
            self.found.append(self.inside)
        form = self.by_id.get(given["form"]) if given.get("form") else self.inside
        name = given.get("name")
        if tag == "option" and self.choice is not None:
            self.choice[0].fields[self.choice[1]].append(given.get("value", ""))
        if form is None or not name or name == "csrf_token":
            return
        if tag in ("input", "textarea", "select", "button"):
            if given.get("type") == "file":
                form.files.add(name)
            else:
                form.fields.setdefault(name, []).append(given.get("value", ""))
        self.choice = (form, name) if tag == "select" else None

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = None


class Dangers(HTMLParser):
    """What in a page would run or load something that is not ours."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in NEVER or (tag == "script" and "src" not in given):
            self.found.append(tag)
        if tag == "meta" and "http-equiv" in given:
            self.found.append("meta http-equiv")
        self.found += [f"{tag} {name}" for name in given if name.startswith("on")]
        self.found += [
            f"{tag} {name}={value[:60]}"
            for name, value in given.items()
            if name in LOADING and value and not self._is_ours(value)
        ]

    @staticmethod
    def _is_ours(value: str) -> bool:
        return value.startswith(OURS) and not value.startswith("//")


def dangers(text: str) -> list[str]:
    parser = Dangers()
    parser.feed(text)
    return parser.found


def forms(world: World) -> list[Form]:
    """Every form that is sent with at least one field, each once for its action and fields."""
    found: dict[tuple[object, ...], Form] = {}
    opened = [(page.person, page.path, page.text) for page in walked(world).pages]
    # What is asked of other sites, and written to one, is offered for a shared case alone.
    for path in (
        f"/cases/{SHARED}/other-sites",
        f"/cases/{SHARED}/matches/ISLAND-7709",
    ):
        opened.append(("alice", path, world.cast["alice"].get(path).text))
    for person, path, text in opened:
        reader = Forms(person, path)
        reader.feed(text)
        for form in reader.found:
            if not form.action.startswith(NOT_SENT) and (form.fields or form.files):
                key = (form.action, form.method, *sorted(form.fields))
                found.setdefault(key, form)
    return list(found.values())


def sent(world: World, form: Form, values: dict[str, list[str]]) -> TestResponse:
    visitor = world.cast[form.person]
    if form.method == "get":
        return visitor.client.get(form.action, query_string=values, buffered=True)
    return visitor.post(form.action, values)


def attacked(
    world: World, form: Form, attacks: Sequence[str]
) -> Iterator[tuple[str, TestResponse]]:
    """The answers to the form with an attack in each field by itself, then in all at once."""
    shown = {name: values[:1] for name, values in form.fields.items()}
    for number, name in enumerate(form.fields):
        attack = attacks[number % len(attacks)]
        yield name, sent(world, form, {**shown, name: [attack]})
    for attack in attacks:
        yield "all fields", sent(world, form, {name: [attack] for name in form.fields})


@pytest.fixture
def filled(world: World) -> World:
    """The site with something on every page, and everybody logged in."""
    share_with_peers(world)
    return world


@pytest.mark.parametrize(
    "attacks",
    [ATTACK_STRINGS[::40], pytest.param(ATTACK_STRINGS, marks=pytest.mark.full)],
    ids=["few", "all"],
)
def test_no_answer_to_a_form_and_no_page_after_it_runs_an_attack(
    filled: World, attacks: Sequence[str]
) -> None:
    found = forms(filled)
    names = set(chain.from_iterable(form.fields for form in found))
    assert {"note", "find", "text", "observed", "theme", "purpose"} - names == {
        "purpose"
    }

    wrong = []
    for form in found:
        for name, answer in attacked(filled, form, attacks):
            place = f"{form.method} {form.action} {name}"
            if answer.status_code >= 500:
                wrong.append(f"{place}: {answer.status}")
            if answer.mimetype == "text/html":
                wrong += [f"{place}: {each}" for each in dangers(answer.text)]
    for page in walked(filled).pages:
        wrong += [f"{page.path}: {each}" for each in dangers(page.text)]

    assert wrong == []


@pytest.fixture
def base(filled: World) -> Iterator[str]:
    """The address of the application, after every form was attacked."""
    for form in forms(filled):
        for _ in attacked(filled, form, ATTACK_STRINGS[::20]):
            pass
    with served(filled.cast.app) as address:
        yield address


@pytest.mark.full
@pytest.mark.browser
def test_browser_runs_nothing_on_any_page_after_the_attacks(
    filled: World, visit: Visit
) -> None:
    visit.log_in()
    for page in walked(filled).pages:
        if page.person == "alice":
            visit.go(page.path)
            assert visit.page.evaluate("typeof ran") == "undefined", page.path

    assert visit.complaints == []


@pytest.mark.parametrize(
    "markup, danger",
    [
        ("<script>ran=1</script>", "script"),
        ("<img src=x onerror=ran=1>", "img onerror"),
        ("<a href='javascript:ran=1'>x</a>", "a href=javascript:ran=1"),
        ("<base href='//x.example/'>", "base"),
    ],
)
def test_what_would_run_is_seen(markup: str, danger: str) -> None:
    assert danger in dangers(f"<p>{markup}</p>")
