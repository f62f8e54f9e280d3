"""Whom to reach about an MME patient: the contact, in the many shapes peers give it."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from matcher.case import Contact
from matcher.readers.fields import Fields, plain_text
from matcher.readers.report import Wrong

_ADDRESS = re.compile(r"[^@\s,;<>\"():]+@[^@\s,;<>\"():]+")


def mail_addresses(href: str) -> tuple[str, ...]:
    """The e-mail addresses of a contact, split on commas and semicolons; none for a link."""
    text = unquote(re.sub(r"(?i)^mailto:", "", href.strip()).partition("?")[0])
    parts = (part.strip() for part in re.split("[,;]", text))
    return tuple(dict.fromkeys(p for p in parts if _ADDRESS.fullmatch(p)))


def is_same_contact(one: Contact | None, other: Contact | None) -> bool:
    """Whether two contacts have an e-mail address in common; a link says not whose it is."""
    if one is None or other is None:
        return False
    ours, theirs = (map(str.casefold, mail_addresses(c.href)) for c in (one, other))
    return bool(set(ours) & set(theirs))


def read_contact(patient: Fields) -> Contact | None:
    """The contact of a patient; None where nothing usable is given."""
    fields = patient.child("contact")
    if not fields:
        return None
    contact = Contact(
        name=fields.text("name"),
        href=_href(fields),
        institution=fields.text("institution"),
        roles=tuple(filter(None, map(plain_text, fields.items("roles")))),
    )
    if contact == Contact():
        patient.record.dropped(
            "contact",
            None,
            "The contact names nobody and no way to reach anybody.",
            place=fields.place,
            wrong=Wrong.MISSING,
            right="a name, and an href with mailto: or https:",
        )
        return None
    patient.record.mapped("contact")
    return contact


def _href(fields: Fields) -> str:
    entered = fields.text("href") or fields.text("email")
    addresses = mail_addresses(entered)
    if addresses:
        return "mailto:" + ",".join(addresses)
    if entered and is_web_address(entered):
        return entered
    if entered:
        fields.record.dropped(
            "contact.href",
            entered,
            "The contact's address is neither e-mail nor a web page; it was left out.",
            place=fields.spot("href"),
            right="mailto: and an address, or a web page",
        )
    return ""


def is_web_address(text: str) -> bool:
    """Whether a link is one that a person may safely open."""
    try:
        parts = urlsplit(text)
        return parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
