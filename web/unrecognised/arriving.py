"""Notes what came and is no term: counted by patients, capped, and readable only when usual enough.

Until enough different patients have it, of a phrase only a keyed digest is kept, so that what a
single patient has stands nowhere. Which patients these are cannot be told from it either.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import structlog

from matcher.case import Case
from matcher.storage.database import Database, location, rows, write_transaction
from matcher.storage.errors import StoreError
from ontologies import Release
from web.config.secret_key import required_secret_key
from web.unrecognised.phrases import IsWord, Phrase, Unfit, phrases_of, vocabulary_of

PURPOSE = b"secondcase unrecognised features 1"
AFTER = 3
# As many of a patient are noted, and patients of a phrase counted, as say something.
MOST_OF_A_PATIENT = 20
MOST_PATIENTS = 100
# Undecided ones: of all, of what one peer brought first, of what this node did.
MOST = 20_000
MOST_OF_A_PEER = 200
MOST_OF_OURS = 10_000
FULL = "more than are kept undecided"

log = structlog.get_logger(__name__)


class Kind(enum.StrEnum):
    """From what kind of source something came."""

    QUESTION = "question of a peer"
    ANSWER = "answer of a peer"
    IMPORT = "import"
    DEPOSIT = "deposit"

    @property
    def is_of_peers(self) -> bool:
        """Whether it came over the exchange."""
        return self in (Kind.QUESTION, Kind.ANSWER)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A patient whose features came, and those of them that are words alone."""

    case: Case
    uncoded: Sequence[str] = ()


class Arrivals:
    """Where arrivals are noted, in one database over a connection of the calling thread.

    `after` is the number of different patients from which on a phrase is readable.
    """

    def __init__(
        self,
        db: Database,
        release: Release,
        after: int = AFTER,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._db = db
        self._release = release
        self._after = after
        self._clock = clock

    def note(self, kind: Kind, origin: str, arrived: Iterable[Arrived]) -> None:
        """Note what of these patients is no term; nothing of test cases.

        `origin` is the name of the peer or the site. A database that takes no note now loses
        some counts, and what was asked or saved goes on.
        """
        is_word = vocabulary_of(self._release.lookup)
        found = [
            (each.case.case_id, phrases)
            for each in arrived
            if not each.case.test and (phrases := self._phrases(each, is_word))
        ]
        if not found:
            return
        try:
            with write_transaction(self._db):
                noting = _Noting(
                    self._db, kind, origin, self._after, self._clock().date()
                )
                for patient, phrases in found:
                    noting.patient(patient, phrases)
        except StoreError as error:
            log.warning("unrecognised features not noted", error=type(error).__name__)

    def _phrases(self, arrived: Arrived, is_word: IsWord) -> list[Phrase | Unfit]:
        found = phrases_of(
            arrived.case.features, arrived.uncoded, self._release, is_word
        )
        return list(dict.fromkeys(found))[:MOST_OF_A_PATIENT]


class Digests:
    """Keyed digests, of which nothing can be told without the secret of the site."""

    def __init__(self, db: Database) -> None:
        secret = required_secret_key(location(db).parent)
        self._key = hmac.digest(secret.encode(), PURPOSE, "sha256")

    def phrase(self, phrase: Phrase) -> bytes:
        """What a phrase is known by."""
        return self._of("phrase", phrase.key, size=32)

    def origin(self, kind: Kind, name: str) -> bytes:
        """What a peer or a site is known by."""
        return self._of("peer" if kind.is_of_peers else "site", name)

    def patient(self, phrase: bytes, kind: Kind, origin: str, patient: str) -> bytes:
        """What a patient with a phrase is known by: another one for each phrase."""
        # A case of ours is the same case whichever way it came.
        whose = ("peer", origin) if kind.is_of_peers else ("case", "")
        return self._of(phrase.hex(), *whose, patient)

    def _of(self, *parts: str, size: int = 8) -> bytes:
        said = "\0".join(part.replace("\0", "") for part in parts).encode()
        return hashlib.blake2b(said, key=self._key, digest_size=size).digest()


class _Noting:
    """Notes the patients of one source, in a write transaction."""

    def __init__(
        self, db: Database, kind: Kind, origin: str, after: int, today: date
    ) -> None:
        self._db = db
        self._kind = kind
        self._name = origin
        self._after = after
        self._today = today.isoformat()
        self._digests = Digests(db)
        self._origin = self._digests.origin(kind, origin)

    def patient(self, patient: str, phrases: Iterable[Phrase | Unfit]) -> None:
        for phrase in phrases:
            if isinstance(phrase, Unfit):
                self._pass_over(phrase)
            else:
                self._note(patient, phrase)

    def _note(self, patient: str, phrase: Phrase) -> None:
        digest = self._digests.phrase(phrase)
        number = self._number(digest)
        if number is None:
            self._pass_over(FULL)
            return
        known = self._digests.patient(digest, self._kind, self._name, patient)
        self._db.execute(_COUNT_SOURCE, [number, str(self._kind), self._origin])
        self._db.execute(_COUNT_PATIENT, [number, known, number, MOST_PATIENTS])
        told = {"number": number, "day": self._today, "needed": self._after}
        self._db.execute(_TELL_OF, told)
        self._db.execute(_MAKE_READABLE, [phrase.code, phrase.words, number])
        self._db.execute(_FORGET_PATIENTS, [number, MOST_PATIENTS])

    def _number(self, digest: bytes) -> int | None:
        """The number of a phrase, a new one where there is room for it."""
        sql = "SELECT number FROM unrecognised WHERE digest = ?"
        found = rows(self._db, sql, [digest])
        if not found and self._has_room():
            sql = """
                INSERT INTO unrecognised (digest, needed, brought_by, first_day, last_day)
                VALUES (?, ?, ?, ?, ?) RETURNING number
            """
            values = [digest, self._after, self._origin, self._today, self._today]
            found = rows(self._db, sql, values)
        return int(found[0]["number"]) if found else None

    def _has_room(self) -> bool:
        """Whether one more may be kept; for it the oldest unreadable one of its origin goes."""
        (row,) = rows(self._db, _COUNTS, [self._origin])
        most = MOST_OF_A_PEER if self._kind.is_of_peers else MOST_OF_OURS
        if row["n"] < MOST and row["own"] < most:
            return True
        return bool(self._db.execute(_MAKE_ROOM, [self._origin]).rowcount)

    def _pass_over(self, why: str) -> None:
        self._db.execute(_PASS_OVER, [str(why), self._today])


_COUNT_SOURCE = "INSERT OR IGNORE INTO unrecognised_sources VALUES (?, ?, ?)"
_COUNT_PATIENT = """
    INSERT OR IGNORE INTO unrecognised_patients
    SELECT ?, ? WHERE (SELECT patients FROM unrecognised WHERE number = ?) < ?
"""
# Once the digests are gone the count stays.
_TELL_OF = """
    UPDATE unrecognised SET needed = :needed, last_day = max(last_day, :day),
        patients = max(patients, (
            SELECT count(*) FROM unrecognised_patients WHERE number = :number
        )) WHERE number = :number
"""
_MAKE_READABLE = """
    UPDATE unrecognised SET code = ?, words = ?, is_readable = 1
    WHERE number = ? AND patients >= needed AND NOT is_readable
        AND state IN ('open', 'ignored')
"""
_FORGET_PATIENTS = """
    DELETE FROM unrecognised_patients WHERE number = (
        SELECT number FROM unrecognised WHERE number = ? AND patients >= ?
    )
"""
_COUNTS = """
    SELECT (SELECT count(*) FROM unrecognised WHERE state = 'open') AS n,
        (SELECT count(*) FROM unrecognised WHERE brought_by = ? AND state = 'open') AS own
"""
_MAKE_ROOM = """
    DELETE FROM unrecognised WHERE number = (
        SELECT number FROM unrecognised
        WHERE brought_by = ? AND state = 'open' AND NOT is_readable
        ORDER BY last_day, number LIMIT 1
    )
"""
_PASS_OVER = """
    INSERT INTO unrecognised_unfit (why, times, last_day) VALUES (?, 1, ?)
    ON CONFLICT (why) DO UPDATE SET times = times + 1, last_day = excluded.last_day
"""
