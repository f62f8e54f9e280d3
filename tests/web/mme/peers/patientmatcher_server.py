"""Runs a stock patientMatcher 4.7.0 on a free loopback port; it is started by its own Python.

Two things are replaced before its application is imported: the client of MongoDB by one that
keeps everything in memory, and the requests to Ensembl by a table. Views, validation, matching
and headers are its own. It reads one JSON object from its input, prints its port, then does
what each further line says, until its input ends.
"""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

import mongomock
import pymongo
from werkzeug.serving import make_server


class Ensembl:
    """Answers what Ensembl would be asked, from a table of gene names."""

    def __init__(self, ids: dict[str, str], symbols: dict[str, str]) -> None:
        self.ids = ids
        self.symbols = symbols

    def send_request(self, url: str) -> Any:
        _, _, path = url.replace("//", "/").split("/", 2)
        asked = path.partition("?")[0].rsplit("/", 1)[-1]
        if path.startswith("xrefs/symbol/"):
            return [{"id": self.ids[asked]}] if asked in self.ids else []
        if path.startswith("lookup/id/"):
            return {"display_name": self.symbols.get(asked)}
        return {}


def main() -> None:
    told = json.loads(sys.stdin.readline())
    pymongo.MongoClient = mongomock.MongoClient
    from patientMatcher.utils.ensembl_rest_client import EnsemblRestApiClient

    ensembl = Ensembl(told["ensembl_ids"], told["symbols"])
    EnsemblRestApiClient.send_request = lambda self, url: ensembl.send_request(url)
    from patientMatcher.resources import path_to_benchmark_patients
    from patientMatcher.server.auto import app
    from patientMatcher.utils.add import add_node, load_demo_patients

    loaded = load_demo_patients(path_to_benchmark_patients, app.db, True)
    assert len(loaded) == 50, f"{len(loaded)} of 50 patients were loaded"
    add_node(app.db, {"_id": "us", "auth_token": told["token"]}, is_client=True)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("port", server.server_port, flush=True)
    for line in sys.stdin:
        add_node(app.db, json.loads(line), is_client=False)
        print("added", flush=True)
    server.shutdown()


if __name__ == "__main__":
    main()
