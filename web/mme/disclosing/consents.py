"""Who agreed that a case is shared with the exchange: how far, by which form, until when."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import structlog

from matcher.case import Case, Sharing
from matcher.storage.database import Database, rows, write_transaction
from matcher.storage.errors import DamagedCase, UnknownCase
from matcher.storage.store import CaseStore
from web.errors import WebError
from web.mme.disclosing.disclosures import Disclosure, Disclosures
from web.mme.disclosing.limits import Limits, Most
from web.mme.disclosing.withdrawals import Withdrawals

log = structlog.get_logger(__name__)

LEVELS: Mapping[Sharing, int] = {Sharing.EXCHANGE_1: 1, Sharing.EXCHANGE_2: 2}
# Names of people do not belong here: who they are stands on the form.
GIVERS = ("person", "parent", "guardian")
LONGEST_FORM = 80
EXPIRED = "expiry of the consent"
COLUMNS = (
    "consent_id",
    "case_id",
    "scope",
    "given_by",
    "given_on",
    "form",
    "expires_on",
    "recorded_by",
    "recorded_at",
    "ended_at",
    "ended_by",
)


class BadConsent(WebError):
    """A consent that cannot be recorded as it is described."""

    def __init__(self, field: str, value: str, wanted: str) -> None:
        super().__init__(f"{field} is {value!r}, but it must be {wanted}.")
        self.field = field
        self.value = value


class ConsentMissing(WebError):
    """A level of sharing that nobody is known to have agreed to."""

    def __init__(self, level: Sharing) -> None:
        super().__init__(
            f"Sharing at {level.value} needs a consent on record that reaches as far and has not "
            "ended; record it first, or share less."
        )
        self.level = level


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentFacts:
    """What somebody agreed to. `scope` is the level of the exchange, 1 or 2.

    `given_by` is one of `GIVERS`, `form` the name and version of the form that was signed, which
    stays with the site. Without `expires_on` it is good until it is withdrawn. `not_to` names
    peers that are to be told nothing.
    """

    scope: int
    given_by: str
    given_on: date
    form: str
    expires_on: date | None = None
    not_to: tuple[str, ...] = ()

    def require_plausible(self, today: date) -> None:
        """Raise `BadConsent` unless it can have been given, and is good today."""
        if self.scope not in LEVELS.values():
            raise BadConsent("scope", str(self.scope), "1 or 2")
        if self.given_by not in GIVERS:
            raise BadConsent("given_by", self.given_by, f"one of {', '.join(GIVERS)}")
        if self.given_on > today:
            raise BadConsent("given_on", str(self.given_on), f"{today} or earlier")
        if self.expires_on is not None and self.expires_on <= today:
            raise BadConsent("expires_on", str(self.expires_on), f"later than {today}")
        form = self.form.strip()
        if not 1 <= len(form) <= LONGEST_FORM or not form.isprintable():
            raise BadConsent(
                "form",
                self.form[:LONGEST_FORM],
                f"the name and version of the form, 1 to {LONGEST_FORM} characters",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A consent on record. `ended_at` tells when it was withdrawn, or expired."""

    consent_id: int
    case_id: str
    facts: ConsentFacts
    recorded_by: str
    recorded_at: str
    ended_at: str | None = None
    ended_by: str | None = None

    def is_good(self, today: date) -> bool:
        """Whether it may be relied on."""
        expires = self.facts.expires_on
        return self.ended_at is None and (expires is None or expires > today)


class Consents:
    """The consents of one database, over a connection of the calling thread.

    `from_level` is the lowest level of the exchange that needs one.
    """

    def __init__(
        self,
        db: Database,
        from_level: int = 2,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._db = db
        self._from_level = from_level
        self._clock = clock

    # Reading

    def allowed(self, cases: Iterable[Case]) -> set[str]:
        """Ids of those cases that may be shared as far as they are.

        Test cases and simulated ones are nobody's, so nobody has to agree.
        """
        wanted = {each.case_id: each for each in cases}
        needing = self._needing(wanted.values())
        free = wanted.keys() - needing
        scopes = self._scopes(needing)
        return free | {i for i, n in scopes.items() if n >= LEVELS[wanted[i].sharing]}

    def reaches_level_2(self, case_id: str) -> bool:
        """Whether somebody agreed to all that may be told of the case, and it is good today."""
        return self._scopes([case_id]).get(case_id, 0) >= LEVELS[Sharing.EXCHANGE_2]

    def is_needed(self, case: Case) -> bool:
        """Whether the case may not be shared as it is without a consent.

        Where somebody was asked once, every level needs one: who withdrew it, or agreed until a
        day, is not shared after it because the site asks nobody else.
        """
        return bool(self._needing([case]))

    def _needing(self, cases: Iterable[Case]) -> set[str]:
        """Ids of those cases for which `is_needed` is true."""
        levels = {
            each.case_id: LEVELS[each.sharing]
            for each in cases
            if each.sharing in LEVELS and not (each.test or each.simulated)
        }
        always = {i for i, level in levels.items() if level >= self._from_level}
        return always | self._asked_about(levels.keys() - always)

    def _asked_about(self, case_ids: Iterable[str]) -> set[str]:
        """Ids of those cases of which a consent was ever recorded, whatever became of it."""
        ids = json.dumps(list(case_ids))
        if ids == "[]":
            return set()
        sql = """
            SELECT DISTINCT case_id FROM consents
            WHERE case_id IN (SELECT value FROM json_each(?))
        """
        return {row["case_id"] for row in rows(self._db, sql, [ids])}

    def require(self, case: Case) -> None:
        """Raise `ConsentMissing` unless the case may be shared as far as it is."""
        if not self.allowed([case]):
            raise ConsentMissing(case.sharing)

    def of_case(self, case_id: str) -> tuple[Consent, ...]:
        """Every consent that was ever recorded of a case, in their order."""
        sql = "SELECT * FROM consents WHERE case_id = ? ORDER BY consent_id"
        found = rows(self._db, sql, [case_id])
        return tuple(_consent(row) for row in found if _is_whole(row))

    def damaged(self) -> Iterator[str]:
        """A sentence for each row whose bytes changed; it counts as no consent."""
        for row in rows(self._db, "SELECT * FROM consents ORDER BY consent_id"):
            if not _is_whole(row):
                yield (
                    f"consent {row['consent_id']} of case {row['case_id']} was changed outside "
                    "Secondcase and no longer counts; record it again."
                )

    # Writing

    def record(
        self, case_id: str, facts: ConsentFacts, actor: str, *, is_saved_next: bool
    ) -> Consent:
        """Keep a consent; the same one again is not kept twice. Raises `BadConsent`.

        Unless the case itself is saved next, in the same transaction, a new version of it lets
        those who follow the cases notice that peers may see it.
        """
        facts.require_plausible(self._today())
        with write_transaction(self._db):
            for known in self.of_case(case_id):
                if known.facts != facts:
                    continue
                if known.ended_at is None:
                    return known
                wanted = f"that of another consent: this one ended on {known.ended_at}"
                raise BadConsent("given_on", str(facts.given_on), wanted)
            made = self._insert(case_id, facts, actor)
            for node in facts.not_to:
                limits = Limits(self._db, self._clock)
                bound = made.consent_id
                limits.set(case_id, node, Most.NOTHING, actor, consent_id=bound)
            if not is_saved_next:
                self._save_again(case_id, actor)
        return made

    def _insert(self, case_id: str, facts: ConsentFacts, actor: str) -> Consent:
        row = {
            "case_id": case_id,
            "scope": facts.scope,
            "given_by": facts.given_by,
            "given_on": facts.given_on.isoformat(),
            "form": facts.form.strip(),
            "expires_on": facts.expires_on.isoformat() if facts.expires_on else None,
            "recorded_by": actor,
            "recorded_at": self._now(),
            "ended_at": None,
            "ended_by": None,
            "not_to": json.dumps(sorted(facts.not_to)) if facts.not_to else "",
        }
        sql = "SELECT coalesce(max(consent_id), 0) + 1 AS n FROM consents"
        row["consent_id"] = rows(self._db, sql)[0]["n"]
        self._db.table("consents").insert(_sealed(row))
        return _consent(row)

    def _save_again(self, case_id: str, actor: str) -> None:
        store = CaseStore(self._db)
        case = store.get(case_id).case
        if self.is_needed(case):
            store.put(case, actor=actor)

    def withdraw(self, case_id: str, actor: str) -> tuple[Disclosure, ...]:
        """End every consent of a case; for peers it is gone at once.

        Its sharing falls back to its site, as a new version, which everybody who follows the
        cases notices. Returns the peers that have seen it, to be told of the withdrawal.
        Raises `UnknownCase`.
        """
        with write_transaction(self._db):
            store = CaseStore(self._db)
            case = store.get(case_id).case
            for row in self._open("case_id = ?", [case_id]):
                self._end(row, actor)
            if case.sharing in LEVELS:
                store.put(replace(case, sharing=Sharing.SITE), actor=actor)
            return self._owe(case)

    def _owe(self, case: Case) -> tuple[Disclosure, ...]:
        """Note which peers are to be told of a withdrawal: those that have seen the case."""
        seen_by = Disclosures(self._db).of_case(case.case_id)
        if not (case.test or case.simulated):
            Withdrawals(self._db, self._clock).note(case.case_id, seen_by)
        return seen_by

    def lapse(self) -> None:
        """End the consents that have expired, and take back the cases that rested on them."""
        condition, values = "expires_on <= ?", [self._today().isoformat()]
        if not any(map(_is_whole, self._open(condition, values))):
            return
        with write_transaction(self._db):
            for row in self._open(condition, values):
                self._end(row, EXPIRED)
                self._take_back(row["case_id"])

    def _take_back(self, case_id: str) -> None:
        store = CaseStore(self._db)
        try:
            case = store.get(case_id).case
        except (UnknownCase, DamagedCase):
            return
        if not self.allowed([case]):
            store.put(replace(case, sharing=Sharing.SITE), actor=EXPIRED)
            self._owe(case)
            log.warning("consent expired", case_id=case_id)

    def _open(self, condition: str, values: list[Any]) -> list[dict[str, Any]]:
        sql = f"SELECT * FROM consents WHERE ended_at IS NULL AND {condition}"
        return rows(self._db, sql, values)

    def _end(self, row: Mapping[str, Any], actor: str) -> None:
        if not _is_whole(row):
            # Sealed anew, it would look as if it had been so.
            return
        ended = {**row, "ended_at": self._now(), "ended_by": actor}
        self._db.table("consents").update(row["consent_id"], _sealed(ended))

    def _scopes(self, case_ids: Iterable[str]) -> dict[str, int]:
        """The furthest scope that is good today, by case."""
        ids = json.dumps(list(case_ids))
        if ids == "[]":
            return {}
        sql = "case_id IN (SELECT value FROM json_each(?))"
        today, scopes = self._today(), dict[str, int]()
        for row in self._open(sql, [ids]):
            if _is_whole(row) and _consent(row).is_good(today):
                known = scopes.get(row["case_id"], 0)
                scopes[row["case_id"]] = max(known, row["scope"])
        return scopes

    def _today(self) -> date:
        return self._clock().astimezone(UTC).date()

    def _now(self) -> str:
        return self._clock().astimezone(UTC).isoformat(timespec="seconds")


def _sealed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "sha256": _fingerprint(row)}


def _is_whole(row: Mapping[str, Any]) -> bool:
    return bool(row["sha256"] == _fingerprint(row))


def _fingerprint(row: Mapping[str, Any]) -> str:
    # Rows of before could name nobody, and keep their seals.
    names = (*COLUMNS, "not_to") if row["not_to"] else COLUMNS
    content = json.dumps([row[name] for name in names])
    return hashlib.sha256(content.encode("ascii")).hexdigest()


def _consent(row: Mapping[str, Any]) -> Consent:
    expires = row["expires_on"]
    facts = ConsentFacts(
        scope=row["scope"],
        given_by=row["given_by"],
        given_on=date.fromisoformat(row["given_on"]),
        form=row["form"],
        expires_on=date.fromisoformat(expires) if expires else None,
        not_to=tuple(json.loads(row["not_to"])) if row["not_to"] else (),
    )
    return Consent(
        consent_id=row["consent_id"],
        case_id=row["case_id"],
        facts=facts,
        recorded_by=row["recorded_by"],
        recorded_at=row["recorded_at"],
        ended_at=row["ended_at"],
        ended_by=row["ended_by"],
    )
