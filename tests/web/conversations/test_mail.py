"""The e-mails of a conversation hold a link, and nothing of anybody else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from matcher.storage.database import connect
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts
from web.conversations.conversations import Conversations
from web.conversations.reminders import Reminders
from web.notices.inbox import Inbox
from web.notices.letters import Letters
from web.notices.telling import DIGEST, LETTER
from web.viewing.visibility import may_open
from web.work.mail import MailServer
from web.worker import Worker

from .conftest import ADDRESSES, OURS, THEIRS, Pair

CANARY = "kanarie-message"


@dataclass(frozen=True, kw_only=True)
class Kept(MailServer):
    """A mail server that keeps what it is given."""

    sent: list[tuple[str, str]] = field(default_factory=list)

    def send(self, message: EmailMessage, to: str, begin: Callable[[], None]) -> None:
        begin()
        self.sent.append((to, message.as_string()))


@pytest.fixture
def server() -> Kept:
    return Kept(host="h", port=25, security="none", sender="site@north.example")


@dataclass
class Post:
    """The two clinicians, and the worker that mails to them."""

    pair: Pair
    server: Kept
    now: datetime = datetime(2026, 11, 24, 8, tzinfo=UTC)

    def clock(self) -> datetime:
        return self.now

    def talks(self, name: str, act: Callable[[Conversations], object]) -> None:
        with closing(connect(self.pair.cast.settings.database)) as db:
            person = Accounts(db, Passwords()).find(name)
            act(Conversations(db, person, by_mail=True, clock=self.clock))

    def choose(self, name: str, how: str) -> None:
        with closing(connect(self.pair.cast.settings.database)) as db:
            Inbox(db, Accounts(db, Passwords()).find(name), may_open).choose(how)

    def deliver(self) -> list[tuple[str, str]]:
        """Whom an e-mail went to now, and its text."""
        letters = Letters(
            server=self.server,
            site_name="North",
            site_url="https://north.example",
            may_see=may_open,
            clock=self.clock,
        )
        reminders = Reminders(after=timedelta(days=7), by_mail=True, clock=self.clock)
        before = len(self.server.sent)
        Worker(
            path=self.pair.cast.settings.database,
            handlers={LETTER: letters.letter, DIGEST: letters.digest},
            chores=[reminders.tell_due],
            clock=self.clock,
        ).once()
        return self.server.sent[before:]


@pytest.fixture
def post(pair: Pair, server: Kept) -> Post:
    made = Post(pair, server)
    ours, theirs = pair.cast.get(OURS).case, pair.cast.get(THEIRS).case
    made.talks("alice", lambda mine: mine.start(ours, theirs, CANARY, ""))
    return made


def test_message_acceptance_and_reminder_mail_a_link_and_nothing_else(
    post: Post,
) -> None:
    sent = post.deliver()
    post.now += timedelta(days=8)
    sent += post.deliver()
    post.talks("charlie", lambda mine: mine.accept(mine.all()[0]))
    sent += post.deliver()
    post.talks("alice", lambda mine: mine.accept(mine.all()[0]))
    sent += post.deliver()

    ours, theirs = ADDRESSES
    assert [to for to, _ in sent] == [theirs, theirs, ours, theirs]
    for to, text in sent:
        other = theirs if to == ours else ours
        assert "https://north.example/notices/" in text
        assert not [each for each in (CANARY, OURS, THEIRS, other) if each in text]


@pytest.mark.parametrize(("how", "letters"), [("never", 0), ("daily", 1)])
def test_mail_follows_the_choice_of_the_person(
    post: Post, how: str, letters: int
) -> None:
    post.choose("charlie", how)

    assert post.deliver() == []
    post.now += timedelta(days=1)
    assert len(post.deliver()) == letters


def test_decline_is_told_by_the_pages_alone(post: Post) -> None:
    post.deliver()

    post.talks(
        "charlie",
        lambda mine: mine.decline(mine.all()[0], "Solved.", silently=False),
    )

    assert post.deliver() == []
    assert post.pair.notices("alice") == ["Harbour declines to talk about this case."]
