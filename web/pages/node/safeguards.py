"""Which settings protect the cases, what they are now, and what changes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from web.config import Settings, describe_settings
from web.mme.answering import server, turns, variations
from web.mme.nodes.node import DAILY_BUDGET
from web.mme.answering.questions import FEWEST_TERMS, MOST_FEATURES, MOST_GENES
from web.pages.admission import the_operator
from web.pages.words import counted, number_word, sentence
from web.service import service

blueprint = Blueprint("safeguards", __name__)

# The settings that decide what leaves, and from which value on more leaves than by default.
LOOSER: Mapping[str, Callable[[Settings], bool]] = {
    "near_duplicates": lambda now: now.near_duplicates > 20,
    "readable_from": lambda now: now.readable_from < 3,
    "rare_below": lambda now: False,
    "singled_out_by": lambda now: False,
    "consent_level_1": lambda now: False,
    "standing_days": lambda now: False,
    "peer_answers_days": lambda now: now.peer_answers_days > 365,
    "trusted_hosts": lambda now: False,
    "secure_cookies": lambda now: not (now.cookies_are_secure or now.is_local),
    "session_hours": lambda now: now.session_hours > 12,
    "session_idle_minutes": lambda now: now.session_idle_minutes > 60,
    "second_factor": lambda now: False,
    "password_log_in": lambda now: False,
    "openid_people": lambda now: now.openid_people == "e-mail",
    "mail_security": lambda now: now.sends_mail and now.mail_security == "none",
    "log_level": lambda now: False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One setting: what it does, what it is, and what it is by itself."""

    name: str
    variable: str
    description: str
    now: str
    default: str
    is_default: bool
    is_looser: bool


@blueprint.get("/node/safeguards")
def show() -> ResponseReturnValue:
    """The settings, to be read here and changed at the machine."""
    the_operator()
    settings = service().settings
    found = rows(settings)
    return render_template(
        "node/safeguards.html",
        heading=_heading(found),
        rows=found,
        fixed=FIXED,
        path=str(settings.directory / "settings.toml"),
    )


def rows(settings: Settings) -> list[Row]:
    """The settings that protect the cases, in the order of the reference."""
    plain = Settings(directory=settings.directory, secret_key="")
    return [
        Row(
            name=each.name,
            variable=each.variable,
            description=each.description,
            now=_shown(settings, each.name),
            default=each.default,
            is_default=getattr(settings, each.name) == getattr(plain, each.name),
            is_looser=LOOSER[each.name](settings),
        )
        for each in describe_settings()
        if each.name in LOOSER
    ]


def _heading(found: list[Row]) -> str:
    looser = [row.name for row in found if row.is_looser]
    if looser:
        verb = "is" if len(looser) == 1 else "are"
        return f"{sentence(counted(len(looser), 'setting'))} {verb} looser than the default"
    changed = sum(not row.is_default for row in found)
    if changed:
        return f"{sentence(counted(changed, 'setting'))} changed, none looser than the default"
    return "Every setting that protects cases is at its safe default"


def _shown(settings: Settings, name: str) -> str:
    """What a setting is now, whether somebody set it or not."""
    if name == "secure_cookies":
        return str(settings.cookies_are_secure).lower()
    if name == "trusted_hosts":
        return ", ".join(settings.hosts)
    return str(getattr(settings, name))


FIXED = (
    f"A peer asks with a gene that is known here, or {number_word(FEWEST_TERMS)} terms that say "
    "something each.",
    f"It is told of at most {server.MOST_RESULTS} cases a question, in bands of a tenth.",
    f"A new peer is told of at most {DAILY_BUDGET} new cases in 24 hours; its page changes that.",
    f"Questions are nearly equal if they differ by at most {variations.FEW} statements.",
    f"It has {number_word(turns.AT_A_TIME)} questions answered at a time in each process, and of "
    f"a patient {MOST_FEATURES} features and {MOST_GENES} genes read.",
    "Level 2 of the exchange needs a consent on record; notes, labels and families never leave.",
    "What cannot be written to the audit is not told.",
    "Peers are asked only over verified TLS, without redirects, unless they are in your own "
    "network.",
)
