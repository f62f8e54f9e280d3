"""A second proof at log-in: a code of an authenticator (RFC 6238), or a recovery code, once.

The secret is sealed with a key beside the database. Recovery codes have 80 bits, so that a plain
digest of each is enough.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyotp
import segno

from matcher.storage.database import Database, location, rows, write_transaction
from web.accounts.person import Person, text_of
from web.accounts.throttling import Throttle
from web.errors import WrongCode
from web.sealing import Broken, Seal
from web.security import token_digest

PURPOSE = b"secondcase second factors 1"
STEP_SECONDS = 30
# A clock may be off by one code on either side.
STEPS = (-1, 0, 1)
RECOVERY_CODES = 10
RECOVERY_BYTES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """What there is to tell of a person's second factor; never the secret."""

    since: str
    codes_left: int


class SecondFactors:
    """The second factors of one database, over a connection of the calling thread.

    A code that was wrong counts like a wrong password, but by itself: a right password forgives
    no wrong code.
    """

    def __init__(
        self,
        db: Database,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        seal: Seal | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._seal = seal
        self._throttle = Throttle(db, clock)

    def of(self, person_id: int) -> Factor | None:
        """The second factor of a person, None without a confirmed one."""
        sql = """
            SELECT confirmed_at, (
                SELECT count(*) FROM recovery_codes AS c WHERE c.person_id = f.person_id
            ) AS codes_left FROM second_factors AS f
            WHERE person_id = ? AND confirmed_at IS NOT NULL
        """
        found = rows(self._db, sql, [person_id])
        return next(
            (
                Factor(since=r["confirmed_at"], codes_left=r["codes_left"])
                for r in found
            ),
            None,
        )

    def begin(self, person: Person) -> None:
        """Make a new secret for a person without a second factor; it protects nothing yet."""
        about = _about(person.person_id)
        row = {
            "person_id": person.person_id,
            "sealed": self._sealing().closed(pyotp.random_base32(), about),
            "begun_at": text_of(self._clock()),
        }
        with write_transaction(self._db):
            if self.of(person.person_id) is None:
                self.remove(person)
                self._db.table("second_factors").insert(row)

    def begun(self, person: Person) -> str | None:
        """The secret that waits to be confirmed, for its owner to enter; None without one."""
        row = self._row(person.person_id)
        if row is None or row["confirmed_at"] is not None:
            return None
        return self._secret(row)

    def confirm(self, person: Person, code: str, address: str) -> tuple[str, ...]:
        """Ask for the second factor from now on; the recovery codes, told this once.

        Raises `WrongCode` or `LogInThrottled`.
        """
        self._throttle.count(_who(person.person_id), address)
        with write_transaction(self._db):
            row = self._row(person.person_id)
            if row is None or row["confirmed_at"] is not None:
                raise WrongCode
            self._accept(row, code)
            confirmed = {"confirmed_at": text_of(self._clock())}
            self._db.table("second_factors").update(person.person_id, confirmed)
            codes = self._new_codes(person.person_id)
        self._throttle.forgive(_who(person.person_id), address)
        return codes

    def check(self, person_id: int, code: str, address: str) -> None:
        """Take a code, so that it is good no second time.

        Raises `WrongCode` or `LogInThrottled`.
        """
        self._throttle.count(_who(person_id), address)
        with write_transaction(self._db):
            row = self._row(person_id)
            if row is None or row["confirmed_at"] is None:
                raise WrongCode
            plain = re.sub(r"[\s-]", "", code)
            if re.fullmatch(r"[0-9]{6}", plain):
                self._accept(row, plain)
            else:
                self._use_up(person_id, plain)
        self._throttle.forgive(_who(person_id), address)

    def renew_codes(self, person: Person) -> tuple[str, ...]:
        """New recovery codes in place of all older ones, told this once."""
        with write_transaction(self._db):
            return self._new_codes(person.person_id)

    def remove(self, person: Person) -> None:
        """Ask for the password alone from now on."""
        with write_transaction(self._db):
            factors = self._db.table("second_factors")
            factors.delete_where("person_id = ?", [person.person_id])

    def _accept(self, row: dict[str, Any], code: str) -> None:
        """Note the step of a right code, if none as late was used. Raises `WrongCode`."""
        totp = pyotp.TOTP(self._secret(row))
        now = int(self._clock().timestamp()) // STEP_SECONDS
        typed = re.sub(r"\s", "", code).encode()
        steps = [
            now + step
            for step in STEPS
            if now + step > row["last_step"]
            and hmac.compare_digest(totp.generate_otp(now + step).encode(), typed)
        ]
        if not steps:
            raise WrongCode
        table = self._db.table("second_factors")
        table.update(row["person_id"], {"last_step": steps[0]})

    def _use_up(self, person_id: int, code: str) -> None:
        values = [person_id, token_digest(code.upper())]
        sql = "DELETE FROM recovery_codes WHERE person_id = ? AND code_sha256 = ?"
        if self._db.execute(sql, values).rowcount != 1:
            raise WrongCode

    def _new_codes(self, person_id: int) -> tuple[str, ...]:
        codes = tuple(_recovery_code() for _ in range(RECOVERY_CODES))
        table = self._db.table("recovery_codes")
        table.delete_where("person_id = ?", [person_id])
        table.insert_all(
            {"person_id": person_id, "code_sha256": token_digest(code.replace("-", ""))}
            for code in codes
        )
        return codes

    def _row(self, person_id: int) -> dict[str, Any] | None:
        sql = "SELECT * FROM second_factors WHERE person_id = ?"
        return next(iter(rows(self._db, sql, [person_id])), None)

    def _secret(self, row: dict[str, Any]) -> str:
        """The secret. Raises `WrongCode` where secret.key is not the one it was sealed with."""
        try:
            return self._sealing().opened(row["sealed"], _about(row["person_id"]))
        except Broken as error:
            raise WrongCode from error

    def _sealing(self) -> Seal:
        if self._seal is None:
            self._seal = Seal.beside(location(self._db).parent, PURPOSE)
        return self._seal


def picture(secret: str, name: str, issuer: str) -> str:
    """The QR code that an authenticator reads, as SVG without styles or scripts."""
    code = segno.make(
        pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer), error="m"
    )
    return str(
        code.svg_inline(
            scale=4, border=3, light="#fff", title="QR code of the new second factor"
        )
    )


def grouped(secret: str) -> str:
    """The secret in groups of four, to be typed."""
    return " ".join(secret[n : n + 4] for n in range(0, len(secret), 4))


def _recovery_code() -> str:
    text = base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode()
    return "-".join(text[n : n + 4] for n in range(0, len(text), 4))


def _about(person_id: int) -> tuple[str, str]:
    return "second factor", str(person_id)


def _who(person_id: int) -> str:
    # No name of an account has a blank in it.
    return f"second factor of {person_id}"
