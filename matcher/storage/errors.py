"""What can be wrong with the database of cases, with a row of it, or with a change to it."""

from __future__ import annotations

from pathlib import Path

from matcher.errors import MatcherError, UnknownCase

__all__ = [
    "CaseChanged",
    "CaseOfAnotherSite",
    "DamagedCase",
    "DamagedRanking",
    "DatabaseBusy",
    "DatabaseDamaged",
    "DatabaseFull",
    "DatabaseNewer",
    "DatabaseUnusable",
    "ErasedCase",
    "ExternalIdTaken",
    "RepeatedCase",
    "StoreError",
    "UnknownCase",
    "UnknownRanking",
]


class StoreError(MatcherError):
    """Base of every error about the database or a row in it."""


class DatabaseBusy(StoreError):
    """Another writer held the database for longer than a writer waits."""

    def __init__(self) -> None:
        super().__init__(
            "The database was busy for too long and nothing was saved; "
            "the same request will work once the other writer is done."
        )


class DatabaseFull(StoreError):
    """No room was left for a write; nothing of it was kept."""

    def __init__(self) -> None:
        super().__init__(
            "The disk that holds the database is full and nothing was saved; "
            "reading still works, and saving will once there is room."
        )


class DatabaseDamaged(StoreError):
    """The file is no database, or pages of it are broken."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"The database {path} is damaged ({reason}); "
            "run 'secondcase doctor' and restore the last good copy."
        )


class DatabaseUnusable(StoreError):
    """The file cannot be opened, read or written by this user."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"The database {path} cannot be used ({reason}); "
            "its folder must exist and belong to the user that runs Secondcase."
        )


class DatabaseNewer(StoreError):
    """A database that a newer version has changed."""

    def __init__(self, path: Path, unknown: str) -> None:
        super().__init__(
            f"The database {path} was changed by a newer Secondcase ({unknown!r} is unknown "
            "here); start that version or a later one, or restore a copy from "
            f"{path.parent / 'backups'}."
        )
        self.unknown = unknown


class CaseChanged(StoreError):
    """The case is not the version that the change was made from."""

    def __init__(
        self, case_id: str, expected: int, found: int, actor: str, saved_at: str
    ) -> None:
        state = f"is now version {found}" if found else "does not exist"
        by = f" (changed by {actor} at {saved_at})" if actor else ""
        super().__init__(
            f"Case {case_id!a} {state}{by}, but your change was made from version {expected}; "
            "nothing was saved. Read the case again and repeat the change."
        )
        self.case_id = case_id
        self.expected = expected
        self.found = found
        self.actor = actor
        self.saved_at = saved_at


class CaseOfAnotherSite(StoreError):
    """A case id that is in use at another site, where it means another person."""

    def __init__(self, case_id: str) -> None:
        super().__init__(
            f"Case id {case_id!a} is in use at another site and nothing was saved; "
            "choose an id that begins with your site's name."
        )
        self.case_id = case_id


class ExternalIdTaken(StoreError):
    """A site's own id for a case that already names another case of the site."""

    def __init__(self, site: str | None, external_id: str, case_id: str) -> None:
        super().__init__(
            f"At {site or 'no site'}, {external_id!a} already names case {case_id!a} and "
            "nothing was saved; one external id names one case of a site."
        )
        self.case_id = case_id


class RepeatedCase(StoreError):
    """A case id that stands twice in what is to be saved together."""

    def __init__(self, case_id: str) -> None:
        super().__init__(
            f"Case id {case_id!a} stands twice in the same import and nothing was saved; "
            "every case needs an id of its own."
        )
        self.case_id = case_id


class ErasedCase(StoreError):
    """A case that was erased for good and may not come back under its id."""

    def __init__(self, case_id: str, erased_at: str) -> None:
        super().__init__(
            f"Case {case_id!a} was erased at {erased_at} and cannot be saved again; "
            "a new case needs a new id."
        )
        self.case_id = case_id
        self.erased_at = erased_at


class DamagedCase(StoreError):
    """A stored case whose bytes are not those that were saved."""

    def __init__(self, case_id: str, revision: int, reason: str) -> None:
        super().__init__(
            f"Case {case_id!a} (revision {revision}) is damaged in the database: {reason}. "
            "Run 'secondcase doctor' and restore the last good copy."
        )
        self.case_id = case_id
        self.revision = revision


class DamagedRanking(StoreError):
    """A kept ranking whose bytes are not those that were kept."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(
            f"Kept ranking {number} is damaged in the database: {reason}. "
            "Run 'secondcase doctor' and restore the last good copy."
        )
        self.number = number


class UnknownRanking(StoreError):
    """A number of no kept ranking."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"There is no kept ranking {number}; it was never kept, or its case was erased "
            "since. 'secondcase kept list' names those there are."
        )
        self.number = number
