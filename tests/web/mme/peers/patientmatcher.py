"""A stock patientMatcher, the peer whose program can be had, as a real server on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx

from ontologies import Release

from ..mme_patients import mme_test_patients
from .environment import python_with

DATA = Path(__file__).parents[3] / "data" / "mme"
LOCKS = (DATA / "patientmatcher-build.lock", DATA / "patientmatcher.lock")
SERVER = Path(__file__).with_name("patientmatcher_server.py")
VENDOR = "application/vnd.ga4gh.matchmaker.v1.0+json"
TOKEN = "a token that patientMatcher knows us by"
# A busy machine is no failure.
PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class PatientMatcher:
    """A running one, with the fifty test patients in it."""

    address: str
    lines: IO[str]
    answers: IO[str]

    def know(self, node_id: str, match_url: str, token: str) -> None:
        """Let it ask a node under this id."""
        node = {
            "_id": node_id,
            "label": f"The node {node_id}",
            "auth_token": token,
            "matching_url": match_url,
            "accepted_content": VENDOR,
        }
        print(json.dumps(node), file=self.lines, flush=True)
        assert self._line() == "added"

    def ask(self, patient_id: str, node_id: str) -> dict[str, Any]:
        """What it says after it has asked a node about one of its patients."""
        answer = httpx.post(
            f"{self.address}/match/external/{patient_id}",
            params={"node": node_id},
            headers={"X-Auth-Token": TOKEN},
            timeout=PATIENCE_SECONDS,
        )
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def matches(self, patient_id: str) -> list[dict[str, Any]]:
        """What it has kept of its questions about one of its patients."""
        answer = httpx.get(
            f"{self.address}/matches/{patient_id}", headers={"X-Auth-Token": TOKEN}
        )
        kept: list[dict[str, Any]] = answer.json().get("matches", [])
        return kept

    def post(self, body: object, **headers: str) -> httpx.Response:
        """Its answer to a question, sent as it wants to be asked unless headers say otherwise."""
        sent = {"X-Auth-Token": TOKEN, "Content-Type": VENDOR, "Accept": VENDOR}
        return httpx.post(
            f"{self.address}/match",
            content=json.dumps(body),
            headers={**sent, **headers},
            timeout=PATIENCE_SECONDS,
        )

    def _line(self) -> str:
        return self.answers.readline().strip()

    @classmethod
    @contextmanager
    def running(cls, release: Release) -> Iterator[PatientMatcher]:
        """Start one, and end it."""
        python = python_with("patientmatcher-4.7.0", LOCKS)
        settings = {"MAX_RESULTS": "10", "SCORE_THRESHOLD": "0"}
        with (
            tempfile.TemporaryFile("w+") as said,
            subprocess.Popen(
                [python, SERVER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                env={"PATH": os.environ["PATH"], **settings},
            ) as process,
        ):
            assert process.stdin and process.stdout
            print(json.dumps(_told(release)), file=process.stdin, flush=True)
            port = next((x for x in process.stdout if x.startswith("port ")), None)
            if port is None:
                said.seek(0)
                raise AssertionError(said.read())
            address = f"http://127.0.0.1:{port.split()[1]}"
            try:
                yield cls(address, process.stdin, process.stdout)
            finally:
                process.stdin.close()
                process.wait(timeout=PATIENCE_SECONDS)


def _told(release: Release) -> dict[str, object]:
    """The token it knows us by, and what Ensembl would say of the genes of its patients."""
    patients = json.loads(mme_test_patients().read_text())
    entered = {
        feature["gene"]["id"]
        for patient in patients
        for feature in patient.get("genomicFeatures", ())
    }
    genes = {name: release.genes.resolve(name).gene for name in sorted(entered)}
    known = {n: gene for n, gene in genes.items() if gene and gene.ensembl_id}
    return {
        "token": TOKEN,
        "ensembl_ids": {name: gene.ensembl_id for name, gene in known.items()},
        "symbols": {gene.ensembl_id: gene.symbol for gene in known.values()},
    }
