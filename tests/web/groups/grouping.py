"""Groups are made within the test, as the process beside the requests makes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from matcher.calibration import Calibration
from matcher.case import Case, Sharing
from matcher.storage.database import Database, write_transaction
from ontologies import Release
from web.db import open_database
from web.groups.keeping import KeptGroup, KeptGroups, Wanted
from web.groups.making import Maker

from ..conftest import Cast, case_of

JOINTS = ("HP:0000677", "HP:0006237", "HP:0001250", "HP:0000154")
EYES = ("HP:0000618", "HP:0000510", "HP:0000648", "HP:0000505")


@contextmanager
def database(cast: Cast) -> Iterator[Database]:
    with closing(open_database(cast.settings.database)) as db:
        yield db


def fill(cast: Cast) -> None:
    """Three alike cases at two sites, two others at three, and one that is like nobody."""
    cast.put(shared("NORTH-1", "North"))
    cast.put(shared("NORTH-2", "North", sharing=Sharing.SITE))
    cast.put(shared("HARBOUR-1", "Harbour"))
    cast.put(shared("HARBOUR-2", "Harbour", observed=EYES, genes=()))
    cast.put(shared("ISLAND-2", "Island", observed=EYES, genes=()))
    lonely = ("HP:0000365", "HP:0001658", "HP:0002014", "HP:0000822")
    cast.put(shared("NORTH-9", "North", observed=lonely, genes=()))


def shared(case_id: str, site: str, **more: object) -> Case:
    submitter = {"North": "alice", "Harbour": "charlie"}.get(site, "erin")
    values = {"sharing": Sharing.NETWORK, "submitter": submitter, **more}
    return case_of(case_id, site=site, **values)  # type: ignore[arg-type]


def make(cast: Cast, release: Release, calibration: Calibration) -> int:
    """Make the groups that are due; for how many sites that was."""
    with database(cast) as db:
        return Maker(
            db=db, release=release, calibration=calibration, settings=cast.settings
        ).make_due()


def make_anew(
    cast: Cast, release: Release, calibration: Calibration, site: str
) -> list[KeptGroup]:
    """What the groups of a site are when they are made again, due or not."""
    with database(cast) as db:
        with write_transaction(db):
            db.execute("DELETE FROM group_views")
        make(cast, release, calibration)
        return list(KeptGroups(db).found(site, Wanted(), limit=100))


def members(cast: Cast, site: str) -> list[list[str]]:
    """The ids of each kept group of a site, in the order of the list."""
    with database(cast) as db:
        groups = KeptGroups(db).found(site, Wanted(), limit=100)
        return [[member.case_id for member in group.members] for group in groups]
