"""Two hundred texts that want to be run are shown as what was typed, and nothing else."""

from __future__ import annotations

import itertools
from html.parser import HTMLParser

import pytest

from matcher.storage.database import rows

from .conftest import Pair

INNER = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<body onload=alert(1)>",
    "<style>@import 'http://evil.example'</style>",
    "<form action=//evil.example><input name=csrf_token>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example>",
    "{{ 7 * 7 }}{% raw %}",
    "${7*7}#{7*7}",
    "javascript:alert(1)//",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<math><mtext></form><form>",
    "=HYPERLINK(1)",
    "'; DROP TABLE cases; --",
    "<details open ontoggle=alert(1)>",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
)
OUTER = (
    "{}",
    '">{}',
    "'>{}",
    "</span>{}",
    "</textarea>{}",
    "</title>{}",
    "--><!-- {} -->",
    "<![CDATA[{}]]>",
    "line\n{}\nline",
    "]]>{}<!--",
)
ATTACKS = [
    outer.replace("{}", inner) for outer, inner in itertools.product(OUTER, INNER)
]


class Said(HTMLParser):
    """The texts of the messages of a page, and every element that stands in one."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.inside: list[str] = []
        self._is_open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._is_open:
            self.inside.append(tag)
        elif "typed" in (dict(attrs).get("class") or "").split():
            self._is_open = True
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._is_open = False

    def handle_data(self, data: str) -> None:
        if self._is_open:
            self.texts[-1] += data


def test_no_text_of_a_message_is_markup(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("MOST_IN_A_ROW", "MOST_TO_ONE_PERSON"):
        monkeypatch.setattr(f"web.conversations.patience.{limit}", len(ATTACKS))
    pair.start(ATTACKS[0])
    link = pair.link
    for attack in ATTACKS[1:]:
        sent = pair.cast["alice"].post(f"{link}/messages", {"text": attack})
        assert sent.status_code == 303

    found = Said()
    found.feed(pair.cast["charlie"].get(link, all="1").text)

    assert len(ATTACKS) == 200
    assert found.texts == ATTACKS
    assert found.inside == []
    with pair.db() as db:
        assert len(rows(db, "SELECT 1 FROM conversation_messages")) == 200


def test_text_that_was_not_taken_is_no_markup_in_its_box_nor_in_the_list(
    pair: Pair,
) -> None:
    pair.start("</textarea><script>alert(1)</script>")
    long = "</textarea><script>alert(1)</script>" * 200

    refused = pair.write("charlie", long).text
    listed = pair.cast["charlie"].get("/conversations").text

    assert "<script>alert" not in refused
    assert "<script>alert" not in listed


def test_what_turns_or_steers_a_line_is_left_out(pair: Pair) -> None:
    pair.start("one\u202etwo\u2066three\x1b[31m\x00four\tfive\r\nsix\rseven")

    with pair.db() as db:
        (row,) = rows(db, "SELECT text FROM conversation_messages")
    assert row["text"] == "onetwothree[31mfour\tfive\nsix\nseven"
