"""Two processes that put the same cases at the same moment make each of them once."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from matcher.storage.store import CaseStore
from ontologies import Release
from web.api.tokens import Scope, Tokens
from web.config import load_settings
from web.db import open_database

DEPOSITOR = Path(__file__).parent / "depositor.py"
CASES = 25


def test_each_case_is_made_once(tmp_path: Path, release: Release) -> None:
    database = load_settings({}, directory=tmp_path).database
    with closing(open_database(database)) as db:
        token = Tokens(db).add("seqr", "North", [Scope.SUBMIT])
    started = [
        subprocess.Popen(
            [sys.executable, str(DEPOSITOR), str(tmp_path), token, str(CASES)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    answers = [json.loads(process.communicate()[0]) for process in started]

    pairs = [sorted(each) for each in zip(*answers, strict=True)]
    assert pairs == [[[200, '"1"'], [201, '"1"']]] * CASES
    with closing(CaseStore.open(database)) as store:
        assert (store.count(), store.revision()) == (CASES, CASES)
