"""Answers for hpo3, in an environment of its own: JSON lines in, JSON lines out.

The first line holds `data`, a folder with hp.obo, phenotype.hpoa and genes_to_phenotype.txt, and
`profiles`, lists of term ids. Each later line holds `method`, `combine` and `queries`, positions
in the profiles; it is answered by a list of scores for each query, in the order of the profiles.
"""

import json
import sys

# Only there is it installed.
from pyhpo import HPOSet, Ontology, helper  # type: ignore[import-not-found]


def main() -> None:
    """Answer until the input ends."""
    opening = json.loads(sys.stdin.readline())
    Ontology(opening["data"], from_obo_file=True)
    profiles = [HPOSet.from_queries(terms) for terms in opening["profiles"]]
    for line in sys.stdin:
        asked = json.loads(line)
        pairs = [
            (profiles[q], candidate) for q in asked["queries"] for candidate in profiles
        ]
        scores = helper.batch_set_similarity(
            pairs, kind="omim", method=asked["method"], combine=asked["combine"]
        )
        rows = [
            scores[i : i + len(profiles)] for i in range(0, len(scores), len(profiles))
        ]
        print(json.dumps(rows), flush=True)


if __name__ == "__main__":
    main()
