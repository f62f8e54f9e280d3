"""The settings of one installation, each with its default and what it accepts."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path

from web.config.fields import (
    is_address,
    is_host,
    is_site,
    is_trusted_host,
    number,
    setting,
)

DATABASE = "secondcase.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one process, valid once loaded."""

    directory: Path
    secret_key: str = dataclasses.field(repr=False)
    site_name: str = setting(
        "Secondcase",
        "What this site is called on its pages and towards its peers.",
        "1 to 80 characters",
        lambda value: 1 <= len(value.strip()) <= 80 and value.isprintable(),
    )
    disclaimer: str = setting(
        "",
        "What peers are to know of the answers of this site; it goes out with each of them.",
        "at most 4000 characters",
        lambda value: len(value) <= 4000,
        shown="none",
    )
    terms: str = setting(
        "",
        "The terms on which this site answers its peers, or the address at which they stand.",
        "at most 4000 characters",
        lambda value: len(value) <= 4000,
        shown="none",
    )
    host: str = setting(
        "127.0.0.1",
        "The address to listen on; 127.0.0.1 is this machine alone.",
        "an IP address or a host name",
        is_host,
    )
    port: int = number(8000, 1, 65535, "The port to listen on.")
    threads: int = number(8, 1, 64, "How many requests each process answers at a time.")
    processes: int = number(
        1, 1, 64, "How many processes answer requests; one a processor at most."
    )
    trusted_hosts: tuple[str, ...] = setting(
        (),
        "The host names under which the site is reached, separated by commas; a leading dot "
        "takes in all below. A request for any other is refused.",
        "host names separated by commas",
        lambda value: all(map(is_trusted_host, value)),
        shown="localhost, 127.0.0.1, [::1]; to be set for any other host",
    )
    trusted_proxies: int = number(
        0, 0, 5, "How many reverse proxies of yours stand before the service."
    )
    secure_cookies: bool | None = setting(
        None,
        "Whether cookies travel by HTTPS alone.",
        "true or false",
        lambda value: True,
        shown="true, unless the host is this machine alone",
    )
    session_hours: int = number(12, 1, 720, "After how many hours a log-in ends.")
    session_idle_minutes: int = number(
        60, 5, 1440, "After how many minutes without a request a log-in ends."
    )
    second_factor: str = setting(
        "optional",
        "Who has to show a code of an authenticator beside her password at log-in.",
        "optional, operators or required",
        lambda value: value in ("optional", "operators", "required"),
    )
    password_log_in: bool = setting(
        True,
        "Whether people log in with a password; without, by the OpenID provider alone.",
        "true or false",
        lambda value: True,
    )
    openid_issuer: str | None = setting(
        None,
        "The OpenID provider by which people may log in.",
        "an address such as https://login.hospital.example, as the provider itself writes it",
        lambda value: is_site(value) and value.startswith("https://"),
        shown="no provider",
    )
    openid_client_id: str | None = setting(
        None,
        "What the provider calls this site.",
        "1 to 200 characters",
        lambda value: 1 <= len(value) <= 200 and value.isprintable(),
        shown="to be set with openid_issuer",
    )
    openid_client_secret_file: str | None = setting(
        None,
        "The file with the secret that the provider gave this site, readable for its owner alone.",
        "the path of a file",
        lambda value: bool(value.strip()),
        shown="no secret",
    )
    openid_ca_file: str | None = setting(
        None,
        "A file with the certificate of the authority that the provider is known by.",
        "the path of a file in PEM format",
        lambda value: bool(value.strip()),
        shown="the public authorities",
    )
    openid_people: str = setting(
        "linked",
        "Who may log in by the provider: whom an operator linked, or also who has the verified "
        "e-mail of an account, which is linked then. No account is ever made.",
        "linked or e-mail",
        lambda value: value in ("linked", "e-mail"),
    )
    body_limit: int = number(
        1_000_000, 10_000, 100_000_000, "The largest request in bytes."
    )
    upload_limit: int = number(
        50_000_000, 10_000, 1_000_000_000, "The largest uploaded file in bytes."
    )
    calibration: str | None = setting(
        None,
        "The calibration that scores are held against.",
        "the id that 'secondcase calibrate' prints, 16 hexadecimal digits",
        lambda value: re.fullmatch(r"[0-9a-f]{16}", value) is not None,
        shown="the default of the release",
    )
    expected_partners: float = number(
        1.0,
        0.01,
        100.0,
        "How many cases of the same disorder a case is expected to have.",
    )
    band_contact: float = number(
        0.25, 0.0, 1.0, "From which probability a match is worth a call."
    )
    band_look: float = number(
        0.02, 0.0, 1.0, "From which probability a match is worth a look."
    )
    band_false_matches: float = number(
        1.0,
        0.0,
        100.0,
        "Below how many expected false matches a match is worth a look.",
    )
    standing_days: int = number(
        7,
        0,
        365,
        "After how many days a shared case is asked of the peers again; when it changes it is "
        "asked at once. 0: only when somebody asks.",
    )
    reminder_days: int = number(
        7,
        0,
        365,
        "After how many days a clinician is reminded, once, of a message that she has not "
        "answered. 0: never.",
    )
    public_url: str | None = setting(
        None,
        "The address under which people reach the site, for the links in e-mails.",
        "an address such as https://cases.hospital.example",
        is_site,
        shown="http://HOST:PORT while the host is this machine alone",
    )
    mail_host: str | None = setting(
        None,
        "The mail server that takes the e-mails of this site; without one, people are told on "
        "the pages only.",
        "an IP address or a host name",
        is_host,
        shown="no e-mail",
    )
    mail_port: int = number(587, 1, 65535, "The port of the mail server.")
    mail_security: str = setting(
        "starttls",
        "How the connection to the mail server is encrypted.",
        "starttls, tls or none",
        lambda value: value in ("starttls", "tls", "none"),
    )
    mail_sender: str | None = setting(
        None,
        "The address that e-mails come from.",
        "one address such as secondcase@hospital.example",
        is_address,
        shown="to be set with mail_host",
    )
    mail_user: str | None = setting(
        None,
        "Whom to log in as at the mail server.",
        "1 to 200 characters",
        lambda value: 1 <= len(value) <= 200 and value.isprintable(),
        shown="no log-in",
    )
    mail_password_file: str | None = setting(
        None,
        "The file with the password for the mail server, readable for its owner alone.",
        "the path of a file",
        lambda value: bool(value.strip()),
        shown="no log-in",
    )
    mail_ca_file: str | None = setting(
        None,
        "A file with the certificate of the authority that the mail server is known by.",
        "the path of a file in PEM format",
        lambda value: bool(value.strip()),
        shown="the authorities that the system trusts",
    )
    chain_file: str | None = setting(
        None,
        "A UCSC chain file of GRCh37 to GRCh38, so that pairs show a variant on both builds.",
        "the path of a chain file, gzipped or not",
        lambda value: bool(value.strip()),
        shown="variants are shown on the build that they were given on",
    )
    peer_seconds: int = number(
        20, 1, 300, "How long peers have to answer a question, all of them together."
    )
    peer_answers_days: int = number(
        365, 1, 3650, "After how many days an answer of a peer is forgotten."
    )
    near_duplicates: int = number(
        20,
        1,
        1_000_000,
        "How many nearly equal profiles a peer may ask about within 24 hours.",
    )
    readable_from: int = number(
        3,
        2,
        100,
        "How many different patients must have an id or words that are no HPO term before the "
        "curators can read them; before, only a keyed hash is kept.",
    )
    rare_below: int = number(
        0,
        0,
        1000,
        "Peers are told a feature that fewer cases here share by a broader term; 5 is usual, 0 "
        "tells every feature as it is.",
    )
    singled_out_by: int = number(
        0,
        0,
        3,
        "Where no other case here has so many or fewer of the features of a case together, and "
        "nobody agreed to level 2, peers are told broader terms; 0 tells all as they are.",
    )
    consent_level_1: str = setting(
        "not required",
        "Whether sharing with the exchange at level 1 needs a consent on record as well.",
        "required or not required",
        lambda value: value in ("required", "not required"),
    )
    log_level: str = setting(
        "info",
        "The least severe event that is logged.",
        "debug, info, warning or error",
        lambda value: value in ("debug", "info", "warning", "error"),
    )

    @property
    def consent_from_level(self) -> int:
        """The lowest level of the exchange that needs a consent on record."""
        return 1 if self.consent_level_1 == "required" else 2

    @property
    def database(self) -> Path:
        """The file that holds cases, people and nodes."""
        return self.directory / DATABASE

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the service."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False

    @property
    def site_url(self) -> str:
        """The address of the site, without a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def sends_mail(self) -> bool:
        """Whether people are told by e-mail too."""
        return self.mail_host is not None

    @property
    def cookies_are_secure(self) -> bool:
        """Whether cookies carry the Secure flag."""
        return not self.is_local if self.secure_cookies is None else self.secure_cookies

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names that a request may name."""
        return self.trusted_hosts or ("localhost", "127.0.0.1", "[::1]")
