"""Which tables the web service keeps beside the cases: one module for each set of them."""

from __future__ import annotations

from matcher.storage.database import Migrations
from web.tables.accounts import account_migrations
from web.tables.api import api_migrations
from web.tables.backups import backup_migrations
from web.tables.consents import consent_migrations
from web.tables.diagnoses import diagnosis_migrations
from web.tables.conversations import conversation_migrations
from web.tables.curation import curation_migrations
from web.tables.disclosures import disclosure_migrations
from web.tables.exchange import exchange_migrations
from web.tables.forms import form_migrations
from web.tables.groups import group_migrations
from web.tables.limits import limit_migrations
from web.tables.notices import notice_migrations
from web.tables.statistics import statistics_migrations
from web.tables.unrecognised import unrecognised_migrations
from web.tables.verdicts import verdict_migrations
from web.tables.switching import switching_migrations
from web.tables.uploads import upload_migrations
from web.tables.writing import writing_migrations
from web.tables.withdrawals import withdrawal_migrations


def web_migrations() -> tuple[Migrations, ...]:
    """Every set of tables of this package, in the order in which they are made."""
    return (
        account_migrations(),
        exchange_migrations(),
        form_migrations(),
        api_migrations(),
        statistics_migrations(),
        notice_migrations(),
        disclosure_migrations(),
        consent_migrations(),
        diagnosis_migrations(),
        verdict_migrations(),
        writing_migrations(),
        switching_migrations(),
        limit_migrations(),
        withdrawal_migrations(),
        conversation_migrations(),
        upload_migrations(),
        group_migrations(),
        backup_migrations(),
        curation_migrations(),
        unrecognised_migrations(),
    )
