"""What the people of a site write short, and the search and note reading that know it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from matcher.readers.fields import printable
from matcher.storage.database import Database, connect, rows, write_transaction
from ontologies import NoteReader, Release
from ontologies.lookup import TermHit, TermLookup
from web.errors import WebError

LONGEST_SHORT = 80
LONGEST_MEANING = 200
MOST_REMEMBERED = 2_000


class BadAbbreviation(WebError):
    """An abbreviation that cannot be listed."""

    def __init__(self, entered: str, wanted: str) -> None:
        super().__init__(
            f"“{printable(entered[:60])}” cannot be listed; it must be {wanted}."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Abbreviation:
    """One line of the list of a site."""

    short: str
    meaning: str
    added_by: str
    added_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WordChange:
    """One change to the list: a line that was added or taken off."""

    short: str
    meaning: str
    is_added: bool
    actor: str
    at: str


class Abbreviations:
    """The list of a site, which a curator edits. It is added to our own and wins over it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def listed(self) -> tuple[Abbreviation, ...]:
        """Every line, by abbreviation and then by meaning."""
        sql = (
            "SELECT short, meaning, added_by, added_at FROM abbreviations "
            "ORDER BY short, meaning"
        )
        return tuple(Abbreviation(**row) for row in rows(self._db, sql))

    def meanings(self) -> dict[str, tuple[str, ...]]:
        """What each abbreviation may mean."""
        found: dict[str, tuple[str, ...]] = {}
        for each in self.listed():
            found[each.short] = (*found.get(each.short, ()), each.meaning)
        return found

    def add(self, short: str, meaning: str, actor: str) -> None:
        """List an abbreviation; one that is listed already stays as it is.

        Raises `BadAbbreviation`.
        """
        short, meaning = (" ".join(text.split()) for text in (short, meaning))
        if not _is_text(short, LONGEST_SHORT):
            raise BadAbbreviation(
                short, f"1 to {LONGEST_SHORT} letters or figures, none of them unseen"
            )
        if not _is_text(meaning, LONGEST_MEANING):
            raise BadAbbreviation(
                meaning,
                f"1 to {LONGEST_MEANING} characters in words, none of them unseen",
            )
        row = {
            "short": short,
            "meaning": meaning,
            "added_by": actor,
            "added_at": datetime.now(UTC).isoformat(),
        }
        with write_transaction(self._db):
            known = self._matching("short = ? AND meaning = ?", [short, meaning])
            if not known:
                self._db.table("abbreviations").insert(row)
                self._note(short, meaning, True, actor)

    def remove(self, short: str, meaning: str = "", actor: str = "") -> int:
        """Take an abbreviation off the list, in one meaning or in all; how many lines went."""
        where, values = "short = ?", [short]
        if meaning:
            where, values = "short = ? AND meaning = ?", [short, meaning]
        with write_transaction(self._db):
            gone = self._matching(where, values)
            self._db.table("abbreviations").delete_where(where, values)
            for row in gone:
                self._note(row["short"], row["meaning"], False, actor)
        return len(gone)

    def forget_changes(self, short: str) -> None:
        """Forget that an abbreviation was ever listed, unless it is; for one that is erased."""
        with write_transaction(self._db):
            if not self._matching("short = ?", [short]):
                self._db.table("abbreviation_changes").delete_where(
                    "short = ?", [short]
                )

    def changes(self, limit: int) -> list[WordChange]:
        """The last changes to the list, latest first."""
        sql = """
            SELECT short, meaning, is_added, actor, at FROM abbreviation_changes
            ORDER BY number DESC LIMIT ?
        """
        return [
            WordChange(**{**row, "is_added": bool(row["is_added"])})
            for row in rows(self._db, sql, [limit])
        ]

    def _matching(self, where: str, values: Sequence[str]) -> list[dict[str, str]]:
        sql = f"SELECT short, meaning FROM abbreviations WHERE {where}"
        return rows(self._db, sql, values)

    def _note(self, short: str, meaning: str, is_added: bool, actor: str) -> None:
        row = {
            "short": short,
            "meaning": meaning,
            "is_added": int(is_added),
            "actor": actor,
            "at": datetime.now(UTC).isoformat(),
        }
        self._db.table("abbreviation_changes").insert(row)

    def mark(self) -> tuple[int, int]:
        """What differs whenever the list does."""
        sql = (
            "SELECT count(*) AS n, coalesce(max(number), 0) AS last FROM abbreviations"
        )
        (row,) = rows(self._db, sql)
        return row["n"], row["last"]


def _is_text(text: str, longest: int) -> bool:
    """Whether it can be read: neither blank nor with signs that move a cursor or turn a line."""
    is_said = text.isprintable() and any(map(str.isalnum, text))
    return is_said and len(text) <= longest


def listed_at(path: Path) -> Mapping[str, tuple[str, ...]]:
    """The list in the database at `path`; nothing where there is no database or no list yet."""
    if not path.exists():
        return {}
    db = connect(path)
    try:
        has_list = db.table("abbreviations").exists()
        return Abbreviations(db).meanings() if has_list else {}
    finally:
        db.close()


class RememberedSearch:
    """A search that answers what it was asked before from memory, for lists of the same words."""

    def __init__(self, lookup: TermLookup) -> None:
        self._lookup = lookup
        self._found: dict[tuple[str, int], list[TermHit]] = {}

    def search(self, text: str, limit: int) -> list[TermHit]:
        """The terms that `text` may mean, best first."""
        key = text, limit
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= MOST_REMEMBERED:
                self._found.clear()
            found = self._found[key] = self._lookup.search(text, limit)
        return found


@dataclass(frozen=True, slots=True)
class Words:
    """The search and the note reading of one state of the list."""

    mark: tuple[int, int]
    lookup: TermLookup
    reader: NoteReader
    remembered: RememberedSearch


class SiteWords:
    """The search over names and the reading of notes, by the list as it is now."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self._lock = threading.Lock()
        self._words: Words | None = None

    def lookup(self, db: Database) -> TermLookup:
        """The search that knows every abbreviation of the site."""
        return self._current(db).lookup

    def remembered(self, db: Database) -> RememberedSearch:
        """The same search, which remembers what it was asked while the list is as it is."""
        return self._current(db).remembered

    def reader(self, db: Database) -> NoteReader:
        """The reading of notes that knows every abbreviation of the site."""
        return self._current(db).reader

    def _current(self, db: Database) -> Words:
        listed = Abbreviations(db)
        mark = listed.mark()
        words = self._words
        if words is None or words.mark != mark:
            with self._lock:
                words = self._words
                if words is None or words.mark != mark:
                    words = self._words = self._made(mark, listed.meanings())
        return words

    def _made(
        self, mark: tuple[int, int], meanings: Mapping[str, tuple[str, ...]]
    ) -> Words:
        release = self._release
        lookup = release.lookup
        if meanings:
            lookup = TermLookup(
                release.ontology, release.annotations, meanings, release.names
            )
        reader = NoteReader(release.ontology, lookup)
        return Words(mark, lookup, reader, RememberedSearch(lookup))
