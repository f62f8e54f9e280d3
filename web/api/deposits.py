"""The cases that a system submits: each kept under the system's own id, once."""

from __future__ import annotations

import enum
import hmac
from dataclasses import dataclass, replace

from matcher.case import Case, Contact, Sharing
from matcher.storage.database import Database, rows, write_transaction
from matcher.storage.errors import ErasedCase, UnknownCase
from matcher.storage.store import CaseStore, Listed, StoredCase
from web.api.errors import (
    ChangedHere,
    Erased,
    IdTaken,
    NoConsent,
    OutOfScope,
    VersionDiffers,
    WrongConsent,
)
from web.api.peers import limit_peers
from web.api.tokens import Token
from web.entry.numbering import free_id
from web.mme.disclosing.agreeing import agree
from web.mme.disclosing.consents import (
    BadConsent,
    ConsentFacts,
    ConsentMissing,
    Consents,
)
from web.mme.disclosing.limits import Most

PURPOSE = b"secondcase external id 1"
FIRST_SHARING = Sharing.SITE


class Status(enum.StrEnum):
    """What putting a case did."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Which version a caller takes for the current one.

    `version` is what `If-Match` names: 0 for anything there cannot be, None without the header;
    `is_any` stands for its star, `is_none` for `If-None-Match: *`. `said` is the header as sent.
    """

    version: int | None = None
    is_any: bool = False
    is_none: bool = False
    said: str = ""

    def require(self, current: int) -> None:
        """Raise `VersionDiffers` unless it holds; `current` is 0 where there is no case."""
        if self.is_none and current:
            raise VersionDiffers("If-None-Match", self.said, current)
        if self.is_any and not current:
            raise VersionDiffers("If-Match", self.said, current)
        if self.version is not None and self.version != current:
            raise VersionDiffers("If-Match", self.said, current)


class Deposits:
    """What one system submitted, over a connection of the calling thread."""

    def __init__(
        self,
        db: Database,
        token: Token,
        secret_key: str,
        consents: Consents | None = None,
    ) -> None:
        self._db = db
        self._token = token
        self._key = hmac.digest(secret_key.encode(), PURPOSE, "sha256")
        self._store = CaseStore(db)
        self._consents = consents or Consents(db)

    def put(
        self,
        external_id: str,
        case: Case,
        sharing: Sharing | None,
        expected: Expected,
        consent: ConsentFacts | None = None,
        peers: dict[str, Most] | None = None,
    ) -> tuple[StoredCase, Status]:
        """Keep a case under the system's id for it, as a new version only if it differs.

        What the system sent last time is no change, even where somebody at the site has changed
        the case since: their change stays. `peers` are the limits of single peers, None for those
        there are. Raises `VersionDiffers`, `ChangedHere`, `IdTaken`, `Erased`, `NoConsent`,
        `WrongConsent` or `WrongPeer`.
        """
        with write_transaction(self._db):
            found = self._found(external_id)
            if found is None:
                self._refuse_taken(external_id)
                expected.require(0)
                made = self._create(external_id, case, sharing, consent, peers)
                return made, Status.CREATED
            expected.require(found.version)
            new = self._filled(
                case, external_id, found.case.case_id, sharing or found.case.sharing
            )
            if new == found.case or (
                expected.version is None and self._sent_before(found, case, sharing)
            ):
                self._agree(new, sharing, consent, is_saved_next=False)
                is_limited = self._limit(new, peers, is_saved_next=False)
                status = Status.CHANGED if is_limited else Status.UNCHANGED
                return self.get(external_id), status
            if found.actor != self._token.name and expected.version is None:
                raise ChangedHere(found.version)
            self._agree(new, sharing, consent, is_saved_next=True)
            self._limit(new, peers, is_saved_next=True)
            saved = self._store.put(
                new, actor=self._token.name, expected_version=found.version
            )
            return saved, Status.CHANGED

    def get(self, external_id: str) -> StoredCase:
        """The case as it is kept now. Raises `OutOfScope`: missing and forbidden are one."""
        found = self._found(external_id)
        if found is None:
            raise OutOfScope
        return found

    def delete(self, external_id: str, expected: Expected) -> None:
        """Remove the case; its history stays. Raises `OutOfScope` or `VersionDiffers`."""
        with write_transaction(self._db):
            found = self.get(external_id)
            expected.require(found.version)
            self._store.delete(found.case.case_id, self._token.name)

    def listed(self, after: str, limit: int) -> tuple[Listed, ...]:
        """At most so many of the cases, those after a case id, in order of case id."""
        return self._store.listed(
            site=self._token.site,
            submitter=self._token.name,
            after=after,
            limit=limit,
        )

    def count(self) -> int:
        """How many cases there are."""
        return self._store.count(site=self._token.site, submitter=self._token.name)

    def case_id(self, external_id: str) -> str | None:
        """What the site calls a case of the system, None if there is none."""
        found = self._found(external_id)
        return found.case.case_id if found else None

    def _found(self, external_id: str) -> StoredCase | None:
        case_id = self._store.find(self._token.site, external_id)
        try:
            found = self._store.get(case_id) if case_id else None
        except UnknownCase:
            return None
        return found if found and found.submitter == self._token.name else None

    def _refuse_taken(self, external_id: str) -> None:
        if self._store.find(self._token.site, external_id) is not None:
            raise IdTaken(external_id)

    def _create(
        self,
        external_id: str,
        case: Case,
        sharing: Sharing | None,
        consent: ConsentFacts | None,
        peers: dict[str, Most] | None,
    ) -> StoredCase:
        """A new case or, under an id that was deleted, that case again."""
        digest = self._digest(external_id)
        case_id = self._former(digest)
        if case_id is None:
            case_id = free_id(self._store, self._token.site)
            row = {
                "site": self._token.site,
                "external_digest": digest,
                "case_id": case_id,
            }
            self._db.table("api_deposits").insert(row)
        new = self._filled(case, external_id, case_id, sharing or FIRST_SHARING)
        self._agree(new, sharing, consent, is_saved_next=True)
        self._limit(new, peers, is_saved_next=True)
        try:
            return self._store.put(
                new,
                actor=self._token.name,
                expected_version=0,
                external_id=external_id,
            )
        except ErasedCase as error:
            raise Erased(external_id) from error

    def _limit(
        self, case: Case, peers: dict[str, Most] | None, *, is_saved_next: bool
    ) -> bool:
        """Keep to the limits of the call; whether that changes anything."""
        by = self._token.name
        return limit_peers(
            self._db, case.case_id, peers, by, is_saved_next=is_saved_next
        )

    def _agree(
        self,
        case: Case,
        sharing: Sharing | None,
        consent: ConsentFacts | None,
        *,
        is_saved_next: bool,
    ) -> None:
        """Record the consent of the call, and refuse a level that it asks for without one."""
        try:
            if consent is not None:
                agree(
                    self._db,
                    self._consents,
                    case.case_id,
                    consent,
                    self._token.name,
                    is_saved_next=is_saved_next,
                )
            if sharing is not None:
                self._consents.require(case)
        except BadConsent as error:
            raise WrongConsent(error) from error
        except ConsentMissing as error:
            raise NoConsent(error) from error

    def _filled(
        self, case: Case, external_id: str, case_id: str, sharing: Sharing
    ) -> Case:
        """The case with what the site says of it rather than its body."""
        return replace(
            case,
            case_id=case_id,
            label=case.label or external_id,
            contact=case.contact or Contact(institution=self._token.site),
            site=self._token.site,
            submitter=self._token.name,
            sharing=sharing,
        )

    def _sent_before(
        self, found: StoredCase, case: Case, sharing: Sharing | None
    ) -> bool:
        """Whether this is what the system sent last."""
        if found.actor == self._token.name:
            return False
        own = [
            revision.case
            for revision in self._store.history(found.case.case_id)
            if revision.actor == self._token.name
        ]
        last = own[-1] if own else None
        if last is None:
            return False
        external_id = found.external_id or ""
        sent = self._filled(case, external_id, last.case_id, sharing or last.sharing)
        return sent == last

    def _former(self, digest: str) -> str | None:
        sql = "SELECT case_id FROM api_deposits WHERE site = ? AND external_digest = ?"
        found = rows(self._db, sql, [self._token.site, digest])
        return found[0]["case_id"] if found else None

    def _digest(self, external_id: str) -> str:
        return hmac.digest(self._key, external_id.encode(), "sha256").hex()
