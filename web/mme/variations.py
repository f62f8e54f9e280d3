"""How many variations of one patient a peer asks about: who asks for many climbs a score."""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from matcher.case import Case
from matcher.storage.database import Database, rows
from ontologies import Release
from web.errors import WebError
from web.mme.asked import Asked
from web.mme.nodes import Node
from web.mme.questions import informative_terms

DAY = timedelta(days=1)
# So many statements may two questions differ by and still be nearly the same.
FEW = 3
WORD = 4
PURPOSE = b"secondcase asked profiles 1"

Words = NDArray[np.uint32]


class TooAlike(WebError):
    """A question nearly the same as many others of the day."""

    def __init__(self, most: int, retry_after: int) -> None:
        super().__init__(
            f"You have asked about {most} nearly equal profiles within 24 hours, each at most "
            f"{FEW} statements away from this one, which is as many as this node answers; the "
            f"same question again is always answered. Ask this one in {retry_after} seconds."
        )
        self.retry_after = retry_after


class Variations:
    """What peers asked in the last 24 hours, as keyed digests, in one database.

    Of each different question its statements are kept, 4 bytes of a keyed hash each, and what is
    older than a day is overwritten with the next question of anybody.
    """

    def __init__(
        self,
        db: Database,
        secret_key: str,
        most: int,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._db = db
        self._key = hmac.digest(secret_key.encode(), PURPOSE, "sha256")
        self._most = most
        self._clock = clock

    def note(self, node: Node, said: Iterable[str]) -> None:
        """Note a question by its statements, in the write transaction of its answer.

        The same one again is not counted. Raises `TooAlike` if there are too many like it.
        """
        now = self._clock()
        self._forget(now)
        asked = self._words(said)
        times = self._alike(node, asked)
        if times is None:
            return
        if len(times) >= self._most:
            # As soon as so many are left that this one makes `most`.
            free = times[len(times) - self._most] + DAY
            seconds = math.ceil((free - now).total_seconds())
            raise TooAlike(self._most, max(1, seconds))
        self._db.execute(
            "INSERT INTO asked_profiles (node_id, size, statements, asked_at) "
            "VALUES (?, ?, ?, ?)",
            [node.node_id, len(asked), asked.tobytes(), _written(now)],
        )

    def _forget(self, now: datetime) -> None:
        sql = "DELETE FROM asked_profiles WHERE asked_at <= ?"
        self._db.execute(sql, [_written(now - DAY)])

    def _alike(self, node: Node, asked: Words) -> list[datetime] | None:
        """When the nearly equal questions were asked, oldest first; None if this one was."""
        sql = """
            SELECT size, statements, asked_at FROM asked_profiles
            WHERE node_id = ? AND size BETWEEN ? AND ?
        """
        size = len(asked)
        found = rows(self._db, sql, [node.node_id, size - FEW, size + FEW])
        if not found:
            return []
        sizes = np.array([row["size"] for row in found])
        shared = _shared(asked, b"".join(row["statements"] for row in found), sizes)
        differing = size + sizes - 2 * shared
        if not differing.all():
            return None
        # Two genes alone differ by two statements, and have nothing to do with each other.
        is_near = (differing <= FEW) & (2 * shared >= np.maximum(size, sizes))
        times = (found[position]["asked_at"] for position in np.flatnonzero(is_near))
        return sorted(map(datetime.fromisoformat, times))

    def _words(self, said: Iterable[str]) -> Words:
        words = b"".join(
            hashlib.blake2b(each.encode(), key=self._key, digest_size=WORD).digest()
            for each in set(said)
        )
        return np.unique(np.frombuffer(words, dtype=np.uint32))


def statements(query: Case, asked: Asked, release: Release) -> Iterator[str]:
    """Everything of a question that moves its answer, each by one name.

    What is unknown here, implied by another term, or too general to say anything is left out, so
    that it cannot be added to make one question look like another.
    """
    for term in informative_terms(query.observed, release):
        yield f"observed {term}"
    for entered in query.excluded:
        if term_id := release.ontology.resolve(entered).term_id:
            yield f"excluded {term_id}"
    for feature in query.genomic_features:
        gene = release.genes.resolve(feature.gene or "").gene
        if gene:
            yield f"gene {gene.hgnc_id}"
            yield from (f"variant {each}" for each in [feature.variant] if each)
    yield from (f"disease {disease.disease_id}" for disease in query.diseases)
    yield from (f"inheritance {mode}" for mode in query.inheritance)
    yield from (f"onset {each}" for each in [query.onset] if each)
    wishes = asked.constraints
    yield f"wishes {wishes.must_share_gene} {wishes.must_list} {wishes.exclude_solved}"
    if wishes.must_have:
        yield f"must have {release.ontology.resolve(wishes.must_have).term_id}"


def _shared(asked: Words, together: bytes, sizes: NDArray[np.int64]) -> Words:
    """How many statements each of the profiles has in common with the question."""
    is_shared = np.isin(np.frombuffer(together, dtype=np.uint32), asked)
    before = np.concatenate([[0], np.cumsum(is_shared)])
    ends = np.cumsum(sizes)
    counted: Words = before[ends] - before[ends - sizes]
    return counted


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
