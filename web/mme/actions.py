"""What the audit calls the dealings with peers."""

from __future__ import annotations

DISCLOSED = "disclosed to a peer"
REFUSED = "refused a peer"
