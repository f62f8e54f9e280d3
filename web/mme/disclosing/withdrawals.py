"""Which peers are still to be told that a case was withdrawn, and by what way.

The exchange has no message for it. So the contact that our operator registered for a peer gets an
e-mail, never an address that a peer sent; where there is none, the operator is reminded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from matcher.readers.mme_contacts import mail_addresses
from matcher.storage.database import Database, rows, write_transaction
from matcher.wording import listing
from web.mme.disclosing.disclosures import Disclosure
from web.mme.nodes import Node, Nodes
from web.work.outbox import Outbox

WITHDRAWAL = "withdrawal"
BY_MAIL = "e-mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """A peer that has seen a case which was withdrawn. `told_at` is None while it is owed."""

    withdrawal_id: int
    case_id: str
    node_id: int
    node: str
    withdrawn_at: str
    told_at: str | None
    told_by: str | None


class Withdrawals:
    """What peers are owed in one database, over a connection of the calling thread."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._db = db
        self._clock = clock
        self._outbox = Outbox(db, clock)

    def note(self, case_id: str, seen_by: Iterable[Disclosure]) -> None:
        """Owe it to these peers, in the transaction of the withdrawal, with the e-mails."""
        with write_transaction(self._db):
            for each in seen_by:
                values = [case_id, each.node_id, each.node, self._now()]
                self._db.execute(
                    "INSERT INTO withdrawals (case_id, node_id, node, withdrawn_at) "
                    "VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    values,
                )
            self._leave(self._where("case_id = ? AND told_at IS NULL", [case_id]))

    def leave_due(self) -> None:
        """Leave the e-mails about cases that were taken back without a consent's end.

        And those to peers whose address became known since.
        """
        if owed := [each for each in self.owed() if not self._has_work(each)]:
            with write_transaction(self._db):
                self._leave(owed)

    def get(self, number: int) -> Withdrawal | None:
        """One of them, None if there is none of this number."""
        return next(iter(self._where("withdrawal_id = ?", [number])), None)

    def of_case(self, case_id: str) -> list[Withdrawal]:
        """All of a case, the latest of each peer last."""
        return self._where("case_id = ?", [case_id])

    def owed(self) -> list[Withdrawal]:
        """All that peers were not told of yet."""
        return self._where("told_at IS NULL", [])

    def told(self, number: int, by: str) -> None:
        """Note that the peer was told."""
        with write_transaction(self._db):
            row = {"told_at": self._now(), "told_by": by}
            self._db.table("withdrawals").update(number, row)

    def forget(self, number: int) -> None:
        """Owe nothing any more of a withdrawal that came to nothing."""
        with write_transaction(self._db):
            self._db.table("withdrawals").delete_where(
                "withdrawal_id = ? AND told_at IS NULL", [number]
            )

    def told_by_hand(self, node: str, by: str) -> int:
        """Note that a peer was told all it was owed; how much that was."""
        owed = [each for each in self.owed() if each.node == node]
        for each in owed:
            self.told(each.withdrawal_id, by)
        return len(owed)

    def address(self, withdrawal: Withdrawal) -> str:
        """The first e-mail address that our operator registered for the peer, "" for none."""
        return address_of(self._peers().get(withdrawal.node_id))

    def by_hand(
        self,
        sends_mail: bool,
        holds: Callable[[Withdrawal], bool] = lambda owed: True,
    ) -> Iterator[str]:
        """A sentence for each peer that no e-mail will reach, for the operator.

        `holds` says whether a case is withdrawn from the peer still.
        """
        peers = self._peers()
        owed: dict[tuple[str, str], list[str]] = {}
        for each in filter(holds, self.owed()):
            if why := self._obstacle(each, peers.get(each.node_id), sends_mail):
                owed.setdefault((each.node, why), []).append(each.case_id)
        for (node, why), case_ids in owed.items():
            yield (
                f"{node} is still to be told by hand that {listing(case_ids)} "
                f"{'was' if len(case_ids) == 1 else 'were'} withdrawn: {why}. Then run "
                f"'secondcase node told {node}'."
            )

    def _obstacle(self, owed: Withdrawal, node: Node | None, sends_mail: bool) -> str:
        if node is None:
            return "the peer was removed"
        if not address_of(node):
            return "no e-mail address is registered for it (node set --contact)"
        if not sends_mail:
            return "no mail server is set"
        is_given_up = self._has_work(owed) and not self._is_waiting(owed)
        return "its e-mail was given up" if is_given_up else ""

    def _leave(self, owed: Sequence[Withdrawal]) -> None:
        peers = self._peers()
        for each in owed:
            if address_of(peers.get(each.node_id)):
                self._outbox.add(WITHDRAWAL, str(each.withdrawal_id))

    def _peers(self) -> dict[int, Node]:
        return {node.node_id: node for node in Nodes(self._db)}

    def _has_work(self, owed: Withdrawal) -> bool:
        sql = "SELECT 1 FROM outbox WHERE kind = ? AND subject = ?"
        return bool(rows(self._db, sql, [WITHDRAWAL, str(owed.withdrawal_id)]))

    def _is_waiting(self, owed: Withdrawal) -> bool:
        sql = "SELECT 1 FROM outbox WHERE kind = ? AND subject = ? AND given_up_at IS NULL"
        return bool(rows(self._db, sql, [WITHDRAWAL, str(owed.withdrawal_id)]))

    def _where(self, condition: str, values: Sequence[Any]) -> list[Withdrawal]:
        sql = f"SELECT * FROM withdrawals WHERE {condition} ORDER BY withdrawal_id"
        return [Withdrawal(**row) for row in rows(self._db, sql, values)]

    def _now(self) -> str:
        return self._clock().astimezone(UTC).isoformat(timespec="seconds")


def address_of(node: Node | None) -> str:
    """Where a peer is written to: the first address of its registered contact, "" for none."""
    return next(iter(mail_addresses(node.contact)), "") if node else ""
