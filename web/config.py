"""How this installation is set up: every setting, checked at start."""

from __future__ import annotations

import dataclasses
import difflib
import ipaddress
import os
import re
import tomllib
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ontologies.library import data_directory
from web.errors import BadSettings
from web.log_in_settings import log_in_problems
from web.secret_key import secret_key
from web.work.mail_settings import mail_problems

PREFIX = "SECONDCASE_"
# Decided before any setting can be read, by ontologies.library.
DIRECTORY_VARIABLE = "SECONDCASE_DATA"
DATABASE = "secondcase.db"


def _setting(
    default: Any,
    description: str,
    wanted: str,
    accepts: Callable[[Any], bool],
    shown: str | None = None,
) -> Any:
    """A field of `Settings` that an operator may set."""
    metadata = {
        "description": description,
        "wanted": wanted,
        "accepts": accepts,
        "shown": shown,
    }
    return dataclasses.field(default=default, metadata=metadata)


def _number(default: float, low: float, high: float, description: str) -> Any:
    kind = "a whole number" if isinstance(default, int) else "a number"
    return _setting(
        default,
        description,
        f"{kind} from {low} to {high}",
        lambda value: low <= value <= high,
    )


def _is_host(text: str) -> bool:
    return re.fullmatch(r"\[?[0-9A-Za-z_.:-]+\]?", text) is not None


def _is_trusted_host(text: str) -> bool:
    return re.fullmatch(r"\.?[0-9A-Za-z_.-]+|\[[0-9A-Fa-f:.]+\]", text) is not None


def _is_address(text: str) -> bool:
    return re.fullmatch(r"[!-?A-~]{1,64}@[0-9A-Za-z.-]{1,190}", text) is not None


def _is_site(text: str) -> bool:
    return re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one process, valid once loaded."""

    directory: Path
    secret_key: str = dataclasses.field(repr=False)
    site_name: str = _setting(
        "Secondcase",
        "What this site is called on its pages and towards its peers.",
        "1 to 80 characters",
        lambda value: 1 <= len(value.strip()) <= 80 and value.isprintable(),
    )
    disclaimer: str = _setting(
        "",
        "What peers are to know of the answers of this site; it goes out with each of them.",
        "at most 4000 characters",
        lambda value: len(value) <= 4000,
        shown="none",
    )
    terms: str = _setting(
        "",
        "The terms on which this site answers its peers, or the address at which they stand.",
        "at most 4000 characters",
        lambda value: len(value) <= 4000,
        shown="none",
    )
    host: str = _setting(
        "127.0.0.1",
        "The address to listen on; 127.0.0.1 is this machine alone.",
        "an IP address or a host name",
        _is_host,
    )
    port: int = _number(8000, 1, 65535, "The port to listen on.")
    threads: int = _number(
        8, 1, 64, "How many requests each process answers at a time."
    )
    processes: int = _number(
        1, 1, 64, "How many processes answer requests; one a processor at most."
    )
    trusted_hosts: tuple[str, ...] = _setting(
        (),
        "The host names under which the site is reached, separated by commas; a leading dot "
        "takes in all below. A request for any other is refused.",
        "host names separated by commas",
        lambda value: all(map(_is_trusted_host, value)),
        shown="localhost, 127.0.0.1, [::1]; to be set for any other host",
    )
    trusted_proxies: int = _number(
        0, 0, 5, "How many reverse proxies of yours stand before the service."
    )
    secure_cookies: bool | None = _setting(
        None,
        "Whether cookies travel by HTTPS alone.",
        "true or false",
        lambda value: True,
        shown="true, unless the host is this machine alone",
    )
    session_hours: int = _number(12, 1, 720, "After how many hours a log-in ends.")
    session_idle_minutes: int = _number(
        60, 5, 1440, "After how many minutes without a request a log-in ends."
    )
    second_factor: str = _setting(
        "optional",
        "Who has to show a code of an authenticator beside her password at log-in.",
        "optional, operators or required",
        lambda value: value in ("optional", "operators", "required"),
    )
    password_log_in: bool = _setting(
        True,
        "Whether people log in with a password; without, by the OpenID provider alone.",
        "true or false",
        lambda value: True,
    )
    openid_issuer: str | None = _setting(
        None,
        "The OpenID provider by which people may log in.",
        "an address such as https://login.hospital.example, as the provider itself writes it",
        lambda value: _is_site(value) and value.startswith("https://"),
        shown="no provider",
    )
    openid_client_id: str | None = _setting(
        None,
        "What the provider calls this site.",
        "1 to 200 characters",
        lambda value: 1 <= len(value) <= 200 and value.isprintable(),
        shown="to be set with openid_issuer",
    )
    openid_client_secret_file: str | None = _setting(
        None,
        "The file with the secret that the provider gave this site, readable for its owner alone.",
        "the path of a file",
        lambda value: bool(value.strip()),
        shown="no secret",
    )
    openid_ca_file: str | None = _setting(
        None,
        "A file with the certificate of the authority that the provider is known by.",
        "the path of a file in PEM format",
        lambda value: bool(value.strip()),
        shown="the public authorities",
    )
    openid_people: str = _setting(
        "linked",
        "Who may log in by the provider: whom an operator linked, or also who has the verified "
        "e-mail of an account, which is linked then. No account is ever made.",
        "linked or e-mail",
        lambda value: value in ("linked", "e-mail"),
    )
    body_limit: int = _number(
        1_000_000, 10_000, 100_000_000, "The largest request in bytes."
    )
    upload_limit: int = _number(
        50_000_000, 10_000, 1_000_000_000, "The largest uploaded file in bytes."
    )
    calibration: str | None = _setting(
        None,
        "The calibration that scores are held against.",
        "the id that 'secondcase calibrate' prints, 16 hexadecimal digits",
        lambda value: re.fullmatch(r"[0-9a-f]{16}", value) is not None,
        shown="the default of the release",
    )
    expected_partners: float = _number(
        1.0,
        0.01,
        100.0,
        "How many cases of the same disorder a case is expected to have.",
    )
    band_contact: float = _number(
        0.25, 0.0, 1.0, "From which probability a match is worth a call."
    )
    band_look: float = _number(
        0.02, 0.0, 1.0, "From which probability a match is worth a look."
    )
    band_false_matches: float = _number(
        1.0,
        0.0,
        100.0,
        "Below how many expected false matches a match is worth a look.",
    )
    standing_days: int = _number(
        7,
        0,
        365,
        "After how many days a shared case is asked of the peers again; when it changes it is "
        "asked at once. 0: only when somebody asks.",
    )
    reminder_days: int = _number(
        7,
        0,
        365,
        "After how many days a clinician is reminded, once, of a message that she has not "
        "answered. 0: never.",
    )
    public_url: str | None = _setting(
        None,
        "The address under which people reach the site, for the links in e-mails.",
        "an address such as https://cases.hospital.example",
        _is_site,
        shown="http://HOST:PORT while the host is this machine alone",
    )
    mail_host: str | None = _setting(
        None,
        "The mail server that takes the e-mails of this site; without one, people are told on "
        "the pages only.",
        "an IP address or a host name",
        _is_host,
        shown="no e-mail",
    )
    mail_port: int = _number(587, 1, 65535, "The port of the mail server.")
    mail_security: str = _setting(
        "starttls",
        "How the connection to the mail server is encrypted.",
        "starttls, tls or none",
        lambda value: value in ("starttls", "tls", "none"),
    )
    mail_sender: str | None = _setting(
        None,
        "The address that e-mails come from.",
        "one address such as secondcase@hospital.example",
        _is_address,
        shown="to be set with mail_host",
    )
    mail_user: str | None = _setting(
        None,
        "Whom to log in as at the mail server.",
        "1 to 200 characters",
        lambda value: 1 <= len(value) <= 200 and value.isprintable(),
        shown="no log-in",
    )
    mail_password_file: str | None = _setting(
        None,
        "The file with the password for the mail server, readable for its owner alone.",
        "the path of a file",
        lambda value: bool(value.strip()),
        shown="no log-in",
    )
    mail_ca_file: str | None = _setting(
        None,
        "A file with the certificate of the authority that the mail server is known by.",
        "the path of a file in PEM format",
        lambda value: bool(value.strip()),
        shown="the authorities that the system trusts",
    )
    chain_file: str | None = _setting(
        None,
        "A UCSC chain file of GRCh37 to GRCh38, so that pairs show a variant on both builds.",
        "the path of a chain file, gzipped or not",
        lambda value: bool(value.strip()),
        shown="variants are shown on the build that they were given on",
    )
    peer_seconds: int = _number(
        20, 1, 300, "How long peers have to answer a question, all of them together."
    )
    peer_answers_days: int = _number(
        365, 1, 3650, "After how many days an answer of a peer is forgotten."
    )
    near_duplicates: int = _number(
        20,
        1,
        1_000_000,
        "How many nearly equal profiles a peer may ask about within 24 hours.",
    )
    readable_from: int = _number(
        3,
        2,
        100,
        "How many different patients must have an id or words that are no HPO term before the "
        "curators can read them; before, only a keyed hash is kept.",
    )
    rare_below: int = _number(
        0,
        0,
        1000,
        "Peers are told a feature that fewer cases here share by a broader term; 5 is usual, 0 "
        "tells every feature as it is.",
    )
    singled_out_by: int = _number(
        0,
        0,
        3,
        "Where no other case here has so many or fewer of the features of a case together, and "
        "nobody agreed to level 2, peers are told broader terms; 0 tells all as they are.",
    )
    consent_level_1: str = _setting(
        "not required",
        "Whether sharing with the exchange at level 1 needs a consent on record as well.",
        "required or not required",
        lambda value: value in ("required", "not required"),
    )
    log_level: str = _setting(
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingDescription:
    """One setting, for the documentation and `doctor`."""

    name: str
    variable: str
    kind: str
    default: str
    wanted: str
    description: str


def describe_settings() -> tuple[SettingDescription, ...]:
    """Every setting, in the order of `Settings`."""
    return tuple(
        SettingDescription(
            name=field.name,
            variable=PREFIX + field.name.upper(),
            kind=_kind(field.name).__name__,
            default=field.metadata["shown"] or _as_text(field.default),
            wanted=field.metadata["wanted"],
            description=field.metadata["description"],
        )
        for field in _fields().values()
    )


def load_settings(
    environment: Mapping[str, str] | None = None, *, directory: Path | None = None
) -> Settings:
    """The settings from the environment and, below it, from settings.toml.

    The directory is made if it is missing, and so is `secret.key`. Raises `BadSettings`, which
    lists every problem at once.
    """
    said = os.environ if environment is None else environment
    folder = data_directory() if directory is None else directory
    problems: list[str] = []
    values = {**_from_file(folder, problems), **_from_environment(said, problems)}
    problems += _inconsistencies(values)
    secret = secret_key(folder, problems)
    if problems:
        raise BadSettings(tuple(problems))
    return Settings(directory=folder, secret_key=secret, **values)


def _fields() -> dict[str, dataclasses.Field[Any]]:
    """What an operator may set: not the directory, not the secret."""
    return {
        field.name: field for field in dataclasses.fields(Settings) if field.metadata
    }


def _kind(name: str) -> type:
    hint = typing.get_type_hints(Settings)[name]
    if isinstance(hint, types.UnionType):
        hint = typing.get_args(hint)[0]
    kind: type = typing.get_origin(hint) or hint
    return kind


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _from_file(folder: Path, problems: list[str]) -> dict[str, Any]:
    path = folder / "settings.toml"
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        problems.append(f"{path} cannot be read: {error}; it must be a TOML file.")
        return {}
    values = {}
    for name, value in content.items():
        if name not in _fields():
            problems.append(_unknown(f"{name} in {path}", name, list(_fields())))
            continue
        values[name] = _checked(f"{name} in {path}", name, value, problems)
    return values


def _from_environment(said: Mapping[str, str], problems: list[str]) -> dict[str, Any]:
    known = {PREFIX + name.upper(): name for name in _fields()}
    values = {}
    for variable in sorted(name for name in said if name.startswith(PREFIX)):
        if variable in known:
            name = known[variable]
            value = _parsed(name, said[variable])
            values[name] = _checked(
                variable, name, value, problems, shown=said[variable]
            )
        elif variable != DIRECTORY_VARIABLE:
            problems.append(_unknown(variable, variable, list(known)))
    return values


def _unknown(where: str, name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0)
    return f"{where} is no setting; the nearest one is {close[0]}."


def _parsed(name: str, text: str) -> object:
    """What the text of an environment variable means; the text itself if it means nothing."""
    kind = _kind(name)
    if kind is bool:
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False}
        return {**words, "0": False}.get(text.strip().lower(), text)
    if kind is tuple:
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return kind(text)
    except ValueError:
        return text


def _checked(
    where: str,
    name: str,
    value: object,
    problems: list[str],
    shown: object = None,
) -> Any:
    metadata = _fields()[name].metadata
    right = _typed(_kind(name), value)
    if right is None or not metadata["accepts"](right):
        said = value if shown is None else shown
        problems.append(f"{where} is {said!r}, but it must be {metadata['wanted']}.")
        return _fields()[name].default
    return right


def _typed(kind: type, value: object) -> Any:
    """The value as a setting of this type, or None."""
    if kind is tuple:
        is_list = isinstance(value, list) and all(isinstance(v, str) for v in value)
        return tuple(typing.cast(list[str], value)) if is_list else None
    if kind is float and type(value) is int:
        return float(value)
    return value if type(value) is kind else None


def _inconsistencies(values: Mapping[str, Any]) -> Iterator[str]:
    """Settings that are right alone and wrong together."""
    settings = Settings(directory=Path(), secret_key="", **values)
    if not settings.is_local and not settings.trusted_hosts:
        yield (
            f"trusted_hosts is empty while host is {settings.host!r}; it must name the host "
            f"names under which the site is reached, as in {PREFIX}TRUSTED_HOSTS="
            "cases.hospital.example."
        )
    if settings.band_look > settings.band_contact:
        yield (
            f"band_look is {settings.band_look}, but it must not be above band_contact, "
            f"which is {settings.band_contact}."
        )
    if settings.session_idle_minutes > 60 * settings.session_hours:
        yield (
            f"session_idle_minutes is {settings.session_idle_minutes}, but it must not be "
            f"longer than session_hours, which is {settings.session_hours}."
        )
    yield from mail_problems(settings)
    yield from log_in_problems(settings)
