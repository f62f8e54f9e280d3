"""The disclaimers and terms of peers, as this site posts them for everybody."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.storage.database import Database, rows
from web.mme.nodes import Node, Nodes


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What a peer wants to be known of its answers; `as_of` is "" for what its operator said."""

    node: str
    disclaimer: str
    terms: str
    as_of: str = ""


def posted(db: Database) -> list[Posted]:
    """Of every peer that is not revoked, by name; one that says nothing too."""
    return [_posted(db, node) for node in Nodes(db) if node.is_active]


def _posted(db: Database, node: Node) -> Posted:
    """The text of the last reply that had any supersedes the text that is stored."""
    replied, at = _replied(db, node, "disclaimer"), _replied(db, node, "terms")
    return Posted(
        node=node.name,
        disclaimer=replied[0] or node.disclaimer,
        terms=at[0] or node.terms,
        as_of=max(replied[1], at[1]),
    )


def _replied(db: Database, node: Node, column: str) -> tuple[str, str]:
    """What the last reply with such a text said, and when; both empty if none did."""
    sql = f"""
        SELECT ask_nodes.{column} AS said, asked_at FROM ask_nodes JOIN asks USING (ask_id)
        WHERE node_id = ? AND ask_nodes.{column} <> '' ORDER BY ask_id DESC LIMIT 1
    """
    found = rows(db, sql, [node.node_id])
    return (found[0]["said"], found[0]["asked_at"]) if found else ("", "")
