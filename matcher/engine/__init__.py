"""All cases as packed arrays, and the exact scores of all of them for one query."""
