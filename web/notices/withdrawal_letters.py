"""The e-mails that tell peers which case was withdrawn: its id, and nothing of a patient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from matcher.storage.database import Database, write_transaction
from web.mme.disclosing.shared_again import forget_void, is_withdrawn
from web.mme.disclosing.withdrawals import BY_MAIL, Withdrawal, Withdrawals
from web.notices.letters import made_letter
from web.work.mail import MailServer
from web.work.outbox import Outbox, Work

TEXT = """\
The case {case_id} of {site_name} was withdrawn from the Matchmaker Exchange on {day}: its site
took it back, or the consent to sharing it was withdrawn or has expired.

{node} was told of this case before. Erase what you keep of it, and follow up no match with it.

This e-mail was written by the software of {site_name}, {site_url}
For the safety of patients it says nothing about them.
"""


class _SharedAgain(Exception):
    """A case that the peer finds again, so that nothing is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalLetters:
    """Writes the e-mails to peers and hands them to the mail server of the site."""

    server: MailServer
    site_name: str
    site_url: str
    consent_from_level: int = 2
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def letter(self, db: Database, work: Work) -> None:
        """Tell a peer of a withdrawal.

        Unless it was told meanwhile, has no address now, or finds the case again: that is looked
        at last, when the server is about to take the message.
        """
        withdrawals = Withdrawals(db, self.clock)
        owed = withdrawals.get(int(work.subject))
        if owed is None or owed.told_at is not None:
            return
        to = withdrawals.address(owed)
        if not to:
            return
        message = made_letter(
            self.server,
            work,
            to=to,
            subject=f"{self.site_name}: a case was withdrawn",
            said=self._text(owed),
            now=self.clock(),
        )
        try:
            self.server.send(message, to, partial(self._begin, db, work, owed))
        except _SharedAgain:
            return
        withdrawals.told(owed.withdrawal_id, BY_MAIL)

    def leave_due(self, db: Database) -> None:
        """Leave the e-mails that nobody has left yet."""
        Withdrawals(db, self.clock).leave_due()

    def _begin(self, db: Database, work: Work, owed: Withdrawal) -> None:
        with write_transaction(db):
            if is_withdrawn(db, owed, self.consent_from_level):
                Outbox(db, self.clock).begin(work)
                return
        forget_void(db, self.consent_from_level)
        raise _SharedAgain

    def _text(self, owed: Withdrawal) -> str:
        return TEXT.format(
            case_id=owed.case_id,
            node=owed.node,
            day=owed.withdrawn_at[:10],
            site_name=self.site_name,
            site_url=self.site_url,
        )
