"""What a curator decides of an entry: who, when and why, and what follows from it at this site.

No case is changed by a decision. A local word is found by the search; what stands for a term is
offered wherever it comes again.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from matcher.readers.guesses import folded
from matcher.storage.database import Database, rows, write_transaction
from ontologies import Release
from web.abbreviations import Abbreviations
from web.audit import Audit
from web.errors import WebError
from web.unrecognised.queue import Entry, Queue, State, UnknownEntry
from web.work.outbox import text_of

DECIDED = "unrecognised feature decided"
LONGEST_REASON = 500


class Place(enum.StrEnum):
    """How something to be reported stands to the term that was chosen for it."""

    SYNONYM = "a synonym of"
    BELOW = "a new term below"


class BadDecision(WebError):
    """A decision that cannot be taken. `field` is what would have to be given otherwise."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class DecidedMeanwhile(WebError):
    """A decision on an entry that somebody else has decided since it was looked at."""

    def __init__(self, entry: Entry) -> None:
        by = f" by {entry.decided_by}" if entry.decided_by else ""
        super().__init__(
            f"Entry {entry.number} was decided meanwhile{by}: {entry.state}. Your decision was "
            "not taken; look at the entry again."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is to become of an entry; `OPEN` opens it again. `place` is for a report alone."""

    state: State
    term_id: str = ""
    place: Place = Place.SYNONYM
    reason: str = ""


class Decisions:
    """Takes decisions, over a connection of the calling thread."""

    def __init__(
        self,
        db: Database,
        release: Release,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._db = db
        self._release = release
        self._clock = clock

    def decide(
        self,
        number: int,
        decision: Decision,
        *,
        actor: str,
        expected_version: int | None = None,
    ) -> Entry:
        """Take a decision; the entry as it is then. It is in the audit, without the words.

        Raises `UnknownEntry`, `BadDecision`, `BadAbbreviation`, and `DecidedMeanwhile` where the
        entry is not of the version that was expected.
        """
        with write_transaction(self._db):
            before = Queue(self._db).get(number)
            if expected_version not in (None, before.version):
                raise DecidedMeanwhile(before)
            self._require(before, decision)
            self._undo(before, actor)
            self._keep(before, decision, actor)
            Audit(self._db).record(
                actor,
                DECIDED,
                entry=number,
                before=str(before.state),
                decision=str(decision.state),
                term=decision.term_id,
                reason=decision.reason,
            )
            return Queue(self._db).get(number)

    def ignore(self, numbers: Sequence[int], *, actor: str) -> int:
        """Ignore those of the entries that are open still; how many these were."""
        done = 0
        with write_transaction(self._db):
            for number in numbers:
                try:
                    entry = Queue(self._db).get(number)
                except UnknownEntry:
                    continue
                if entry.state is State.OPEN:
                    self.decide(number, Decision(state=State.IGNORED), actor=actor)
                    done += 1
        return done

    def _require(self, entry: Entry, decision: Decision) -> None:
        if len(decision.reason) > LONGEST_REASON:
            raise BadDecision(
                "reason",
                f"A reason of {len(decision.reason):,} characters cannot be kept; say it in at "
                f"most {LONGEST_REASON}.",
            )
        if entry.state is State.ERASED:
            raise BadDecision("decision", f"Entry {entry.number} is erased for good.")
        if decision.state is entry.state is State.OPEN:
            raise BadDecision("decision", f"Entry {entry.number} is open already.")
        if decision.state is State.OPEN and rows(self._db, _OF_TOO_FEW, [entry.number]):
            raise BadDecision(
                "decision",
                f"Entry {entry.number} cannot be opened again: cases that had it are gone, and "
                "too few patients have it now. It stays as it was decided, or is erased by "
                f"'secondcase ontology queue decide {entry.number} erase'.",
            )
        if decision.state is State.SYNONYM and not entry.words:
            raise BadDecision(
                "decision",
                f"{entry.code!r} came without words, so there is no word to be listed; let it "
                "stand for a term instead.",
            )
        if decision.state in (State.SYNONYM, State.TERM) or decision.term_id:
            self._require_term(decision.term_id)

    def _require_term(self, term_id: str) -> None:
        ontology = self._release.ontology
        if not term_id:
            raise BadDecision("term_id", "No term is chosen; give an HPO id.")
        found = ontology.resolve(term_id)
        if found.term_id != term_id or not ontology.is_phenotype(term_id):
            current = (
                f", or {found.term_id}" if found.term_id not in (None, term_id) else ""
            )
            raise BadDecision(
                "term_id",
                f"{term_id[:40]!r} is no phenotype of HPO {ontology.version}; give the id of one, "
                f"such as HP:0001250{current}.",
            )

    def _undo(self, entry: Entry, actor: str) -> None:
        """Take back what the decision before did."""
        if not entry.meaning:
            return
        # Another entry may have found the word listed: it is that one's word from now on.
        told = {
            "number": entry.number,
            "words": entry.words,
            "term_id": entry.term_id,
            "meaning": entry.meaning,
        }
        if not self._db.execute(_HAND_OVER, told).rowcount:
            Abbreviations(self._db).remove(entry.words, entry.meaning, actor)

    def _keep(self, entry: Entry, decision: Decision, actor: str) -> None:
        is_open = decision.state is State.OPEN
        row = {
            "state": str(decision.state),
            "term_id": decision.term_id,
            "place": str(decision.place) if decision.state is State.UPSTREAM else "",
            "meaning": "",
            "reason": decision.reason,
            "decided_by": "" if is_open else actor,
            "decided_at": "" if is_open else text_of(self._clock()),
            "version": entry.version + 1,
        }
        if decision.state is State.SYNONYM:
            row["meaning"] = self._listed(entry.words, decision.term_id, actor)
        if decision.state is State.ERASED:
            # The keyed digest stays, so that it is not kept again when it comes again.
            row |= {"code": "", "words": ""}
            Abbreviations(self._db).forget_changes(entry.words)
        self._db.table("unrecognised").update(entry.number, row)

    def _listed(self, words: str, term_id: str, actor: str) -> str:
        """List a local word; its meaning, "" where it was listed before."""
        listed, meaning = Abbreviations(self._db), self._release.ontology.label(term_id)
        if meaning in listed.meanings().get(words, ()):
            return ""
        listed.add(words, meaning, actor)
        return meaning


# Cases may have been erased since it was decided.
_OF_TOO_FEW = "SELECT 1 FROM unrecognised WHERE number = ? AND patients < needed"
_HAND_OVER = f"""
    UPDATE unrecognised SET meaning = :meaning WHERE number = (
        SELECT number FROM unrecognised
        WHERE state = '{State.SYNONYM}' AND words = :words AND term_id = :term_id
            AND meaning = '' AND number <> :number
        ORDER BY number LIMIT 1
    )
"""


def stand_for(db: Database) -> dict[str, str]:
    """The terms that curators let things stand for, by folded words and by id as it came."""
    sql = (
        "SELECT code, words, term_id FROM unrecognised WHERE state = ? ORDER BY number"
    )
    found: dict[str, str] = {}
    for row in rows(db, sql, [str(State.TERM)]):
        for said in filter(None, (folded(row["words"]), row["code"].upper())):
            found[said] = row["term_id"]
    return found


def stands_for(known: Mapping[str, str], term_id: str) -> str:
    """The term that the curators chose for an id of a case, "" if they chose none."""
    return known.get(term_id.upper()) or known.get(folded(term_id)) or ""
