"""What became of a match: what a site says of a pair, and how often each band was right."""
