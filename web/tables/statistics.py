"""The table of what the public numbers of a node need beside its cases."""

from __future__ import annotations

from matcher.storage.database import Database, Migrations


def statistics_migrations() -> Migrations:
    """What the public numbers of a node need beside its cases and its audit."""
    migrations = Migrations("statistics")

    @migrations()
    def m0001_matched_genes(db: Database) -> None:
        # In order of the name, so that it does not tell which came when.
        db.execute(
            "CREATE TABLE matched_genes (gene TEXT PRIMARY KEY) STRICT, WITHOUT ROWID"
        )

    return migrations
