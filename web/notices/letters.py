"""The e-mails: that there is a notice, with a link and nothing of a patient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

from matcher.storage.database import Database, rows
from web.accounts.people import Person, person_by_id
from web.notices.inbox import Inbox, MaySee
from web.notices.telling import How, leave_digest
from web.work.mail import MailServer
from web.work.outbox import Outbox, Work

# Who was not told by then, since no mail was sent for so long, is told by the pages alone.
STALE = timedelta(days=7)

FOOT = """\
The page asks you to log in. For the safety of patients this e-mail says nothing about them.
How you are told can be changed at {site_url}/account
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """Writes the e-mails of a site and hands them to its mail server."""

    server: MailServer
    site_name: str
    site_url: str
    may_see: MaySee
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def letter(self, db: Database, work: Work) -> None:
        """Tell a person of one notice, unless she has read it or may not see it any more."""
        sql = "SELECT person_id FROM notices WHERE link = ?"
        for row in rows(db, sql, [work.subject]):
            person = _reachable(db, row["person_id"])
            if person is None:
                return
            inbox = Inbox(db, person, self.may_see)
            notice = inbox.get(work.subject)
            if notice is None or notice.is_read or self._is_stale(notice.told_at):
                return
            if inbox.how() is How.DAILY:
                leave_digest(Outbox(db, self.clock), person.person_id, self.clock())
            elif inbox.how() is How.EACH:
                self._send(
                    db,
                    work,
                    person,
                    subject="a new notice",
                    said=f"There is a new notice for you:\n{self.site_url}/notices/{notice.link}",
                )

    def digest(self, db: Database, work: Work) -> None:
        """Tell a person how much she has not read, if anything."""
        person = _reachable(db, int(work.subject))
        if person is None:
            return
        inbox = Inbox(db, person, self.may_see)
        unread = inbox.unread()
        if inbox.how() is How.NEVER or not unread:
            return
        notices = "1 notice" if unread == 1 else f"{unread:,} notices"
        self._send(
            db,
            work,
            person,
            subject=f"{notices} not read",
            said=f"You have {notices} that you have not read:\n{self.site_url}/notices",
        )

    def _is_stale(self, told_at: str) -> bool:
        return datetime.fromisoformat(told_at) < self.clock() - STALE

    def _send(
        self, db: Database, work: Work, person: Person, *, subject: str, said: str
    ) -> None:
        assert person.email is not None
        message = made_letter(
            self.server,
            work,
            to=person.email,
            subject=f"{self.site_name}: {subject}",
            said=f"{said}\n\n{FOOT.format(site_url=self.site_url)}",
            now=self.clock(),
        )
        outbox = Outbox(db, self.clock)
        self.server.send(message, person.email, lambda: outbox.begin(work))


def made_letter(
    server: MailServer, work: Work, *, to: str, subject: str, said: str, now: datetime
) -> EmailMessage:
    """The e-mail of a piece of work; the same whenever it is sent again."""
    message = EmailMessage()
    message["From"] = server.sender
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = format_datetime(now)
    # Mail programs show what has one id once.
    domain = server.sender.rpartition("@")[2]
    message["Message-ID"] = f"<{work.kind}.{work.work_id}.{work.subject}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(said)
    return message


def _reachable(db: Database, person_id: int) -> Person | None:
    """Somebody who can log in and has an address of her own account."""
    person = person_by_id(db, person_id)
    return person if person and person.is_active and person.email else None
