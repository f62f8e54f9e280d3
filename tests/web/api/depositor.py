"""A process that puts cases by the API as soon as it is told to.

Called with a data directory, a token and a number of cases; prints a line when it is ready, and
after a line on standard input the status and the version of each answer.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from matcher.calibration import default_calibration
from ontologies.library import fetch_release
from web import create_app
from web.config import load_settings

FEATURES = [{"type": {"id": term}} for term in ("HP:0001250", "HP:0000677")]


def main(directory: str, token: str, count: str) -> None:
    release = fetch_release(make_active=False).release
    app = create_app(
        load_settings({}, directory=Path(directory)),
        release=release,
        calibration=default_calibration(release),
    )
    client = app.test_client()
    print("ready", flush=True)
    sys.stdin.readline()
    answers = []
    for number in range(int(count)):
        answer = client.put(
            f"/api/v1/cases/I{number}",
            json={"id": "1", "phenotypicFeatures": FEATURES},
            headers={"Authorization": f"Bearer {token}"},
        )
        answers.append((answer.status_code, answer.headers.get("ETag")))
    print(json.dumps(answers), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
