"""What the peers of the exchange have to say about a case of ours."""
