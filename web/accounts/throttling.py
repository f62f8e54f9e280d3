"""How long the next attempt to log in has to wait, counted in the database for all processes."""

from __future__ import annotations

import hashlib
import ipaddress
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from matcher.storage.database import Database, write_transaction
from web.errors import LogInThrottled

LONGEST = timedelta(minutes=15)
FORGOTTEN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many failures are free, and one is forgiven after each span of time."""

    free: int
    forgiven_after: timedelta

    def left(self, failures: float, elapsed: timedelta) -> float:
        """How many failures still count after some time."""
        return max(0.0, failures - elapsed / self.forgiven_after)

    def wait(self, failures: float) -> timedelta:
        """The pause after so many failures: doubled by each one above the free ones."""
        above = failures - self.free
        if above < 0:
            return timedelta()
        return min(LONGEST, timedelta(seconds=2.0 ** min(above, 20.0)))


# A hospital shares one address, so an address is allowed more than a name.
NAME = Allowance(free=5, forgiven_after=timedelta(hours=1))
ADDRESS = Allowance(free=30, forgiven_after=timedelta(minutes=1))


@dataclass(frozen=True, slots=True)
class Device:
    """A browser, with the people who have logged in from it before."""

    device_id: str
    person_ids: tuple[int, ...]

    def counter(self, person_id: int) -> str:
        """What counts the person's failures from this device; empty if it is new to her."""
        if person_id not in self.person_ids:
            return ""
        return _digest(f"{self.device_id} {person_id}")


NEW_DEVICE = Device("", ())


class Throttle:
    """Counts failed attempts per name and per address.

    An attempt is counted as failed before the password is checked and forgiven if it was right,
    so that attempts made at the same moment are counted as well. A device from which the person
    has logged in before is counted by itself, so that nobody else can lock her out of it.
    """

    def __init__(self, db: Database, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._clock = clock

    def count(self, name: str, address: str, device: str = "") -> None:
        """Count one attempt. Raises `LogInThrottled` if it comes too early.

        `name` is that of the person, whatever was typed to mean her; `device` her counter on a
        device that she has used before.
        """
        now = self._clock()
        with write_transaction(self._db):
            rows = [
                self._counted(who, allowance, now)
                for who, allowance in _counters(name, address, device)
            ]
            for who, failures, wait in rows:
                self._write(who, failures, now, now + wait)
            limit = (now - FORGOTTEN).isoformat()
            self._db.table("log_in_failures").delete_where("failed_at < ?", [limit])

    def forgive(self, name: str, address: str, device: str = "") -> None:
        """Take the attempt back: nothing counts against the name, one less the address.

        On a known device nothing counts against that device, and the rest stays as it is.
        """
        (own_key, _), *shared = _counters(name, address, device)
        with write_transaction(self._db):
            self._db.table("log_in_failures").delete_where("who = ?", [own_key])
            for shared_key, _ in shared:
                self._db.execute(
                    "UPDATE log_in_failures SET failures = max(failures - 1, 0), "
                    "blocked_until = failed_at WHERE who = ?",
                    [shared_key],
                )

    def _counted(
        self, who: str, allowance: Allowance, now: datetime
    ) -> tuple[str, float, timedelta]:
        sql = (
            "SELECT failures, failed_at, blocked_until FROM log_in_failures WHERE who=?"
        )
        found = self._db.execute(sql, [who]).fetchone()
        if found is None:
            return who, 1, allowance.wait(1)
        failures, failed_at, blocked_until = found
        elapsed = now - datetime.fromisoformat(failed_at)
        still = datetime.fromisoformat(blocked_until) - now
        # Before the failure was: then the clock was set back, and no wait can be told.
        if still > timedelta() and elapsed >= timedelta():
            raise LogInThrottled(math.ceil(still.total_seconds()))
        total = allowance.left(failures, max(timedelta(), elapsed)) + 1
        return who, total, allowance.wait(total)

    def _write(self, who: str, failures: float, now: datetime, until: datetime) -> None:
        self._db.table("log_in_failures").upsert(
            {
                "who": who,
                "failures": failures,
                "failed_at": now.isoformat(),
                "blocked_until": until.isoformat(),
            },
            pk="who",
        )


def _counters(
    name: str, address: str, device: str
) -> tuple[tuple[str, Allowance], ...]:
    """What an attempt counts against; the name is hashed, since some type a password there."""
    if device:
        return ((f"device {device}", NAME),)
    return (
        (f"name {_digest(name.strip().casefold())}", NAME),
        (f"address {_network(address)}", ADDRESS),
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _network(address: str) -> str:
    """The address, or for IPv6 the network of 64 bits that one subscriber has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
