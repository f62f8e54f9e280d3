"""What is known of one peer."""

from __future__ import annotations

from dataclasses import dataclass

from web.mme.nodes.quirks import Quirks

DAILY_BUDGET = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A peer of the exchange.

    `address` is the base of its service, "" for a peer that only asks us. `daily_budget` is how
    many cases it may be shown for the first time in a day. `ca_file` names the authorities that
    its certificate is held against, "" for the public ones.
    """

    node_id: int
    name: str
    created_at: str
    revoked_at: str | None
    address: str = ""
    contact: str = ""
    disclaimer: str = ""
    terms: str = ""
    daily_budget: int = DAILY_BUDGET
    quirks: Quirks = Quirks()
    ca_file: str = ""
    allow_private: bool = False
    has_outbound_token: bool = False

    @property
    def is_active(self) -> bool:
        """Whether it may ask us and be asked."""
        return self.revoked_at is None

    @property
    def is_asked(self) -> bool:
        """Whether it can be asked: active, at an address, with a token of its own giving."""
        return self.is_active and bool(self.address) and self.has_outbound_token
