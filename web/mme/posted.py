"""The disclaimers and terms of peers, as this site posts them for everybody."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.storage.database import Database, rows
from web.mme.nodes import Node, Nodes


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What a peer wants to be known of its answers; texts of others, never markup."""

    node: str
    disclaimer: str
    terms: str


def posted(db: Database) -> list[Posted]:
    """Of every peer that is not revoked, by name; one that says nothing too."""
    return [_posted(db, node) for node in Nodes(db) if node.is_active]


def _posted(db: Database, node: Node) -> Posted:
    """The text of the last reply that had any supersedes the text that is stored."""
    return Posted(
        node=node.name,
        disclaimer=_replied(db, node, "disclaimer") or node.disclaimer,
        terms=_replied(db, node, "terms") or node.terms,
    )


def _replied(db: Database, node: Node, column: str) -> str:
    """What the last reply with such a text said, "" if none had any."""
    sql = f"""
        SELECT {column} AS said FROM ask_nodes
        WHERE node_id = ? AND {column} <> '' ORDER BY ask_id DESC LIMIT 1
    """
    return next((row["said"] for row in rows(db, sql, [node.node_id])), "")
