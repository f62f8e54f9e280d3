"""How many variations of one patient a peer asks about: who asks for many climbs a score."""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.case import Case
from matcher.storage.database import Database, rows
from ontologies import Release
from web.errors import WebError
from web.mme.answering.asked import Asked
from web.mme.nodes import Node
from web.mme.answering.questions import FEWEST_TERMS, informative_terms

DAY = timedelta(days=1)
# So many statements may two questions differ by and still be nearly the same.
FEW = 3
# So many times as many may be alike in what they observe alone: statements that move no score
# can be added to any question, but patients of one disorder are alike in this as well.
ALIKE_BARE = 6
# So many times as many different ones are compared with each other, and no more are answered.
DIFFERENT = 500
WORD = 4
PURPOSE = b"secondcase asked profiles 1"
OBSERVED, GENE, WISH = "observed ", "gene ", "wish "

Words = NDArray[np.uint32]
Numbers = NDArray[np.int64]


class TooAlike(WebError):
    """A question nearly the same as many others of the day."""

    def __init__(self, most: int, retry_after: int, what: str = "profiles") -> None:
        super().__init__(
            f"You have asked about {most} nearly equal {what} within 24 hours, each at most "
            f"{FEW} statements away from this one, which is as many as this node answers; the "
            f"same question again is always answered. Ask this one in {retry_after} seconds."
        )
        self.retry_after = retry_after


class TooManyDifferent(WebError):
    """One more question than can be compared with those of the day."""

    def __init__(self, most: int, retry_after: int) -> None:
        super().__init__(
            f"You have asked about {most:,} different profiles within 24 hours, which is as many "
            "as this node answers; the same question again is always answered. Ask this one in "
            f"{retry_after} seconds."
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

    def note(self, node: Node, said: Collection[str]) -> None:
        """Note a question by its statements, in the write transaction of its answer.

        The same one again is not counted. Raises `TooAlike` if there are too many like it, or
        `TooManyDifferent`.
        """
        now = self._clock()
        self._forget(now)
        profile = self._profile(said)
        if self._is_known(node, profile):
            return
        most = self._most * DIFFERENT
        if retry_after := _wait(self._at(node, most), 1, now):
            raise TooManyDifferent(most, retry_after)
        earlier = self._earlier(node, profile)
        for near, most, what in (
            (earlier.near(profile), self._most, "profiles"),
            (earlier.near_bare(profile), self._most * ALIKE_BARE, "sets of features"),
        ):
            if retry_after := _wait(near, most, now):
                raise TooAlike(most, retry_after, what)
        self._db.execute(
            "INSERT INTO asked_profiles (node_id, size, statements, asked_at, bare) "
            "VALUES (?, ?, ?, ?, ?)",
            [
                node.node_id,
                profile.size,
                profile.words.tobytes(),
                _written(now),
                profile.bare,
            ],
        )

    def _forget(self, now: datetime) -> None:
        sql = "DELETE FROM asked_profiles WHERE asked_at <= ?"
        self._db.execute(sql, [_written(now - DAY)])

    def _is_known(self, node: Node, profile: Profile) -> bool:
        sql = """
            SELECT 1 FROM asked_profiles WHERE node_id = ? AND size = ? AND statements = ?
        """
        values = [node.node_id, profile.size, profile.words.tobytes()]
        return bool(rows(self._db, sql, values))

    def _at(self, node: Node, number: int) -> list[str]:
        """When the question of this number was asked, counted from the latest; if there is one."""
        sql = """
            SELECT asked_at FROM asked_profiles WHERE node_id = ?
            ORDER BY asked_at DESC LIMIT 1 OFFSET ?
        """
        found = rows(self._db, sql, [node.node_id, number - 1])
        return [row["asked_at"] for row in found]

    def _earlier(self, node: Node, profile: Profile) -> Earlier:
        """The questions of the day that may be near."""
        sql = """
            SELECT size, bare, statements, asked_at FROM asked_profiles
            WHERE node_id = ? AND (size BETWEEN ? AND ? OR bare BETWEEN ? AND ?)
        """
        around = (profile.size - FEW, profile.size + FEW)
        around_bare = (max(1, profile.bare - FEW), profile.bare + FEW)
        values = [node.node_id, *around, *around_bare]
        return Earlier.of(rows(self._db, sql, values))

    def _profile(self, said: Collection[str]) -> Profile:
        bare = self._words(_bare(said))
        stated = self._words([each for each in said if not each.startswith(WISH)])
        ordered = [bare, np.setdiff1d(stated, bare)]
        wishes = np.setdiff1d(self._words(said), stated)
        return Profile(np.concatenate([*ordered, wishes]), len(stated), len(bare))

    def _words(self, said: Collection[str]) -> Words:
        words = b"".join(
            hashlib.blake2b(each.encode(), key=self._key, digest_size=WORD).digest()
            for each in set(said)
        )
        return np.unique(np.frombuffer(words, dtype=np.uint32))


@dataclass(frozen=True, slots=True)
class Profile:
    """A question as words: first the `bare` of what it observes, then the rest of its patient.

    The patient has `size` of them; what follows is what is wished for beside it.
    """

    words: Words
    size: int
    bare: int


@dataclass(frozen=True, slots=True)
class Earlier:
    """Questions of before, their words end to end, and when each was asked."""

    words: Words
    starts: Numbers
    sizes: Numbers
    bare: Numbers
    times: Sequence[str]

    @classmethod
    def of(cls, found: Sequence[dict[str, Any]]) -> Earlier:
        """The same from the rows of the table."""
        said = [row["statements"] for row in found]
        lengths = [len(each) // WORD for each in said]
        ends = np.cumsum(np.array(lengths, dtype=np.int64))
        return cls(
            words=np.frombuffer(b"".join(said), dtype=np.uint32),
            starts=ends - np.array(lengths, dtype=np.int64),
            sizes=np.array([row["size"] for row in found], dtype=np.int64),
            bare=np.array([row["bare"] for row in found], dtype=np.int64),
            times=[row["asked_at"] for row in found],
        )

    def near(self, profile: Profile) -> list[str]:
        """When those were asked whose patients differ by few statements."""
        return self._near(profile.words[: profile.size], self.sizes)

    def near_bare(self, profile: Profile) -> list[str]:
        """When those were asked that differ by few of what they observe, whatever else they say."""
        if not profile.bare:
            return []
        return self._near(profile.words[: profile.bare], self.bare)

    def _near(self, asked: Words, sizes: Numbers) -> list[str]:
        """`sizes` says how many of the first words of each are compared."""
        is_shared = np.isin(self.words, asked)
        before = np.concatenate([[0], np.cumsum(is_shared)])
        shared = before[self.starts + sizes] - before[self.starts]
        differing = len(asked) + sizes - 2 * shared
        # Two genes alone differ by two statements, and have nothing to do with each other.
        is_half = 2 * shared >= np.maximum(len(asked), sizes)
        is_near = (differing <= FEW) & is_half
        return [self.times[n] for n in np.flatnonzero(is_near).tolist()]


def _wait(times: Sequence[str], most: int, now: datetime) -> int:
    """Seconds until fewer than `most` of the times are of the last 24 hours; 0 for now."""
    if len(times) < most:
        return 0
    free = datetime.fromisoformat(sorted(times)[len(times) - most]) + DAY
    return max(1, math.ceil((free - now).total_seconds()))


def _bare(said: Collection[str]) -> list[str]:
    """What a question observes, with its genes where that is little."""
    observed = [each for each in said if each.startswith(OBSERVED)]
    if len(observed) >= FEWEST_TERMS:
        return observed
    return [each for each in said if each.startswith((OBSERVED, GENE))]


def statements(query: Case, asked: Asked, release: Release) -> Iterator[str]:
    """Everything of a question that moves its answer, each by one name.

    What is unknown here, implied by another term, or too general to say anything is left out, so
    that it cannot be added to make one question look like another.
    """
    for term in informative_terms(query.observed, release):
        yield f"{OBSERVED}{term}"
    for entered in query.excluded:
        if term_id := release.ontology.resolve(entered).term_id:
            yield f"excluded {term_id}"
    for feature in query.genomic_features:
        gene = release.genes.resolve(feature.gene or "").gene
        if gene:
            yield f"{GENE}{gene.hgnc_id}"
            yield from (f"variant {each}" for each in [feature.variant] if each)
    yield from (f"disease {disease.disease_id}" for disease in query.diseases)
    yield from (f"inheritance {mode}" for mode in query.inheritance)
    yield from (f"onset {each}" for each in [query.onset] if each)
    wishes = asked.constraints
    yield f"{WISH}{wishes.must_share_gene} {wishes.must_list} {wishes.exclude_solved}"
    if wishes.must_have:
        yield f"{WISH}{release.ontology.resolve(wishes.must_have).term_id}"


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
