"""What an operator enters about a peer, read from the form into what the register takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import request

from web.errors import WebError
from web.mme.nodes import BadNode, Node
from web.mme.nodes.errors import BadAddress
from web.mme.nodes.quirks import Coordinates, GeneIds, Quirks
from web.mme.nodes.register import Description

NAMES = {
    "name": "Name",
    "address": "Address",
    "contact": "Contact",
    "disclaimer": "Disclaimer",
    "terms": "Terms",
    "daily_budget": "New cases a day",
    "ca_file": "File of authorities",
    "outbound_token": "Token that the peer gave us",
    "minor": "Version",
    "coordinates": "Positions",
    "gene_ids": "Genes",
}
VERSIONS = (("0", "1.0"), ("1", "1.1"))
POSITIONS = (
    (str(Coordinates.STATED), "read off each variant"),
    (str(Coordinates.ZERO), "from 0, as the protocol says"),
    (str(Coordinates.ONE), "from 1"),
)
GENES = (
    (str(GeneIds.ENSEMBL), "Ensembl id"),
    (str(GeneIds.SYMBOL), "symbol"),
)


class BadField(WebError):
    """A field of the form that cannot be read."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What the form says: the description, the quirks, and whether to forget a token."""

    described: Description
    quirks: Mapping[str, Any]
    forget_token: bool


def entered() -> Entered:
    """The form of this request. Raises `BadField`."""
    said = request.form
    token = said.get("outbound_token", "").strip()
    described = Description(
        address=said.get("address", "").strip(),
        contact=_one_line("contact"),
        disclaimer=said.get("disclaimer", "").strip(),
        terms=said.get("terms", "").strip(),
        daily_budget=_budget(said.get("daily_budget", "")),
        ca_file=Path(said.get("ca_file", "").strip()),
        allow_private="allow_private" in said,
        outbound_token=token or None,
    )
    quirks = {
        "minor": int(_choice("minor", VERSIONS)),
        "coordinates": Coordinates(_choice("coordinates", POSITIONS)),
        "gene_ids": GeneIds(_choice("gene_ids", GENES)),
        "trailing_slash": "trailing_slash" in said or _ends_with_slash(described),
        "plain_labels": "plain_labels" in said,
    }
    forget = "forget_token" in said and not token
    return Entered(described=described, quirks=quirks, forget_token=forget)


def values_of(node: Node | None) -> dict[str, Any]:
    """What the form shows: what was entered, else what is known; never a token."""
    if request.method == "POST":
        names = (*NAMES, "trailing_slash", "plain_labels", "allow_private")
        return {name: request.form.get(name, "") for name in names} | {
            "outbound_token": ""
        }
    quirks = node.quirks if node else Quirks()
    known = node or Node(node_id=0, name="", created_at="", revoked_at=None)
    return {
        "name": known.name,
        "address": known.address,
        "contact": known.contact,
        "disclaimer": known.disclaimer,
        "terms": known.terms,
        "daily_budget": known.daily_budget,
        "ca_file": known.ca_file,
        "allow_private": known.allow_private,
        "outbound_token": "",
        "minor": str(quirks.minor),
        "coordinates": str(quirks.coordinates),
        "gene_ids": str(quirks.gene_ids),
        "trailing_slash": quirks.trailing_slash,
        "plain_labels": quirks.plain_labels,
    }


def problem_of(error: BadNode | BadAddress | BadField) -> tuple[str, str, str]:
    """The field that is wrong, its label, and why."""
    field = "address" if isinstance(error, BadAddress) else error.field
    return field, NAMES[field], str(error)


def _budget(text: str) -> int:
    plain = text.strip().replace(",", "")
    if not (plain.isascii() and plain.isdigit() and len(plain) <= 7):
        right = "a whole number from 0 to 1,000,000"
        raise BadField("daily_budget", f"{text[:20]!r} must be {right}.")
    return int(plain)


def _choice(name: str, choices: tuple[tuple[str, str], ...]) -> str:
    said = request.form.get(name, choices[0][0])
    if said not in dict(choices):
        wanted = ", ".join(text for _, text in choices)
        raise BadField(name, f"{said[:20]!r} must be one of: {wanted}.")
    return said


def _one_line(name: str) -> str:
    return " ".join(request.form.get(name, "").split())


def _ends_with_slash(described: Description) -> bool:
    return (described.address or "").endswith("/match/")
